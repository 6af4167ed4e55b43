"""Encoding together what a search asks for one after the other: words that are new, then the question itself.

A text or two more cost next to nothing beside another one: most of the time of a short text goes into reading
the weights.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np

from kbsearch.ports import Embedder, Floats, Role


class ExpectingEmbedder:
    """An `Embedder` that may be told which question will be asked for; whoever asks for else loses nothing.

    Threads may share one: each expects for itself.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._here = _Expected()

    @property
    def model_id(self) -> str:
        """As of the embedder that it asks."""
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        """As of the embedder that it asks."""
        return self._embedder.dimension

    def expect(self, text: str) -> None:
        """Encode ``text`` along with the queries that this thread asks for next."""
        self._here.text, self._here.vector = text, None

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As `Embedder.encode`.

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """
        here = self._here
        if role != "query" or here.text is None or not texts:
            return self._embedder.encode(texts, role)
        if list(texts) == [here.text]:
            known, here.text, here.vector = here.vector, None, None
            return self._embedder.encode(texts, role) if known is None else known
        if here.vector is not None:
            return self._embedder.encode(texts, role)
        vectors = self._embedder.encode([*texts, here.text], role)
        here.vector = vectors[-1:]
        return np.asarray(vectors[:-1])


class _Expected(threading.local):
    """The question that a thread will ask for, and its vector, shape (1, dimension), once it is known."""

    def __init__(self) -> None:
        self.text: str | None = None
        self.vector: Floats | None = None

"""Encoding ahead: the next texts are encoded while the index is busy with the ones before."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property

import numpy as np

from kbsearch.ports import Embedder, Floats, Role


class AheadEmbedder:
    """An `Embedder` that may be told early what it will be asked for; whoever asks for else loses nothing.

    A vector depends on its text alone, so one that was begun early is never out of date.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._begun: Future[dict[str, Floats]] | None = None

    @property
    def model_id(self) -> str:
        """As of the embedder that it asks."""
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        """As of the embedder that it asks."""
        return self._embedder.dimension

    def begin(self, texts: Callable[[], Sequence[str]]) -> None:
        """Begin to encode the passages that ``texts`` returns; they are kept until the next are asked for."""
        self._begun = self._thread.submit(self._vectors, texts)

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As `Embedder.encode`; waits for what was begun.

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """
        known = self._taken() if role == "passage" else {}
        missing = [text for text in texts if text not in known]
        found = self._embedder.encode(missing, role)
        if not known or not texts:
            return found
        rows = iter(found)
        return np.stack([known[text] if text in known else next(rows) for text in texts])

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(1, "ahead")

    def _vectors(self, texts: Callable[[], Sequence[str]]) -> dict[str, Floats]:
        wanted = list(dict.fromkeys(texts()))
        return dict(zip(wanted, self._embedder.encode(wanted, "passage"), strict=True))

    def _taken(self) -> Mapping[str, Floats]:
        begun, self._begun = self._begun, None
        if begun is None or begun.exception() is not None:  # who asks meets the same error, and handles it
            return {}
        return begun.result()

"""The simplest keeper of vectors that keeps the contract: it remembers them while it lives."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kbsearch.ports import Embedder, Floats, Progress, silent


class RememberedVectors:
    """What ``embedder`` reads of questions."""

    def __init__(self, embedder: Embedder) -> None:
        self.model_id = embedder.model_id
        self._embedder = embedder
        self._known: dict[str, Floats] = {}

    def read(self, texts: Sequence[str], progress: Progress = silent) -> Floats:
        """The vectors of ``texts``; all that have none are read at once."""
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        if new:
            self._known |= dict(zip(new, self._embedder.encode(new, "query"), strict=True))
            progress(len(new), len(new), "Reading questions once more")
        return np.array([self._known[text] for text in texts], np.float32).reshape(
            len(texts), self._embedder.dimension
        )

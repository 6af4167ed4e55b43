"""How much a word says about a question: high for rare words, asked from the question index."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable

from kbsearch.ports import SearchBackend

FEW = 50
"""A smaller index is treated as one of so many documents: in a tiny one no word is common."""
LONG_NUMBER = 3
GROWTH = 2
"""What is remembered is forgotten when the index has grown or shrunk by this factor."""


class WordWeights:
    """Inverse document frequencies in ``index``, scaled to [0, 1].  Threads may share one."""

    def __init__(self, index: SearchBackend) -> None:
        self._index = index
        self._lock = threading.Lock()
        self._count = 0
        self._known: dict[str, float] = {}

    def of(self, stems: Iterable[str]) -> dict[str, float]:
        """The weight of each of ``stems``; of long numbers 1.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        with self._lock:
            self._forget_when_grown(self._index.count())
            wanted = set(stems)
            missing = [stem for stem in wanted if stem not in self._known and not _is_number(stem)]
            counts = self._index.documents_with(missing)
            weights = (word_weight(count, self._count) for count in counts)
            self._known.update(zip(missing, weights, strict=True))
            return {stem: self._known.get(stem, 1.0) for stem in wanted}

    def _forget_when_grown(self, count: int) -> None:
        if not self._count / GROWTH <= count <= self._count * GROWTH or not self._known:
            self._count, self._known = count, {}


def _is_number(stem: str) -> bool:
    """Whether it is a long number: nearly every one of them is rare, and there is no end of them."""
    return len(stem) >= LONG_NUMBER and stem.isdecimal()


def word_weight(documents: float, count: float) -> float:
    """The weight in [0, 1] of a word that ``documents`` of ``count`` have; 1 for one that none has."""
    count = max(count, FEW)
    return math.log1p((count - documents + 0.5) / (documents + 0.5)) / math.log1p((count + 0.5) / 0.5)

"""How much a word says about a question: high for rare words, asked from the question index."""

from __future__ import annotations

import math
import threading
from collections.abc import Iterable, Mapping

from kbsearch.matching.rarity import Rarity
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
        self._rarity = Rarity(index)
        self._lock = threading.Lock()
        self._count = 0
        self._known: dict[str, float] = {}

    def of(self, words: Mapping[str, str]) -> dict[str, float]:
        """The weight of each of ``words`` (a form of the word by its stem), by stem; of long numbers 1.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        with self._lock:
            self._forget_when_grown(self._index.count())
            missing = [stem for stem in words if stem not in self._known and not _is_number(stem)]
            shares = self._rarity.shares([words[stem] for stem in missing])
            self._known.update(zip(missing, self._weights(shares), strict=True))
            return {stem: self._known.get(stem, 1.0) for stem in words}

    def _forget_when_grown(self, count: int) -> None:
        if not self._count / GROWTH <= count <= self._count * GROWTH or not self._known:
            self._count, self._known = count, {}

    def _weights(self, shares: Iterable[float]) -> list[float]:
        return [word_weight(share * self._count, self._count) for share in shares]


def _is_number(stem: str) -> bool:
    """Whether it is a long number: nearly every one of them is rare, and there is no end of them."""
    return len(stem) >= LONG_NUMBER and stem.isdecimal()


def word_weight(documents: float, count: float) -> float:
    """The weight in [0, 1] of a word that ``documents`` of ``count`` have; 1 for one that none has."""
    count = max(count, FEW)
    return math.log1p((count - documents + 0.5) / (documents + 0.5)) / math.log1p((count + 0.5) / 0.5)

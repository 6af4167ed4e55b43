"""How rare a word is among the documents of an index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kbsearch.ports import SearchBackend
from kbsearch.text.word_rarity import word_rarity
from kbsearch.text.words import stem


@dataclass(frozen=True, slots=True)
class Weight:
    """Summed inverse document frequencies: ``total`` of all words, ``unknown`` of those no document has."""

    total: float = 0.0
    unknown: float = 0.0

    @property
    def strangeness(self) -> float:
        """How far more than half of the weight is unknown, in [0, 1]: 0 up to a half, 1 when all of it is.

        So it is with questions in another language than the documents, and with those about other things.
        """
        return max(0.0, 2 * self.unknown / self.total - 1) if self.total else 0.0


class Rarity:
    """The share of the documents of an ``index`` that hold a word.  Threads may share one."""

    def __init__(self, index: SearchBackend) -> None:
        self.index = index

    def shares(self, words: Sequence[str]) -> list[float]:
        """The share in [0, 1] of documents with each of ``words``; 0 for a word that none has.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        count = max(1, self.index.count())
        return [documents / count for documents in self.index.documents_with([stem(word) for word in words])]

    def weight(self, words: Sequence[str]) -> Weight:
        """What ``words`` weigh: ``total`` is what a text search can score at most.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        count = self.index.count()
        found = [stem(word) for word in words]
        held = self.index.documents_with(found)
        weights = [word_rarity(one, documents, count) for one, documents in zip(found, held, strict=True)]
        unknown = sum(weight for weight, documents in zip(weights, held, strict=True) if not documents)
        return Weight(sum(weights), unknown)

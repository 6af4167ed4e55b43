"""How rare a word is among the documents of an index."""

from __future__ import annotations

from collections.abc import Sequence

from kbsearch.ports import SearchBackend
from kbsearch.text.word_rarity import word_rarity
from kbsearch.text.words import stem


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

    def weight(self, words: Sequence[str]) -> float:
        """The sum of the inverse document frequencies of ``words``: what a text search can score at most.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        count = self.index.count()
        found = [stem(word) for word in words]
        held = zip(found, self.index.documents_with(found), strict=True)
        return sum(word_rarity(one, documents, count) for one, documents in held)

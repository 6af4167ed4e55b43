"""How rare a word is among the documents, asked from the search engine itself and remembered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

from kbsearch.ports import SearchBackend, TextQuery
from kbsearch.text.word_rarity import word_rarity
from kbsearch.text.words import stem

REMEMBERED = 20_000
GROWTH = 50
"""What is remembered is forgotten whenever the number of documents changed by about a fiftieth."""


class Rarity:
    """The share of the documents of an ``index`` that hold a word.  Threads may share one."""

    def __init__(self, index: SearchBackend) -> None:
        self.index = index
        self._share = lru_cache(REMEMBERED)(self._asked)

    def shares(self, words: Sequence[str]) -> list[float]:
        """The share in [0, 1] of documents with each of ``words``; 0 for a word that none has.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        size = _size_class(self.index.count())
        return [self._share(word.lower(), size) for word in words]

    def weight(self, words: Sequence[str]) -> float:
        """The sum of the inverse document frequencies of ``words``: what a text search can score at most.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        count = self.index.count()
        shares = zip(words, self.shares(words), strict=True)
        return sum(word_rarity(stem(word), count * share, count) for word, share in shares)

    def _asked(self, word: str, size: int) -> float:
        """Scores of one word are nearly alike where it occurs and 0 elsewhere.

        They are then thrown like a coin with chance p, for which mean² / (mean² + variance) = p.
        """
        hits = self.index.search_text(TextQuery(word, limit=1))
        power = hits.mean**2 + hits.std**2
        return hits.mean**2 / power if power else 0.0


def _size_class(count: int) -> int:
    """Equal for collections of about the same size; every document counts in a small one."""
    return count if count <= GROWTH else GROWTH + int(GROWTH * math.log(count / GROWTH))

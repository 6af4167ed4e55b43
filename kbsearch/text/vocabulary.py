"""Which words are known, and how common they are: to the index, to the lexicon, to both languages.

What a word may have been meant to be (a typo, the wrong keyboard layout, a transliteration) is told by
what is known and common.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from functools import cache, cached_property, lru_cache, partial
from itertools import takewhile
from typing import Any, TypeVar, cast
from weakref import proxy

from kbsearch.text.common_words import common_words
from kbsearch.text.words import stem, stems_of

OWN = 3.0
"""What a word of the index gains over one that is only common, on the scale of `Vocabulary.weight`."""
SAID = 1.5
"""What a word of the lexicon gains."""
FORMS = 40
"""How many words that begin like a stem are looked at."""
REMEMBERED = 16_384
"""Words of which an answer is kept: most words of a text were in the one before."""
_NO_SIGNS = str.maketrans("", "", "ьъ")
_Found = TypeVar("_Found")


class Vocabulary:
    """Known words.

    Args:
        own: words of the index as they are written, in lower case, with how often each occurs.
        said: words of the lexicon.
        common: words of both languages with their frequency on the Zipf scale (log10 per billion words).
    """

    def __init__(
        self,
        own: Mapping[str, int] | None = None,
        said: Iterable[str] = (),
        common: Mapping[str, float] | None = None,
    ) -> None:
        self.own = own or {}
        self.said = frozenset(said)
        self.common = common_words() if common is None else common
        self._remembering: dict[Callable[..., Any], Callable[[str], Any]] = {}

    def remembering(self, function: Callable[[str, Vocabulary], _Found]) -> Callable[[str], _Found]:
        """``function`` of a word and of this vocabulary; what it found is kept as long as the vocabulary."""
        known = self._remembering.get(function)
        if known is None:
            # Itself, it would be kept alive by what it keeps.
            found = lru_cache(maxsize=REMEMBERED)(partial(_swapped, function, proxy(self)))
            known = self._remembering.setdefault(function, found)
        return cast("Callable[[str], _Found]", known)

    def weight(self, word: str) -> float:
        """How likely ``word`` (lower case, е for ё) is meant: Zipf frequency or more, 0 when unknown."""
        common = self.common.get(word, 0.0)
        if word in self.said:
            common = max(common, OWN) + SAID
        count = self.own.get(word, 0)
        return max(common, OWN) + OWN + math.log10(count) if count else common

    def is_own(self, word: str) -> bool:
        """Whether the index has a form of ``word``, or the lexicon knows it."""
        return word in self.own or word in self.said or stem(word) in self.own_stems

    def knows(self, word: str) -> bool:
        """Whether ``word`` or another form of it is known."""
        return word in self.common or self.is_own(word) or (bool(self.common) and _has_common_form(word))

    def with_signs(self, word: str) -> str:
        """The likeliest known word that is ``word`` but for soft and hard signs; ``word`` when none is."""
        bare = word.translate(_NO_SIGNS)
        found = [self._own_signed.get(bare), self._common_signed.get(bare), word]
        return max(filter(None, found), key=lambda one: (self.weight(one), one == word))

    def among(self, words: frozenset[str]) -> set[str]:
        """Those of ``words`` that are known as they are."""
        return (self.own.keys() & words) | (self.common.keys() & words) | (self.said & words)

    def like(self, word: str) -> list[str]:
        """Words of the index with the first letter of ``word``, about its length and most of its letters."""
        letters = set(word)
        lengths = range(len(word) - 2, len(word) + 3)
        near = (one for length in lengths for one in self._by_start.get((word[:1], length), ()))
        return [one for one in near if len(letters.difference(one)) <= 2]  # noqa: PLR2004

    @cached_property
    def _by_start(self) -> dict[tuple[str, int], list[str]]:
        buckets: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for word in self.own:
            buckets[word[:1], len(word)].append(word)
        return dict(buckets)

    @cached_property
    def own_stems(self) -> frozenset[str]:
        """Stems of the words of the index and the lexicon."""
        return frozenset(stems_of([*self.own, *self.said]))

    @cached_property
    def _own_signed(self) -> dict[str, str]:
        return _signed(self.own)

    @property
    def _common_signed(self) -> dict[str, str]:
        return _common_signed() if self.common else {}


def _swapped(function: Callable[[str, Vocabulary], _Found], vocabulary: Vocabulary, word: str) -> _Found:
    return function(word, vocabulary)


@cache
def common_vocabulary() -> Vocabulary:
    """The common words of Russian and English alone."""
    return Vocabulary()


@cache
def _sorted_common() -> list[str]:
    return sorted(common_words())


@lru_cache(maxsize=20_000)
def _has_common_form(word: str) -> bool:
    """Whether a common word has the stem of ``word``; nearly all of them begin with it."""
    root, ordered = stem(word), _sorted_common()
    start = bisect_left(ordered, root)
    near = takewhile(lambda one: one.startswith(root), ordered[start : start + FORMS])
    return any(stem(one) == root for one in near)


@cache
def _common_signed() -> dict[str, str]:
    return _signed(common_words())


def _signed(words: Mapping[str, float]) -> dict[str, str]:
    """Words with signs by what is left without them, the most frequent of each."""
    signed = [word for word in words if "ь" in word or "ъ" in word]
    signed.sort(key=lambda word: words[word])
    return {word.translate(_NO_SIGNS): word for word in signed}

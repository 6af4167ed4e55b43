"""Did you mean: unknown words replaced by near words of the index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from functools import cached_property

from indexer.arrays import SegmentArrays
from kbsearch.text.layout import repair_layout
from kbsearch.text.typos import distance, edits
from kbsearch.text.vocabulary import Vocabulary
from kbsearch.text.words import Word, stem, words

SHORTEST = 4
"""Shorter words are left alone: too many others are near them."""
TWO_EDITS_FROM = 7
"""From this length on a word may be two edits away."""


class Speller:
    """Knows the words of some segments."""

    def __init__(self, segments: Iterable[SegmentArrays]) -> None:
        self._segments = tuple(segments)

    def corrected(self, text: str) -> str | None:
        """``text`` with unknown words replaced by near known ones; None when there is nothing to replace."""
        repaired = repair_layout(text, self._vocabulary)
        if repaired != text and all(self._is_known(word.stem) for word in words(repaired)):
            return repaired
        pieces, end, changed = [], 0, False
        for word in words(text):
            near = self._near(text, word) if word.start >= end else None
            if near:
                pieces += [text[end : word.start], near]
                end, changed = word.end, True
        return "".join([*pieces, text[end:]]) if changed else None

    def _near(self, text: str, word: Word) -> str | None:
        written = text[word.start : word.end].lower().replace("ё", "е")
        if len(written) < SHORTEST or not written.isalpha() or self._is_known(word.stem):
            return None
        candidates = [near for near in edits(written) if near in self.counts]
        if not candidates and len(written) >= TWO_EDITS_FROM:
            candidates = [near for near in self._like(written) if distance(written, near) <= 2]  # noqa: PLR2004
        candidates = [near for near in candidates if stem(near) != word.stem]
        return max(candidates, key=lambda near: (self.counts[near], near), default=None)

    def _is_known(self, stem: str) -> bool:
        return any(stem in segment.terms for segment in self._segments)

    @cached_property
    def _vocabulary(self) -> Vocabulary:
        return Vocabulary(self.counts)

    @cached_property
    def counts(self) -> dict[str, int]:
        """How many times each written word occurs, е for ё."""
        counts: defaultdict[str, int] = defaultdict(int)
        for segment in self._segments:
            for word, count in segment.words.items():
                counts[word.replace("ё", "е")] += count
        return dict(counts)

    @cached_property
    def _by_start(self) -> dict[tuple[str, int], list[str]]:
        buckets: defaultdict[tuple[str, int], list[str]] = defaultdict(list)
        for word in self.counts:
            buckets[word[0], len(word)].append(word)
        return dict(buckets)

    def _like(self, written: str) -> list[str]:
        """Known words of the same first letter, about the same length and mostly the same letters."""
        letters = set(written)
        lengths = range(len(written) - 2, len(written) + 3)
        like = (word for length in lengths for word in self._by_start.get((written[0], length), ()))
        return [word for word in like if len(letters.difference(word)) <= 2]  # noqa: PLR2004

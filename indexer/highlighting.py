"""Which passages of a document to show, and which of their words matched."""

from __future__ import annotations

from collections.abc import Collection

from kbsearch.ports import Highlight
from kbsearch.text.common_words import is_everywhere
from kbsearch.text.words import words

PASSAGE_CHARS = 240


def highlight(field: str, text: str, stems: Collection[str]) -> Highlight | None:
    """The passage of ``text`` with the most different ``stems`` and where they stand in it; None if none.

    Words that stand in nearly every text ("для", "the") are not told.
    """
    spans = [
        (word.start, word.end, word.stem)
        for word in words(text)
        if word.stem in stems and not is_everywhere(text[word.start : word.end])
    ]
    if not spans:
        return None
    start = _best_start(spans)
    start, end = _at_words(text, start, start + PASSAGE_CHARS)
    inside = _apart([(a - start, b - start) for a, b, _ in spans if start <= a and b <= end])
    return Highlight(field, text[start:end], tuple(inside))


def _best_start(spans: list[tuple[int, int, str]]) -> int:
    """Where the passage begins: at the earliest match from which most different stems follow."""
    best, most = 0, 0
    for start, _, _ in spans:
        different = len({stem for a, b, stem in spans if start <= a and b <= start + PASSAGE_CHARS})
        if different > most:
            best, most = start, different
    last = max(b for a, b, _ in spans if (best <= a and b <= best + PASSAGE_CHARS) or a == best)
    return 0 if last <= PASSAGE_CHARS else max(0, best - 40)


def _at_words(text: str, start: int, end: int) -> tuple[int, int]:
    if start > 0:
        start = text.find(" ", start, start + 40) + 1 or start
    if end < len(text):
        cut = text.rfind(" ", max(start, end - 40), end)
        end = cut if cut > 0 else end
    return start, min(end, len(text))


def _apart(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """``spans`` in order without those that lie within the one before: parts of a joined word."""
    kept: list[tuple[int, int]] = []
    for span in sorted(spans, key=lambda span: (span[0], -span[1])):
        if not kept or span[0] >= kept[-1][1]:
            kept.append(span)
    return kept

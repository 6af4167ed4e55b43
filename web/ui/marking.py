"""Which words of a text are marked because they have a stem in common with others."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup

from kbsearch.ports import Highlight
from kbsearch.text.common_words import is_everywhere
from kbsearch.text.words import stems
from kbsearch.text.words import words as words_in
from web.ui import words


def highlight(text: str, terms: str | Iterable[str]) -> Highlight:
    """``text`` with the telling words that have a stem in common with ``terms``."""
    wanted = set(stems(terms if isinstance(terms, str) else " ".join(terms)))
    spans: list[tuple[int, int]] = []
    for word in words_in(text) if wanted else ():
        if word.stem not in wanted or is_everywhere(text[word.start : word.end]):
            continue
        if not spans or word.start >= spans[-1][1]:
            spans.append((word.start, word.end))
    return Highlight("", text, tuple(spans))


def mark_words(text: str, terms: str | Iterable[str]) -> Markup:
    """``text`` as HTML with the words of `highlight` marked."""
    return words.marked(highlight(text, terms))

"""Words of a text that are marked: which have a stem in common with others, and how they look as HTML."""

from __future__ import annotations

import re
from collections.abc import Iterable

from markupsafe import Markup, escape

from kbsearch.ports import Highlight
from kbsearch.text.common_words import is_everywhere
from kbsearch.text.words import stems, words

Pieces = list[tuple[str, bool]]

_MARKUP = re.compile(r"```\w*|[`*]+|^#+ ", re.MULTILINE)
"""Marks of Markdown that mean nothing in a line of plain text."""


def highlight(text: str, terms: str | Iterable[str]) -> Highlight:
    """``text`` with the telling words that have a stem in common with ``terms``."""
    wanted = set(stems(terms if isinstance(terms, str) else " ".join(terms)))
    spans: list[tuple[int, int]] = []
    for word in words(text) if wanted else ():
        if word.stem not in wanted or is_everywhere(text[word.start : word.end]):
            continue
        if not spans or word.start >= spans[-1][1]:
            spans.append((word.start, word.end))
    return Highlight("", text, tuple(spans))


def mark_words(text: str, terms: str | Iterable[str]) -> Markup:
    """``text`` as HTML with the words of `highlight` marked."""
    return marked(highlight(text, terms))


def pieces(highlight: Highlight) -> Pieces:
    """The text of a highlight, cut into pieces that matched and pieces that did not."""
    cut: Pieces = []
    done = 0
    for start, end in highlight.spans:
        cut += [(highlight.text[done:start], False), (highlight.text[start:end], True)]
        done = end
    return [(text, hit) for text, hit in [*cut, (highlight.text[done:], False)] if text]


def marked(highlight: Highlight) -> Markup:
    """A highlight as HTML, character by character as it was written."""
    return _with_marks(pieces(highlight))


def excerpt(highlight: Highlight) -> Markup:
    """A highlight of an answer in Markdown as HTML, without the signs that mean nothing in a line."""
    return _with_marks([(_MARKUP.sub("", text), hit) for text, hit in pieces(highlight)])


def _with_marks(cut: Pieces) -> Markup:
    shown = (f"<mark>{escape(text)}</mark>" if hit else str(escape(text)) for text, hit in cut)
    return Markup("".join(shown))  # noqa: S704  # every piece has been escaped

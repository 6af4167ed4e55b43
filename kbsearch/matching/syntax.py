"""Telling a query of the search language (quotes, minus, field names) from plain text."""

from __future__ import annotations

import re
from typing import Literal

Syntax = Literal["plain", "advanced"]

FIELDS = ("title", "answer", "tag", "course", "заголовок", "ответ", "тег", "курс")
"""Field names that people may put before a colon; those of the engine's query language."""

_FIELD = re.compile(rf"(?<![\w:/])(?:{'|'.join(FIELDS)}):(?=\S)", re.IGNORECASE)
_MINUS = re.compile(r"(?:^|\s)-(?=[^\W\d_]{2})")
_QUOTED = re.compile(r'(?:^|[\s:-])"[^"\n]+"(?=$|[\s,.!?])')
_LEFT_OUT = re.compile(r'(?:^|\s)-(?:"[^"]*"|[^\W\d_]\S*)')
_COURSE = re.compile(r"(?<!\w)(?:course|курс):\S+", re.IGNORECASE)
MAX_ADVANCED = 300
"""Longer texts are pasted questions and code, whose quotes and dashes are no operators."""


def detect_syntax(text: str) -> Syntax:
    """Advanced when ``text`` is one short line with a quoted phrase, a leading minus or a field name."""
    if len(text) > MAX_ADVANCED or "\n" in text.strip():
        return "plain"
    operators = (_FIELD, _MINUS, _QUOTED)
    return "advanced" if any(pattern.search(text) for pattern in operators) else "plain"


def plain_words(text: str) -> str:
    """The words that an advanced query wants: without what it leaves out, field names and quotes."""
    wanted = _COURSE.sub(" ", _LEFT_OUT.sub(" ", text))
    return " ".join(_FIELD.sub(" ", wanted).replace('"', " ").split())

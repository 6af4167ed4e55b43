"""What changed between two versions of a case, word by word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

FIELDS = ("state", "title", "answer", "variants", "course", "lessons", "tags", "language")
MAX_WORDS = 4_000
"""Longer texts are compared line by line: comparing words takes their number squared."""

_WORDS = re.compile(r"\s+|[^\s]+")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """A field and its pieces: ("=", text) stayed, ("-", text) went, ("+", text) came."""

    field: str
    pieces: list[tuple[str, str]]


def compare(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[FieldDiff]:
    """The fields of two snapshots that differ; an empty ``before`` is a case that did not exist."""
    pairs = ((field, flat(before.get(field, "")), flat(after.get(field, ""))) for field in FIELDS)
    return [FieldDiff(field, pieces(old, new)) for field, old, new in pairs if old != new]


def flat(value: object) -> str:
    """A field of a snapshot as one text, lists with one entry a line."""
    return "\n".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value or "")


def pieces(old: str, new: str) -> list[tuple[str, str]]:
    """The way from ``old`` to ``new``."""
    olds, news = _WORDS.findall(old), _WORDS.findall(new)
    if max(len(olds), len(news)) > MAX_WORDS:
        olds, news = _LINES.findall(old), _LINES.findall(new)
    steps: list[tuple[str, str]] = []
    for kind, a, b, c, d in SequenceMatcher(None, olds, news, autojunk=False).get_opcodes():
        if kind == "equal":
            steps.append(("=", "".join(olds[a:b])))
            continue
        steps += [
            (sign, text) for sign, text in (("-", "".join(olds[a:b])), ("+", "".join(news[c:d]))) if text
        ]
    return steps

"""The questions of a long message, without the story around them, where they tell what they ask about."""

from __future__ import annotations

import re

from kbsearch.text.asking import LONG, MOST, sentences
from kbsearch.text.pointing import points, telling

TOLD = 3.0
"""What the words of each question must tell together, as `telling` counts: less leaves open what is asked."""
_ASKED = re.compile(r"\?[?!.)\"»”\s]*$")
_REFERS = re.compile(
    r"\b(?:он|она|оно|они|его|её|ее|их|ему|ей|им|ним|ними|них|нём|нем|ней|неё|нее|там|туда|оттуда)\b"
    r"|\bтогда\b|\b(?:it|its|they|them|there|that|those|these)\b",
    re.IGNORECASE,
)
_LEAVES_OPEN = re.compile(r"\b(?:кажд\w+|остальн\w+|each|others)\W*$", re.IGNORECASE)
"""«Что вписывать в каждое?»: each of what, the story says."""
_OF_PROGRAMS = re.compile(
    r"\w(?:Error|Exception|Warning)\b|^[^\w\n]*(?:error|fatal)\s*:|```|^[^\S\n]*(?:\$\s|>>>|File \")|[{}]"
    r"|\w\(\w*\)|;\s*$|^[^А-Яа-яЁё\n]*[=<>|][^А-Яа-яЁё\n]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""Code, logs and errors: they tell more of what is asked than the question does."""


def question_part(text: str) -> str:
    """The questions of a message longer than `LONG`, each with the sentence before it where it refers to one.

    The whole of ``text`` when it is short, has code or errors in it, asks without a question mark, or asks
    anything that does not tell what it is about («что делать?»).
    """
    if len(text) <= LONG or _OF_PROGRAMS.search(text):
        return text
    said = sentences(text)
    asked = [place for place, sentence in enumerate(said) if _ASKED.search(sentence)]
    if not asked or not all(_tells_what(said[place]) for place in asked):
        return text
    before = [place - 1 for place in asked if place and _REFERS.search(said[place])]
    part = " ".join(said[place] for place in sorted({*asked, *before}))
    return part if len(part) <= MOST else text


def _tells_what(question: str) -> bool:
    return telling(question) >= TOLD and not points(question) and not _LEAVES_OPEN.search(question)

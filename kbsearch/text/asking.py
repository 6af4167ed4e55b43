"""The sentences of a long message that ask, without the story around them."""

from __future__ import annotations

import re

LONG = 250
"""Shorter messages are taken whole."""
MOST = 400
"""Characters of the asking part at most; more of them ask nothing in particular."""

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?]+(?=\s|$)|\n|$)|[^\n]+?(?:[.!?]+(?=\s|$)|\n|$)")
_ASKS = re.compile(
    r"\?|(?<!\w)(?:как|где|когда|куда|откуда|почему|зачем|отчего|сколько|можно\s+ли|нужно\s+ли|надо\s+ли"
    r"|что\s+делать|в\s+ч[её]м|не\s+могу|не\s+получается|не\s+понимаю|не\s+работает|не\s+вид\w+|не\s+запуска\w+"
    r"|не\s+откры\w+|не\s+приход\w+|ошибк\w+|выда[её]т|how|why|where|when|what|which|can\s+i|should\s+i|is\s+it"
    r"|cannot|can't|doesn't|does\s+not|error|fails?)(?!\w)|\w(?:Error|Exception)\b",
    re.IGNORECASE,
)


def asking_part(text: str) -> str:
    """The asking sentences of a message longer than `LONG`; the whole text when it is short or none asks."""
    if len(text) <= LONG:
        return text
    asking = asking_sentences(text)
    part = " ".join(asking)
    return part if asking and len(part) <= MOST else text


def asking_sentences(text: str) -> list[str]:
    """The sentences and lines of ``text`` that ask or say what fails, in order."""
    return [sentence for sentence in sentences(text) if _ASKS.search(sentence)]


def sentences(text: str) -> list[str]:
    """The sentences and lines of ``text`` in order, without the space around them."""
    return [said for found in _SENTENCE.finditer(text) if (said := found.group().strip())]

"""Whole messages of others in a message: copied from a chat, forwarded, or the original below a reply.

Lines are told by their places; nothing is found in lines that are blank.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_DATE = r"\d{1,2}[./]\d{1,2}[./]\d{2,4}"
_TIME = r"\d{1,2}:\d{2}(?::\d{2})?(?:\s?[AP]M)?"
_WROTE = re.compile(
    rf"\s*(?:on\b.{{4,160}}\bwrote|.{{2,160}}\b(?:написал|писал|пишет)(?:[аи]|\(а\))?"
    rf"|.{{0,80}}(?:\d{{4}}|{_DATE}).{{0,20}}{_TIME}.{{0,120}}):\s*",
    re.IGNORECASE,
)
_COPIED = re.compile(
    rf".{{1,60}}?,? \[{_DATE},? {_TIME}\]:?\s*"
    rf"|.{{1,40}}\s[—–-]\s(?:сегодня|вчера|today|yesterday|{_DATE}),?\s?(?:в|at)?\s?{_TIME}\s*",
    re.IGNORECASE,
)
_LINE_COPIED = re.compile(
    rf"(?:\[{_DATE},? {_TIME}\]|{_DATE}, {_TIME} -)\s+(?!ERROR|WARN|INFO|DEBUG|FATAL|TRACE)"
    r"[^:\n]{1,40}:\s\S.*"
)
_FORWARDED = re.compile(
    r"\W*(?:переслано|пересланное\s+сообщение|пересылаемое\s+сообщение|исходное\s+сообщение"
    r"|forwarded\s+(?:from|message)|begin\s+forwarded\s+message|original\s+message)(?!\w)[^.?!\n]{0,80}",
    re.IGNORECASE,
)
_OF_MAIL = re.compile(r"\s*-{2,}|\s*begin\s", re.IGNORECASE)
_HEADER = re.compile(
    r"\W{0,2}(?:from|sent|to|cc|date|subject|reply-to|от|от\s+кого|кому|дата|отправлено|тема|копия|автор)\W{0,2}:.*",
    re.IGNORECASE,
)
_SENDER = re.compile(r"\W{0,2}(?:from|от|от\s+кого)\W{0,2}:", re.IGNORECASE)
FEWEST_HEADERS = 2


def author_lines(lines: Sequence[str], start: int) -> list[int]:
    """The places of the one or two lines before ``start`` that say who wrote what follows; may be none."""
    before = start - 1
    while before >= 0 and not lines[before].strip():
        before -= 1
    if before < 0:
        return []
    if _WROTE.fullmatch(lines[before]) or _COPIED.fullmatch(lines[before]):
        broken = before > 0 and lines[before].lstrip().startswith("<")
        return [before - 1, before] if broken else [before]
    joined = " ".join(lines[max(0, before - 1) : before + 1])
    return [before - 1, before] if before > 0 and "<" in joined and _WROTE.fullmatch(joined) else []


def mailed_lines(lines: Sequence[str]) -> set[int]:
    """Places of forwarded messages and of the original below a reply, with their headers.

    What follows a reply's own words is the original to its end; otherwise a forwarded message is taken to
    have one paragraph.
    """
    found: set[int] = set()
    place = 0
    while place < len(lines):
        marked = _FORWARDED.fullmatch(lines[place]) is not None
        body = _after_headers(lines, place + marked)
        has_sender = any(map(_SENDER.match, lines[place:body]))
        headed = has_sender and body - place - marked >= FEWEST_HEADERS
        if not marked and not headed:
            place += 1
            continue
        of_mail = headed or _OF_MAIL.match(lines[place]) is not None
        if of_mail and any(line.strip() for at, line in enumerate(lines[:place]) if at not in found):
            return found | set(range(place, len(lines)))
        end = _paragraph_end(lines, body) if marked else body
        found |= set(range(place, end))
        place = end
    return found


def copied_lines(lines: Sequence[str]) -> set[int]:
    """Places of messages copied from a chat, each under the name of its author and its time."""
    found: set[int] = set()
    for place, line in enumerate(lines):
        if _COPIED.fullmatch(line):
            found |= set(range(place, _paragraph_end(lines, place + 1)))
        elif _LINE_COPIED.fullmatch(line):
            found.add(place)
    return found


def _after_headers(lines: Sequence[str], start: int) -> int:
    """The first place from ``start`` on that is no header, as `From:`; a blank line may stand before."""
    first = start + (start < len(lines) and not lines[start].strip())
    place = first
    while place < len(lines) and _HEADER.fullmatch(lines[place]):
        place += 1
    return place if place > first else start


def _paragraph_end(lines: Sequence[str], start: int) -> int:
    """The place behind the paragraph that begins at ``start`` or after blank lines."""
    while start < len(lines) and not lines[start].strip():
        start += 1
    while start < len(lines) and lines[start].strip():
        start += 1
    return start

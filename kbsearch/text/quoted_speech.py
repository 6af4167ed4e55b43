"""What a sentence says that somebody else said: «не приходит письмо» — писала Аня; in reply to «…»:."""

from __future__ import annotations

import re

from kbsearch.text.morphology import known_readings

_QUOTED = r"(?:«[^»\n]{8,300}»|\"[^\"\n]{8,300}\"|“[^”\n]{8,300}”)"
_NAME = r"(?<![\w@])[@\w\[\]]{1,40}"
_ASKED = r"(?:на)?писал[аи]?|спрашивал[аи]?|спросил[аи]?|сказал[аи]?|said|asked|wrote"
_TOLD = re.compile(
    rf"{_QUOTED}\s*[—–-]\s*(?:(?P<first>{_NAME})\s+(?:{_ASKED})|(?:{_ASKED})\s+(?P<second>{_NAME}))"
    rf"(?!\w)[^.!?:\n]*[.!?:]*\s*"
    rf"|(?P<third>{_NAME})\s+(?:{_ASKED})(?P<chat>\s+в\s+чат\w*|\s+in\s+(?:the\s+)?chat)?[^«\"“.!?\n]{{0,30}}"
    rf"{_QUOTED}[^.!?\n]*[.!?]*\s*",
    re.IGNORECASE,
)
_REPLY = re.compile(
    rf"\[?(?:в\s+ответ\s+на|in\s+reply\s+to|replying\s+to)\b[^«\"“\n:?!]{{0,60}}:?\s*\(?{_QUOTED}\)?\]?\s*:\s*"
    rf"|(?:ответ\s+на|reply\s+to|цитата|quote|@\w+):\s*{_QUOTED}\s*|автор:\s*\S+\s*$",
    re.IGNORECASE,
)
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_SPEAK_TOO = """
bank bot browser checker chrome console curator docker excel git he i it kubectl linux mentor moderator
npm pip postgres pycharm python reviewer she support system teacher terminal terraform they ubuntu we
windows you
"""
_NO_NAMES = frozenset(_SPEAK_TOO.split())
"""What speaks to a student as well: what it says is what the student asks about."""
_KINDS = ("Name", "Surn", "Patr")


def without_speech(line: str) -> str:
    """``line`` without what it says that a person said, wrote or asked."""
    return _TOLD.sub(_unless_a_person, _REPLY.sub("", line))


def _unless_a_person(found: re.Match[str]) -> str:
    name = found["first"] or found["second"] or found["third"]
    return "" if found["chat"] or is_person(name) else found.group()


def is_person(name: str) -> bool:
    """Whether ``name`` is that of a person, an account (``@olga``) or a masked one (``[name]``)."""
    if name.startswith(("@", "[")):
        return True
    if not name[:1].isupper() or name.lower() in _NO_NAMES:
        return False
    if not _CYRILLIC.match(name):
        return True
    return any(kind in one.tag for one in known_readings(name.lower()) for kind in _KINDS)

"""Rows of a table (CSV, XLSX, JSON) as questions, cases or enrolments."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from kbsearch.errors import InvalidInput
from kbsearch.importers.comments import COLUMN, are_comments, as_replies, person
from kbsearch.importers.dates import read_date, read_week
from kbsearch.importers.headed import headed
from kbsearch.importers.options import ImportOptions, Kind
from kbsearch.importers.records import (
    IncomingCase,
    IncomingEnrolment,
    IncomingQuestion,
    IncomingReply,
    Record,
    Skipped,
)

_STATES = {"": "published", "опубликован": "published", "черновик": "draft", "архив": "archived"}
_YES = {"1", "true", "yes", "да", "y", "+"}
_NOBODY = {"anonymous", "аноним", "анонимно", "анонимный пользователь", "анонимный"}
_STRICT = {"id", "slug", "text", "title", "answer"}
"""Fields whose value must be a text or a number: anything else is a fault of the row, not an empty field."""

MOST_STUDENTS = 10_000_000
"""More students than this are a slip of the pen."""

_ENTRIES = re.compile(r"\s*[,;|]\s*")


@dataclass(frozen=True, slots=True)
class RowReader:
    """Turns rows (column → value) into records by ``mapping`` (field → column).

    ``month_first``: how dates like 11/3/2026 are meant.
    """

    mapping: Mapping[str, str]
    kind: Kind
    source: str
    options: ImportOptions
    month_first: bool = False

    def read(self, row: Mapping[str, Any], place: str) -> Record:
        """The record of one row, or why it is skipped."""
        try:
            if all(map(_is_blank, row.values())):
                return Skipped(place, "the row is blank", harmless=True)
            readers = {"cases": self._case, "enrolments": self._enrolment}
            return readers.get(self.kind, self._question)(row, place)
        except InvalidInput as error:
            return Skipped.because(place, error)

    def _question(self, row: Mapping[str, Any], place: str) -> Record:
        body, subject = self._get(row, "text"), _text(self._raw(row, "title"))
        text = headed(subject, body)
        if not text:
            return Skipped(place, "there is no text")
        return IncomingQuestion(
            text=text,
            body=body if subject else "",
            source=self.source,
            external_id=self._get(row, "id"),
            author=_somebody(_text(person(self._raw(row, "author")))),
            course=self._get(row, "course") or self.options.course,
            lesson=self._get(row, "lesson"),
            language=self._get(row, "language"),
            asked_at=read_date(self._raw(row, "asked_at"), month_first=self.month_first),
            replies=self._replies(row),
            place=place,
        )

    def _case(self, row: Mapping[str, Any], place: str) -> Record:
        title = self._get(row, "title") or self._get(row, "text")
        if not title:
            return Skipped(place, "there is no title")
        state = self._get(row, "state").lower()
        lessons = _entries(self._raw(row, "lessons")) + _entries(self._raw(row, "lesson"))
        return IncomingCase(
            title=title,
            answer=self._get(row, "answer"),
            slug=self._get(row, "slug") or self._get(row, "id"),
            variants=_phrasings(self._raw(row, "variants")),
            course=self._get(row, "course") or self.options.course,
            lessons=lessons,
            tags=_entries(self._raw(row, "tags")),
            language=self._get(row, "language"),
            state=_STATES.get(state, state),
            place=place,
        )

    def _enrolment(self, row: Mapping[str, Any], place: str) -> Record:
        told = self._raw(row, "week") or self._raw(row, "asked_at")
        day = read_week(told, month_first=self.month_first)
        if day is None:
            return Skipped(place, "there is no week")
        course = self._get(row, "course") or self.options.course
        if not course:
            return Skipped(place, "there is no course")
        students = _whole(self._get(row, "students"))
        if not students.isdecimal() or int(students) > MOST_STUDENTS:
            counted = {"value": students[:50], "most": MOST_STUDENTS}
            return Skipped(place, "the number of students '{value}' is no whole number up to {most}", counted)
        return IncomingEnrolment(course, day, int(students), place)

    def _replies(self, row: Mapping[str, Any]) -> tuple[IncomingReply, ...]:
        told = self._raw(row, "replies")
        if self.mapping.get("replies") == COLUMN and are_comments(told):
            told = as_replies(told, row, self._get(row, "text"), self.options.mentors)
        replies = tuple(reply for entry in _listed(told) if (reply := read_reply(entry)))
        answer = self._get(row, "answer")
        if answer:
            author = self._get(row, "answer_author")
            replies += (IncomingReply(answer, author=author, by_mentor=True),)
        return replies

    def _raw(self, row: Mapping[str, Any], field: str) -> Any:
        column = self.mapping.get(field)
        return None if column is None else row.get(column)

    def _get(self, row: Mapping[str, Any], field: str) -> str:
        value = self._raw(row, field)
        if field in _STRICT and not _is_blank(value) and not _text(value):
            raise InvalidInput("the {field} is neither a text nor a number", field=field)
        return _text(value)


def read_reply(entry: Any) -> IncomingReply | None:
    """A reply given as its text or as an object; None when it has no text.

    Raises:
        InvalidInput: its text is neither a text nor a number, or its date is not understood.
    """
    told = entry if isinstance(entry, Mapping) else {"text": entry}
    if _is_blank(told.get("text")):
        return None
    text = _text(told["text"])
    if not text:
        raise InvalidInput("the text of a reply is neither a text nor a number")
    return _reply(text, told)


def _reply(text: str, entry: Mapping[str, Any]) -> IncomingReply:
    return IncomingReply(
        text=text,
        author=_text(entry.get("author")),
        by_mentor=_is_yes(entry.get("by_mentor", True)),
        accepted=_is_yes(entry.get("accepted")),
        replied_at=read_date(entry.get("replied_at")),
    )


def _somebody(author: str) -> str:
    """``author``, if it is one: all who answer a form without their names would be one person."""
    return "" if author.casefold() in _NOBODY else author


def _is_yes(value: Any) -> bool:
    return value is True or _text(value).lower() in _YES


def _is_blank(value: Any) -> bool:
    return value is None or value in ([], {}) or (isinstance(value, str) and not value.strip())


def _text(value: Any) -> str:
    """A cell as text: whole numbers without their point; truth values, lists and objects not at all."""
    if value is None or isinstance(value, (bool, list, dict)):
        return ""
    if isinstance(value, float) and not math.isfinite(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value).strip()


def _whole(number: str) -> str:
    """A number without spaces between its thousands and without zeros after its point."""
    return re.sub(r"[.,]0+$", "", re.sub(r"(?<=\d)\s(?=\d{3}(?!\d))", "", number))


def _listed(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if _is_blank(value) else [value]


def _entries(value: Any) -> tuple[str, ...]:
    """Entries of a list, or of a cell with commas, semicolons or bars between them."""
    if isinstance(value, list):
        return tuple(text for entry in value if (text := _text(entry)))
    return tuple(entry for entry in _ENTRIES.split(_text(value)) if entry)


def _phrasings(value: Any) -> tuple[str, ...]:
    """Phrasings in a list, or in a cell one a line (or with bars between)."""
    if isinstance(value, list):
        return _entries(value)
    pieces = (piece.strip() for piece in re.split(r"[\n|]", _text(value)))
    return tuple(piece for piece in pieces if piece)

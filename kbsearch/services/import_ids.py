"""Questions of a file whose id is known: the same question, another file's, or a row that shares an id.

Rows of one file that share an id and say different things cannot be one question: the first is taken, and the
others are told, for the column is hardly one of ids.  Their replies would answer what they do not belong to.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.importers.records import Skipped
from kbsearch.models import Question
from kbsearch.services.intake import PreparedQuestion
from kbsearch.services.row_chunks import chunks

Name = tuple[str, str]
"""Source and id of a question."""


@dataclass(frozen=True, slots=True)
class Known:
    """A question that is stored, or comes first in a batch (id 0).  ``import_id``: what brought it."""

    id: int
    text_key: str
    course: str
    lesson: str
    import_id: int | None

    def keeps_place(self, other: PreparedQuestion) -> bool:
        """Whether ``other`` tells a course or a lesson that this one does not take over."""
        return other.course not in {"", self.course} or other.lesson not in {"", self.lesson}

    def says(self, other: PreparedQuestion) -> bool:
        """Whether it is the same text as that of ``other``, or that without its subject."""
        return self.text_key in {other.text_key, other.former_key}


def name_of(question: PreparedQuestion) -> Name:
    """By what the question is known."""
    return question.source, question.external_id


def known_questions(session: Session, questions: Sequence[PreparedQuestion]) -> dict[Name, Known]:
    """Those of ``questions`` that are stored, by their names."""
    ids: dict[str, list[str]] = {}
    for question in questions:
        ids.setdefault(question.source, []).append(question.external_id)
    kept = (Question.id, Question.text_key, Question.course_code, Question.lesson_code, Question.import_id)
    found: dict[Name, Known] = {}
    for source, names in ids.items():
        for some in chunks(names):
            asked = select(Question.external_id, *kept).where(
                Question.source == source, Question.external_id.in_(some)
            )
            found |= {(source, row[0]): Known(*row[1:]) for row in session.execute(asked)}
    return found


def as_known(session: Session, questions: Sequence[PreparedQuestion]) -> list[PreparedQuestion]:
    """``questions``; those that were taken without their subjects have the ids that they got then."""
    former = [replace(one, external_id=one.former_id) for one in questions if one.former_id]
    known = known_questions(session, former)
    return [
        replace(one, external_id=one.former_id)
        if (found := known.get((one.source, one.former_id))) and found.text_key == one.former_key
        else one
        for one in questions
    ]


class SharedIds:
    """Finds the rows of one import that have the id of an earlier one and another text."""

    def __init__(self, import_id: int) -> None:
        self._import_id = import_id
        self._told: set[int] = set()

    def is_one(self, question: PreparedQuestion, known: dict[Name, Known]) -> bool:
        """Whether ``question`` is such a row; one that is new is added to ``known``."""
        first = known.setdefault(name_of(question), self._new(question))
        if not first.says(question):
            return first.import_id == self._import_id or first.id in self._told
        if first.import_id != self._import_id:
            self._told.add(first.id)
        return False

    def _new(self, question: PreparedQuestion) -> Known:
        return Known(0, question.text_key, question.course, question.lesson, self._import_id)


def shared(place: str) -> Skipped:
    """The row at ``place``, skipped because it is such a row."""
    return Skipped(place, "its id is that of an earlier row with another text")

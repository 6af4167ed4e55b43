"""Questions that say word for word what another one said before."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.models import LinkKind, Question, QuestionState
from kbsearch.services.link_rows import Found, store_found
from kbsearch.services.row_chunks import chunks
from kbsearch.text.chatter import is_small_talk, strip_chatter
from kbsearch.text.words import stems

TELLING_WORDS = 3
"""Fewer different words ("it fails") are the same question only in the same course and lesson."""
ASKED = (QuestionState.OPEN, QuestionState.ANSWERED)
"""Dismissed ones are no questions."""

Name = tuple[str, ...]
"""What is equal for questions that are the same by their words."""


@dataclass(frozen=True, slots=True)
class Said:
    """A text, its key (see `Question.text_key`) and where it was asked; ``id`` 0: it is not stored."""

    text: str
    text_key: str
    course: str
    lesson: str
    id: int = 0

    @property
    def name(self) -> Name:
        """Equal for questions that are the same by their words; empty for what asks nothing."""
        different = set(stems(strip_chatter(self.text)))
        if not different or is_small_talk(self.text):
            return ()
        if len(different) >= TELLING_WORDS:
            return (self.text_key,)
        return self.text_key, self.course, self.lesson


def link_same_words(session: Session, ids: Collection[int]) -> int:
    """Link those of ``ids`` that repeat an earlier question word for word; returns how many did.

    Runs in the transaction that stores them, so that a repeat is known as soon as it is there.
    """
    names = {one.id: one.name for one in said_by(session, ids)}
    first = first_with(session, names.values())
    found = [
        Found(one, first[name], LinkKind.EXACT)
        for one, name in names.items()
        if name and first.get(name, one) < one
    ]
    return store_found(session, found) if found else 0


def said_by(session: Session, ids: Collection[int]) -> list[Said]:
    """What the questions ``ids`` say; dismissed ones are left out."""
    columns = (Question.text, Question.text_key, Question.course_code, Question.lesson_code, Question.id)
    return [
        Said(*row)
        for some in chunks(sorted(ids))
        for row in session.execute(
            select(*columns).where(Question.id.in_(some), Question.state.in_(ASKED)).order_by(Question.id)
        )
    ]


def first_with(session: Session, names: Iterable[Name]) -> dict[Name, int]:
    """The lowest id of a question with each of ``names``, as `Said.name` makes them."""
    first: dict[Name, int] = {}
    wanted = {name for name in names if name}
    long = {name[0] for name in wanted if len(name) == 1}
    short = {name[0] for name in wanted if len(name) > 1}
    for keys, columns in ((long, _KEY), (short, _KEY_AND_PLACE)):
        for some in chunks(sorted(keys)):
            query = select(*columns, func.min(Question.id))
            query = query.where(Question.text_key.in_(some), Question.state.in_(ASKED)).group_by(*columns)
            first.update({tuple(row[:-1]): row[-1] for row in session.execute(query)})
    return first


_KEY = (Question.text_key,)
_KEY_AND_PLACE = (Question.text_key, Question.course_code, Question.lesson_code)

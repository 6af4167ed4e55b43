"""Questions with what covers them: the conditions that figures, and the rows behind them, are counted by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select

from kbsearch.models import (
    Aside,
    Case,
    Colour,
    Coverage,
    InferredLesson,
    Lesson,
    Membership,
    Question,
    QuestionState,
)
from kbsearch.services.weeks import Period


class Cover(StrEnum):
    """What covers a question.

    *covered*: a case answered it, or its cluster is green.  *outside*: no lesson teaches what its cluster
    asks.  *open*: the rest.
    """

    COVERED = "covered"
    OPEN = "open"
    OUTSIDE = "outside"


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """Which questions; every field that is not empty narrows.

    ``lesson``: told or inferred.  ``course``: told, or that of an inferred lesson.  ``owner_id``: whose case
    answered it.  ``waiting``: open, and no mentor has replied.  ``loose``: in no cluster.  ``start`` is
    included, ``end`` is not.
    """

    course: str = ""
    lesson: str = ""
    author: str = ""
    cover: Cover | None = None
    colour: Colour | None = None
    cluster_id: int | None = None
    case_id: int | None = None
    owner_id: int | None = None
    waiting: bool = False
    loose: bool = False
    state: QuestionState | None = None
    start: datetime | None = None
    end: datetime | None = None


LESSON = func.coalesce(func.nullif(Question.lesson_code, ""), InferredLesson.lesson_code)
"""The lesson that a question tells, else the inferred one, else NULL."""

COVER = case(
    (or_(Question.case_id.is_not(None), Coverage.colour == Colour.GREEN), str(Cover.COVERED)),
    (Coverage.in_programme.is_(False), str(Cover.OUTSIDE)),
    else_=str(Cover.OPEN),
)


def told(query: Any) -> Any:
    """``query`` over questions, joined with inferred lessons: enough where cover is not asked for."""
    return (
        query.select_from(Question)
        .outerjoin(InferredLesson, InferredLesson.question_id == Question.id)
        .where(asks())
    )


def joined(query: Any, run_id: int | None) -> Any:
    """`told`, joined with the run's memberships and coverage too."""
    mine = and_(Membership.question_id == Question.id, Membership.run_id == (run_id or 0))
    return (
        told(query)
        .outerjoin(Membership, mine)
        .outerjoin(Coverage, Coverage.cluster_id == Membership.cluster_id)
    )


def narrowed(query: Any, wanted: QuestionFilter) -> Any:
    """A `told` or `joined` query with only the questions that are ``wanted``."""
    conditions: list[Any] = []
    plain = {
        Question.author_key: wanted.author,
        Question.case_id: wanted.case_id,
        Question.state: wanted.state,
        Membership.cluster_id: wanted.cluster_id,
        Coverage.colour: wanted.colour,
    }
    conditions += [column == value for column, value in plain.items() if value not in ("", None)]
    if wanted.course:
        conditions.append(_of_course(wanted.course, within_a_time=wanted.start is not None))
    if wanted.lesson:
        inferred = and_(Question.lesson_code == "", InferredLesson.lesson_code == wanted.lesson)
        conditions.append(or_(Question.lesson_code == wanted.lesson, inferred))
    if wanted.cover:
        conditions.append(str(wanted.cover) == COVER)
    if wanted.waiting:
        conditions.append(waits())
    if wanted.loose:
        conditions.append(Membership.cluster_id.is_(None))
    if wanted.owner_id is not None:
        own = select(Case.id).where(Case.owner_id == wanted.owner_id)
        conditions.append(Question.case_id.in_(own))
    if wanted.start:
        conditions.append(Question.asked_at >= wanted.start)
    if wanted.end:
        conditions.append(Question.asked_at < wanted.end)
    return query.where(*conditions)


def _of_course(code: str, *, within_a_time: bool) -> ColumnElement[bool]:
    """Whether a question tells the course, or tells none and has a lesson of it by inference."""
    # Within a time the index by time reads fewer rows than that by course: keep the latter out.
    course = func.coalesce(Question.course_code, "") if within_a_time else Question.course_code
    lessons = select(Lesson.code).where(Lesson.course_code == code)
    return or_(course == code, and_(course == "", InferredLesson.lesson_code.in_(lessons)))


def place_of(periods: Sequence[Period]) -> ColumnElement[int]:
    """The place of a question's period in ``periods``; questions outside must be left out by the query."""
    later = [(Question.asked_at >= periods[at].start_at, at) for at in range(len(periods) - 1, 0, -1)]
    return case(*later, else_=0) if later else case((Question.id.is_(None), 1), else_=0)


def waits() -> ColumnElement[bool]:
    """Whether a question is open: neither a reply that answers it nor a case."""
    return and_(Question.state == QuestionState.OPEN, Question.case_id.is_(None))


def asks() -> ColumnElement[bool]:
    """Whether it is a question: neither dismissed nor set aside as small talk."""
    aside = exists().where(Aside.question_id == Question.id, Aside.kept_at.is_(None))
    return and_(Question.state != QuestionState.DISMISSED, ~aside)

"""Rows of the list of clusters: counts, weeks, courses, exemplars and cases, a query each for all rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from kbsearch.models import Case, Cluster, Membership, Question, QuestionState

WEEK = timedelta(days=7)
WEEKS = 16
MONTH = 4
"""Weeks of 28 days."""


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A cluster in a list.

    ``weekly``: questions of each of the last 16 weeks, oldest first, the last one ending now.
    ``answered_share`` in [0, 1]: answered or with a case.  ``courses``: (code, questions), most first; ""
    is no course.  ``case``: the newest case that was written for it.
    """

    cluster: Cluster
    size: int
    last_7: int
    last_28: int
    weekly: tuple[int, ...]
    answered_share: float
    courses: list[tuple[str, int]]
    exemplars: list[Question]
    case: Case | None


@dataclass(frozen=True, slots=True)
class _Counts:
    size: int = 0
    answered: int = 0
    weekly: tuple[int, ...] = (0,) * WEEKS


def answered() -> ColumnElement[bool]:
    """Whether a question is answered, by a reply or by a case."""
    return or_(Question.state == QuestionState.ANSWERED, Question.case_id.is_not(None))


def rows_of(
    session: Session, run_id: int, cluster_ids: Sequence[int], now: datetime, course: str = ""
) -> list[ClusterRow]:
    """The rows of ``cluster_ids`` in that order, as run ``run_id`` saw them."""
    clusters = {each.id: each for each in session.scalars(select(Cluster).where(Cluster.id.in_(cluster_ids)))}
    inside = [Membership.run_id == run_id, Membership.cluster_id.in_(cluster_ids)]
    if course:
        inside.append(Question.course_code == course)
    counts = _counts(session, inside, now)
    courses = _courses(session, inside)
    exemplars = _exemplars(session, inside)
    cases = _cases(session, cluster_ids)
    return [
        _row(clusters[id], counts.get(id, _Counts()), courses[id], exemplars[id], cases.get(id))
        for id in cluster_ids  # noqa: A001
    ]


def _row(
    cluster: Cluster,
    counts: _Counts,
    courses: list[tuple[str, int]],
    exemplars: list[Question],
    newest: Case | None,
) -> ClusterRow:
    return ClusterRow(
        cluster=cluster,
        size=counts.size,
        last_7=counts.weekly[-1],
        last_28=sum(counts.weekly[-MONTH:]),
        weekly=counts.weekly,
        answered_share=counts.answered / counts.size if counts.size else 0.0,
        courses=courses,
        exemplars=exemplars,
        case=newest,
    )


def _counts(session: Session, inside: list[ColumnElement[bool]], now: datetime) -> dict[int, _Counts]:
    asked = Question.asked_at
    starts = [now - WEEK * (WEEKS - week) for week in range(WEEKS)]
    weeks = [func.sum(case(((asked > start) & (asked <= start + WEEK), 1), else_=0)) for start in starts]
    query = (
        select(Membership.cluster_id, func.count(), func.sum(case((answered(), 1), else_=0)), *weeks)
        .join(Question, Question.id == Membership.question_id)
        .where(*inside)
        .group_by(Membership.cluster_id)
    )
    return {row[0]: _Counts(row[1], row[2], tuple(row[3:])) for row in session.execute(query)}


def _courses(session: Session, inside: list[ColumnElement[bool]]) -> defaultdict[int, list[tuple[str, int]]]:
    query = (
        select(Membership.cluster_id, Question.course_code, func.count())
        .join(Question, Question.id == Membership.question_id)
        .where(*inside)
        .group_by(Membership.cluster_id, Question.course_code)
        .order_by(func.count().desc(), Question.course_code)
    )
    found: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
    for cluster_id, code, number in session.execute(query):
        found[cluster_id].append((code, number))
    return found


def _exemplars(session: Session, inside: list[ColumnElement[bool]]) -> defaultdict[int, list[Question]]:
    query = (
        select(Membership.cluster_id, Question)
        .join(Question, Question.id == Membership.question_id)
        .where(*inside, Membership.exemplar_rank.is_not(None))
        .order_by(Membership.exemplar_rank)
    )
    found: defaultdict[int, list[Question]] = defaultdict(list)
    for cluster_id, question in session.execute(query):
        found[cluster_id].append(question)
    return found


def _cases(session: Session, cluster_ids: Sequence[int]) -> dict[int, Case]:
    query = select(Case).where(Case.cluster_id.in_(cluster_ids)).order_by(Case.id)
    return {each.cluster_id: each for each in session.scalars(query) if each.cluster_id is not None}

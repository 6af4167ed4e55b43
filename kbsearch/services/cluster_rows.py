"""Rows of the list of clusters: counts, weeks, courses, exemplars and cases, a query each for all rows."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, case, func, or_, select
from sqlalchemy.orm import Session

from kbsearch.models import Case, Cluster, ClusterEdit, EditKind, Membership, Question, QuestionState

WEEK = timedelta(days=7)
WEEKS = 16
MONTH = 4
"""Weeks of 28 days."""
FEWEST_USES = 2
"""A case must have answered this many of a cluster's questions to count as its case."""


@dataclass(frozen=True, slots=True)
class ClusterRow:
    """A cluster in a list.

    ``weekly``: questions of each of the last 16 weeks, oldest first, the last one ending now.
    ``answered_share`` in [0, 1]: answered or with a case.  ``courses``: (code, questions), most first; ""
    is no course.  ``case``: the one that a person linked it to, else the newest that was written for it, else
    the one that answered most of its answered questions, at least two and half of them.
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


@dataclass(slots=True)
class _Counts:
    """What is counted of one cluster; ``weekly`` as in `ClusterRow`."""

    size: int = 0
    answered: int = 0
    weekly: list[int] = field(default_factory=lambda: [0] * WEEKS)
    courses: Counter[str] = field(default_factory=Counter)
    uses: Counter[int] = field(default_factory=Counter)
    """Cases by how many of its questions, of all courses, they answered."""


def answered() -> ColumnElement[bool]:
    """Whether a question is answered, by a reply or by a case."""
    return or_(Question.state == QuestionState.ANSWERED, Question.case_id.is_not(None))


def rows_of(
    session: Session, run_id: int, cluster_ids: Sequence[int], now: datetime, course: str = ""
) -> list[ClusterRow]:
    """The rows of ``cluster_ids`` in that order, as run ``run_id`` saw them."""
    clusters = {each.id: each for each in session.scalars(select(Cluster).where(Cluster.id.in_(cluster_ids)))}
    inside = [Membership.run_id == run_id, Membership.cluster_id.in_(cluster_ids)]
    counts = _counts(session, inside, now, course)
    exemplars = _exemplars(session, inside, course)
    cases = _cases(session, cluster_ids, counts)
    return [_row(clusters[each], counts[each], exemplars[each], cases.get(each)) for each in cluster_ids]


def _row(cluster: Cluster, counts: _Counts, exemplars: list[Question], newest: Case | None) -> ClusterRow:
    return ClusterRow(
        cluster=cluster,
        size=counts.size,
        last_7=counts.weekly[-1],
        last_28=sum(counts.weekly[-MONTH:]),
        weekly=tuple(counts.weekly),
        answered_share=counts.answered / counts.size if counts.size else 0.0,
        courses=sorted(counts.courses.items(), key=lambda pair: (-pair[1], pair[0])),
        exemplars=exemplars,
        case=newest,
    )


def _counts(
    session: Session, inside: list[ColumnElement[bool]], now: datetime, course: str
) -> defaultdict[int, _Counts]:
    """All counts from one pass: questions by cluster, course, week and case.

    A ``course`` restricts all of them but the uses of cases.
    """
    week = _week(now).label("week")
    query = (
        select(
            Membership.cluster_id,
            Question.course_code,
            Question.case_id,
            week,
            func.count().label("size"),
            func.sum(case((answered(), 1), else_=0)).label("answered"),
        )
        .join(Question, Question.id == Membership.question_id)
        .where(*inside)
        .group_by(Membership.cluster_id, Question.course_code, Question.case_id, week)
    )
    if course:
        query = query.where((Question.course_code == course) | Question.case_id.is_not(None))
    found: defaultdict[int, _Counts] = defaultdict(_Counts)
    for row in session.execute(query):
        counts = found[row.cluster_id]
        if row.case_id is not None:
            counts.uses[row.case_id] += row.size
        if course and row.course_code != course:
            continue
        counts.size += row.size
        counts.answered += row.answered
        counts.courses[row.course_code] += row.size
        if row.week >= 0:
            counts.weekly[row.week] += row.size
    return found


def _week(now: datetime) -> ColumnElement[int]:
    """The place of a question in ``weekly``; -1 when it was asked before or after all of them."""
    asked = Question.asked_at
    outside = (asked <= now - WEEK * WEEKS) | (asked > now)
    ends = [(asked > now - WEEK * (WEEKS - week), week) for week in range(WEEKS - 1, 0, -1)]
    return case((outside, -1), *ends, else_=0)


def _exemplars(
    session: Session, inside: list[ColumnElement[bool]], course: str
) -> defaultdict[int, list[Question]]:
    query = (
        select(Membership.cluster_id, Question)
        .join(Question, Question.id == Membership.question_id)
        .where(*inside, Membership.exemplar_rank >= 1)
        .order_by(Membership.exemplar_rank)
    )
    if course:
        query = query.where(Question.course_code == course)
    found: defaultdict[int, list[Question]] = defaultdict(list)
    for cluster_id, question in session.execute(query):
        found[cluster_id].append(question)
    return found


def _cases(session: Session, cluster_ids: Sequence[int], counts: Mapping[int, _Counts]) -> dict[int, Case]:
    found = _cases_by_use(session, counts)
    written = select(Case).where(Case.cluster_id.in_(cluster_ids)).order_by(Case.id)
    for each in session.scalars(written):
        if each.cluster_id is not None:
            found[each.cluster_id] = each
    return found | _cases_linked(session, cluster_ids)


def _cases_linked(session: Session, cluster_ids: Sequence[int]) -> dict[int, Case]:
    """For each cluster the case that a person linked it to last."""
    query = (
        select(ClusterEdit.cluster_id, Case)
        .join(Case, Case.id == ClusterEdit.case_id)
        .where(
            ClusterEdit.kind == EditKind.LINK,
            ClusterEdit.undone_at.is_(None),
            ClusterEdit.cluster_id.in_(cluster_ids),
        )
        .order_by(ClusterEdit.id)
    )
    return {cluster_id: linked for cluster_id, linked in session.execute(query) if cluster_id is not None}


def _cases_by_use(session: Session, counts: Mapping[int, _Counts]) -> dict[int, Case]:
    """For each cluster the case that answered most of its questions, where it is clearly one."""
    clear: dict[int, int] = {}
    for cluster_id, uses in ((cluster_id, each.uses) for cluster_id, each in counts.items() if each.uses):
        best = min(uses, key=lambda case_id: (-uses[case_id], case_id))
        if uses[best] >= FEWEST_USES and 2 * uses[best] >= uses.total():
            clear[cluster_id] = best
    cases = {each.id: each for each in session.scalars(select(Case).where(Case.id.in_(clear.values())))}
    return {cluster_id: cases[case_id] for cluster_id, case_id in clear.items()}

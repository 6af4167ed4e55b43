"""Counts of clusters: kept by the worker, counted on the spot where nothing is kept."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, case, delete, func, or_, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.models import Cluster, ClusterCount, Membership, Question, QuestionState, utc_now
from kbsearch.services.newest_run import newest_run
from kbsearch.services.row_chunks import chunks

WEEK = timedelta(days=7)
WEEKS = 16
MONTH = 4
"""Weeks of 28 days."""
FEWEST_USES = 2
"""A case must have answered this many of a cluster's questions to count as its case."""
REFRESHED = timedelta(hours=1)
"""Weeks are counted back from the present: after this time the worker counts anew."""
FRESH = timedelta(days=1)
"""Counts older than this are not used: no worker keeps them up."""
MANY = 100
"""For more clusters than this it is faster to read what is kept of all of a run."""
SLICE = 5_000
"""Questions, or clusters of one question each, that are counted in one transaction."""


@dataclass(slots=True)
class Counts:
    """What is counted of a cluster, in one course or in all.

    ``weekly``: questions of each of the last 16 weeks, oldest first.  ``courses``: questions by code, "" for
    none.  ``case_id``: the case that answered most of its answered questions, of all courses, where that is
    clearly one.
    """

    size: int = 0
    answered: int = 0
    weekly: list[int] = field(default_factory=lambda: [0] * WEEKS)
    courses: Counter[str] = field(default_factory=Counter)
    case_id: int | None = None

    @property
    def last_7(self) -> int:
        """Questions of the last seven days."""
        return self.weekly[-1]

    @property
    def last_28(self) -> int:
        """Questions of the last 28 days."""
        return sum(self.weekly[-MONTH:])

    @property
    def answered_share(self) -> float:
        """The share that is answered, in [0, 1]."""
        return self.answered / self.size if self.size else 0.0


class PlainCounts(NamedTuple):
    """As `Counts` of all courses, without weeks."""

    size: int
    answered: int
    last_7: int
    last_28: int
    case_id: int | None

    @property
    def answered_share(self) -> float:
        """The share that is answered, in [0, 1]."""
        return self.answered / self.size if self.size else 0.0


class ClusterCountService:
    """The worker's part: keeps counts up to date, clusters of ``at_once`` questions together at a time."""

    def __init__(self, database: Database, at_once: int = SLICE) -> None:
        self._database = database
        self._at_once = at_once

    def refresh(self, now: datetime | None = None) -> None:
        """Count all clusters that wait for it."""
        moment = now or utc_now()
        while self.refresh_due(moment):
            pass

    def refresh_due(self, now: datetime | None = None) -> bool:
        """Count some of the clusters of the newest run without a fresh count; tells whether there were.

        Each slice is counted and stored in one transaction, so that no change is lost on SQLite, where others
        wait; on PostgreSQL one that is made within these milliseconds may be seen an hour later.
        """
        moment = now or utc_now()
        with self._database.reading() as session:
            run = newest_run(session)
            due = _due(session, run.id, moment, self._at_once) if run else []
        if run is None or not due:
            return False
        with self._database.writing() as session:
            session.execute(delete(ClusterCount).where(ClusterCount.run_id != run.id))
            session.execute(delete(ClusterCount).where(ClusterCount.cluster_id.in_(due)))
            session.add_all(_rows(session, run.id, due, moment))
        return True


def counts_of(
    session: Session, run_id: int, cluster_ids: Collection[int], now: datetime, course: str = ""
) -> dict[int, Counts]:
    """What is counted of each of the clusters in the run; a ``course`` restricts all but ``case_id``.

    What is kept may be an hour old, but knows of every question that came, went or changed.
    """
    columns = (
        ClusterCount.cluster_id,
        ClusterCount.size,
        ClusterCount.answered,
        ClusterCount.weekly,
        ClusterCount.courses,
        ClusterCount.case_id,
    )
    kept = {row.cluster_id: row for row in _kept(session, run_id, cluster_ids, now, columns)}
    rows = [*kept.values(), *_missing(session, run_id, cluster_ids, kept, now)]
    return {row.cluster_id: _counts(row, course) for row in rows}


def plain_counts_of(
    session: Session, run_id: int, cluster_ids: Collection[int], now: datetime
) -> dict[int, PlainCounts]:
    """As `counts_of` of all courses, but without weeks and courses: many times faster for all clusters."""
    columns = (
        ClusterCount.cluster_id,
        ClusterCount.size,
        ClusterCount.answered,
        ClusterCount.last_7,
        ClusterCount.last_28,
        ClusterCount.case_id,
    )
    wanted = set(cluster_ids)
    if len(wanted) > MANY:
        rows = session.execute(select(*columns).where(*fresh(run_id, now)))
        found = {row[0]: PlainCounts(*row[1:]) for row in rows if row[0] in wanted}
    else:
        some = _kept(session, run_id, wanted, now, columns)
        found = {row[0]: PlainCounts(*row[1:]) for row in some}
    for row in _missing(session, run_id, cluster_ids, found, now):
        found[row.cluster_id] = PlainCounts(row.size, row.answered, row.last_7, row.last_28, row.case_id)
    return found


def _missing(
    session: Session, run_id: int, cluster_ids: Collection[int], kept: Collection[int], now: datetime
) -> list[ClusterCount]:
    """Counts of those of the clusters that none are kept of."""
    missing = [each for each in cluster_ids if each not in kept]
    return _rows(session, run_id, missing, now, lessons=False) if missing else []


def lessons_of(session: Session, run_id: int, cluster_id: int, now: datetime) -> list[tuple[str, int]]:
    """The lessons that a cluster's questions tell with their questions, most asked first."""
    row = next(iter(_kept(session, run_id, [cluster_id], now, (ClusterCount.lessons,))), None)
    found = row.lessons if row is not None else _lessons(session, run_id, [cluster_id])[cluster_id]
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))


def sizes_of(session: Session, run_id: int) -> dict[int, int]:
    """How many questions each living cluster of a current run has, as it is kept with the cluster."""
    query = select(Cluster.id, Cluster.size).where(Cluster.last_run_id == run_id, Cluster.size > 0)
    return {row.id: row.size for row in session.execute(query)}


def forget_counts(session: Session, cluster_ids: Collection[int]) -> None:
    """Delete what is kept of clusters whose questions change."""
    for some in chunks(sorted(cluster_ids)):
        session.execute(delete(ClusterCount).where(ClusterCount.cluster_id.in_(some)))


def fresh(run_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    """Which counts may be shown."""
    return (
        ClusterCount.run_id == run_id,
        ClusterCount.counted_at > now - FRESH,
        ClusterCount.counted_at <= now + REFRESHED,
    )


def answered() -> ColumnElement[bool]:
    """Whether a question is answered, by a reply or by a case."""
    return or_(Question.state == QuestionState.ANSWERED, Question.case_id.is_not(None))


def _due(session: Session, run_id: int, now: datetime, most: int) -> list[int]:
    """The first clusters that wait, of ``most`` questions together; those without any count first."""
    fresh = (ClusterCount.run_id == run_id) & (ClusterCount.counted_at > now - REFRESHED)
    query = (
        select(Cluster.id, Cluster.size)
        .outerjoin(ClusterCount, ClusterCount.cluster_id == Cluster.id)
        .where(Cluster.last_run_id == run_id, Cluster.size > 0)
        .where(or_(ClusterCount.cluster_id.is_(None), ~fresh))
        .order_by(ClusterCount.cluster_id.is_not(None), Cluster.id)
    )
    found: list[int] = []
    questions = 0
    for cluster_id, size in session.execute(query):
        if found and questions + size > most:
            break
        found.append(cluster_id)
        questions += size
    return found


def _kept(
    session: Session, run_id: int, cluster_ids: Collection[int], now: datetime, columns: tuple[Any, ...]
) -> Iterator[Any]:
    for some in chunks(list(cluster_ids)):
        query = select(*columns).where(ClusterCount.cluster_id.in_(some), *fresh(run_id, now))
        yield from session.execute(query)


def _counts(row: Any, course: str) -> Counts:
    if not course:
        sizes = Counter({code: figures[0] for code, figures in row.courses.items()})
        return Counts(row.size, row.answered, row.weekly, sizes, row.case_id)
    size, done, *weekly = row.courses.get(course) or [0] * (WEEKS + 2)
    return Counts(size, done, weekly, Counter({course: size}), row.case_id)


def _rows(
    session: Session, run_id: int, cluster_ids: Sequence[int], now: datetime, *, lessons: bool = True
) -> list[ClusterCount]:
    """Count the clusters now; those without a question have zeros."""
    courses: dict[int, dict[str, list[int]]] = {each: {} for each in cluster_ids}
    uses: defaultdict[int, Counter[int]] = defaultdict(Counter)
    for some in chunks(cluster_ids):
        for row in session.execute(_query(run_id, some, now)):
            figures = courses[row.cluster_id].setdefault(row.course_code, [0] * (WEEKS + 2))
            figures[0] += row.size
            figures[1] += row.answered
            if row.week >= 0:
                figures[2 + row.week] += row.size
            if row.case_id is not None:
                uses[row.cluster_id][row.case_id] += row.size
    told = _lessons(session, run_id, cluster_ids) if lessons else {}
    return [
        _row(run_id, each, courses[each], told.get(each, {}), _clear(uses[each]), now) for each in cluster_ids
    ]


def _row(  # noqa: PLR0917  # the columns in their order
    run_id: int,
    cluster_id: int,
    courses: dict[str, list[int]],
    lessons: dict[str, int],
    case_id: int | None,
    now: datetime,
) -> ClusterCount:
    size, done, *weekly = [sum(column) for column in zip(*courses.values(), strict=True)] or [0] * (WEEKS + 2)
    return ClusterCount(
        cluster_id=cluster_id,
        run_id=run_id,
        size=size,
        answered=done,
        weekly=weekly,
        last_7=weekly[-1],
        last_28=sum(weekly[-MONTH:]),
        courses=courses,
        lessons=lessons,
        case_id=case_id,
        counted_at=now,
    )


def _query(run_id: int, cluster_ids: Sequence[int], now: datetime) -> Any:
    """All counts from one pass: questions by cluster, course, case and week."""
    week = _week(now).label("week")
    return (
        select(
            Membership.cluster_id,
            Question.course_code,
            Question.case_id,
            week,
            func.count().label("size"),
            func.sum(case((answered(), 1), else_=0)).label("answered"),
        )
        .join(Question, Question.id == Membership.question_id)
        .where(Membership.run_id == run_id, Membership.cluster_id.in_(cluster_ids))
        .group_by(Membership.cluster_id, Question.course_code, Question.case_id, week)
    )


def _week(now: datetime) -> ColumnElement[int]:
    """The place of a question in ``weekly``; -1 when it was asked before or after all of them."""
    asked = Question.asked_at
    outside = (asked <= now - WEEK * WEEKS) | (asked > now)
    ends = [(asked > now - WEEK * (WEEKS - week), week) for week in range(WEEKS - 1, 0, -1)]
    return case((outside, -1), *ends, else_=0)


def _clear(uses: Counter[int]) -> int | None:
    """The case that answered most, at least two and half of what cases answered."""
    if not uses:
        return None
    best = min(uses, key=lambda case_id: (-uses[case_id], case_id))
    return best if uses[best] >= FEWEST_USES and 2 * uses[best] >= uses.total() else None


def _lessons(session: Session, run_id: int, cluster_ids: Sequence[int]) -> defaultdict[int, dict[str, int]]:
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for some in chunks(cluster_ids):
        query = (
            select(Membership.cluster_id, Question.lesson_code, func.count())
            .join(Question, Question.id == Membership.question_id)
            .where(Membership.run_id == run_id, Membership.cluster_id.in_(some), Question.lesson_code != "")
            .group_by(Membership.cluster_id, Question.lesson_code)
        )
        for cluster_id, code, count in session.execute(query):
            found[cluster_id][code] = count
    return found

"""Clusters as people see them: the list, one cluster with its questions, and its name."""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import NotFound
from kbsearch.models import Cluster, Lineage, Membership, Question, Run, utc_now
from kbsearch.services.cluster_rows import ClusterRow, answered, rows_of
from kbsearch.services.edit_rows import edits_of
from kbsearch.services.newest_run import newest_run

Sort = Literal["size", "recent", "uncovered"]
RECENT = timedelta(days=28)
MAX_LISTED = 500
MAX_MEMBERS = 500
OUTLIERS = 10
OUTLYING = 0.35
"""Members weaker than this are shown as outliers."""


@dataclass(frozen=True, slots=True)
class ClusterPage:
    """One page of a run's clusters; ``run`` is None when clustering has never run."""

    items: list[ClusterRow]
    total: int
    run: Run | None


@dataclass(frozen=True, slots=True)
class PastSize:
    """How large a cluster was in a run."""

    run_id: int
    finished_at: datetime
    size: int


@dataclass(frozen=True, slots=True)
class ClusterDetail:
    """One cluster.  ``questions`` come strongest first (500 at most), ``outliers`` weakest first.

    ``lineage``: its relations in its last run.  ``lessons``: (code, questions), most asked first.
    ``history``: its size in the runs that are kept, oldest first.  ``joined``: ids of those
    ``questions`` that came after the run and joined since.
    """

    row: ClusterRow
    questions: list[tuple[Question, float]]
    outliers: list[tuple[Question, float]]
    lineage: list[Lineage]
    lessons: list[tuple[str, int]]
    history: list[PastSize]
    joined: frozenset[int]


class ClusterService:
    """Verbs on clusters.  Each opens its own transaction and returns detached objects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest_run(self) -> Run | None:
        """The current run over the whole school, else over a course; None when there is none."""
        with self._database.reading() as session:
            return newest_run(session)

    def runs(self, limit: int = 20) -> builtins.list[Run]:
        """Finished runs, newest first."""
        query = select(Run).where(Run.finished_at.is_not(None)).order_by(Run.id.desc()).limit(limit)
        with self._database.reading() as session:
            return list(session.scalars(query))

    def list(
        self,
        *,
        run_id: int | None = None,
        course: str = "",
        sort: Sort = "size",
        limit: int = 50,
        offset: int = 0,
        now: datetime | None = None,
    ) -> ClusterPage:
        """The clusters of a run.

        Args:
            run_id: None takes `latest_run`.
            course: count only this course's questions, and leave out clusters without any.
            sort: by questions, by questions of the last 28 days, or by questions nobody answered.
            limit: at most 500.
            offset: clusters to pass over.
            now: the moment that counts of days and weeks end at; None: the present.

        Raises:
            NotFound: there is no such run.
        """
        moment = now or utc_now()
        with self._database.reading() as session:
            run = newest_run(session) if run_id is None else _run(session, run_id)
            if run is None:
                return ClusterPage([], 0, None)
            ids = _ordered(session, run.id, course, sort, moment, latest=run_id is None)
            shown = ids[offset : offset + min(limit, MAX_LISTED)]
            return ClusterPage(rows_of(session, run.id, shown, moment, course), len(ids), run)

    def get(self, cluster_id: int, *, now: datetime | None = None) -> ClusterDetail:
        """One cluster as its last run saw it.

        Raises:
            NotFound: there is no such cluster.
        """
        with self._database.reading() as session:
            cluster = _cluster(session, cluster_id)
            run_id = cluster.last_run_id
            shown = _members(session, cluster, weakest=False)
            return ClusterDetail(
                row=rows_of(session, run_id, [cluster_id], now or utc_now())[0],
                questions=shown,
                outliers=_members(session, cluster, weakest=True),
                lineage=_lineage(session, cluster),
                lessons=_lessons(session, cluster),
                history=_history(session, cluster_id),
                joined=_joined(session, run_id, [question.id for question, _ in shown]),
            )

    def edited(self, cluster_ids: Iterable[int]) -> set[int]:
        """Those of the clusters that a standing edit of a person is about."""
        with self._database.reading() as session:
            return set(edits_of(session, list(cluster_ids)))


def _run(session: Session, run_id: int) -> Run:
    run = session.get(Run, run_id)
    if run is None or run.finished_at is None:
        raise NotFound(
            "There is no finished run {id}.", remedy="Leave it out to see the newest one.", id=run_id
        )
    return run


def _cluster(session: Session, cluster_id: int) -> Cluster:
    cluster = session.get(Cluster, cluster_id)
    if cluster is None:
        raise NotFound(
            "There is no cluster {id}.", remedy="Choose one from the list of clusters.", id=cluster_id
        )
    return cluster


def _ordered(
    session: Session, run_id: int, course: str, sort: Sort, now: datetime, *, latest: bool
) -> builtins.list[int]:
    """Ids of a run's clusters in the order that is asked for, larger ones and then lower ids first.

    In the newest run (``latest``) clusters know their size, and need not be counted.
    """
    taught = [Question.course_code == course] if course else []
    sizes = _sizes(session, run_id) if latest and not course else _counted(session, run_id, *taught)
    keys = sizes
    if sort == "recent":
        keys = _counted(session, run_id, Question.asked_at > now - RECENT, *taught)
    elif sort == "uncovered":
        keys = sizes - _counted(session, run_id, answered(), *taught)
    return sorted(sizes, key=lambda cluster_id: (-keys[cluster_id], -sizes[cluster_id], cluster_id))


def _sizes(session: Session, run_id: int) -> Counter[int]:
    query = select(Cluster.id, Cluster.size).where(Cluster.last_run_id == run_id, Cluster.size > 0)
    return Counter({row.id: row.size for row in session.execute(query)})


def _counted(session: Session, run_id: int, *conditions: ColumnElement[bool]) -> Counter[int]:
    """How many questions that meet the ``conditions`` each cluster of the run has, if any."""
    questions = func.count().label("questions")
    query = select(Membership.cluster_id, questions).where(Membership.run_id == run_id)
    if conditions:
        # A subquery, not a join: so the few that meet them are found first, by an index of questions.
        query = query.where(Membership.question_id.in_(select(Question.id).where(*conditions)))
    grouped = query.group_by(Membership.cluster_id)
    return Counter({row.cluster_id: row.questions for row in session.execute(grouped)})


def _members(session: Session, cluster: Cluster, *, weakest: bool) -> builtins.list[tuple[Question, float]]:
    strength = Membership.strength
    query = (
        select(Question, strength)
        .join(Membership, Membership.question_id == Question.id)
        .where(Membership.cluster_id == cluster.id, Membership.run_id == cluster.last_run_id)
    )
    if weakest:
        query = query.where(strength < OUTLYING).order_by(strength, Question.id).limit(OUTLIERS)
    else:
        query = query.order_by(strength.desc(), Question.id).limit(MAX_MEMBERS)
    return [(row.Question, row.strength) for row in session.execute(query)]


def _joined(session: Session, run_id: int, ids: Iterable[int]) -> frozenset[int]:
    """Those of ``ids`` that joined their cluster since the run; 500 at most are asked for."""
    query = select(Membership.question_id).where(Membership.run_id == run_id, Membership.joined)
    return frozenset(session.scalars(query.where(Membership.question_id.in_(list(ids)))))


def _lineage(session: Session, cluster: Cluster) -> builtins.list[Lineage]:
    involved = (Lineage.cluster_id == cluster.id) | (Lineage.previous_cluster_id == cluster.id)
    query = select(Lineage).where(Lineage.run_id == cluster.last_run_id, involved).order_by(Lineage.id)
    return list(session.scalars(query))


def _lessons(session: Session, cluster: Cluster) -> builtins.list[tuple[str, int]]:
    code, count = Question.lesson_code, func.count()
    query = (
        select(code, count)
        .join(Membership, Membership.question_id == Question.id)
        .where(Membership.cluster_id == cluster.id, Membership.run_id == cluster.last_run_id, code != "")
        .group_by(code)
        .order_by(count.desc(), code)
    )
    return [(lesson, number) for lesson, number in session.execute(query)]


def _history(session: Session, cluster_id: int) -> builtins.list[PastSize]:
    query = (
        select(Run.id, Run.finished_at, func.count().label("size"))
        .join(Membership, Membership.run_id == Run.id)
        .where(Membership.cluster_id == cluster_id, Run.finished_at.is_not(None))
        .group_by(Run.id, Run.finished_at)
        .order_by(Run.id)
    )
    return [PastSize(row.id, row.finished_at, row.size) for row in session.execute(query) if row.finished_at]

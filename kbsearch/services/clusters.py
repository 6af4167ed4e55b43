"""Clusters as people see them: the list, one cluster with its questions, and its name."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import NotFound
from kbsearch.models import Cluster, Lineage, Membership, Question, Run, utc_now
from kbsearch.services.cluster_counts import (
    Counts,
    PlainCounts,
    counts_of,
    lessons_of,
    plain_counts_of,
    sizes_of,
)
from kbsearch.services.cluster_rows import ClusterRow, rows_of
from kbsearch.services.edit_rows import edits_of
from kbsearch.services.namesakes import Namesake, named_alike, namesakes_of
from kbsearch.services.newest_run import newest_run

Sort = Literal["size", "recent", "uncovered"]
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
    """One cluster.  ``questions`` come strongest first (as many as asked for), ``outliers`` weakest first.

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

    def searched(self, course: str = "") -> Run | None:
        """The newest finished run of the scope, whatever became of what it proposed."""
        query = select(Run).where(Run.course == course, Run.finished_at.is_not(None))
        with self._database.reading() as session:
            return session.scalar(query.order_by(Run.id.desc()).limit(1))

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
        after: int | None = None,
        now: datetime | None = None,
    ) -> ClusterPage:
        """The clusters of a run.

        Args:
            run_id: None takes `latest_run`.
            course: count only this course's questions, and leave out clusters without any.
            sort: by questions, by questions of the last 28 days, or by questions nobody answered.
            limit: at most 500.
            offset: clusters to pass over.
            after: by id instead, those after this one.
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
            left = ids if after is None else sorted(key for key in ids if key > after)
            shown = left[offset : offset + min(limit, MAX_LISTED)]
            return ClusterPage(rows_of(session, run.id, shown, moment, course), len(ids), run)

    def get(
        self, cluster_id: int, *, questions: int = MAX_MEMBERS, now: datetime | None = None
    ) -> ClusterDetail:
        """One cluster as its last run saw it, with its strongest ``questions``, 500 at most.

        Raises:
            NotFound: there is no such cluster.
        """
        moment = now or utc_now()
        with self._database.reading() as session:
            cluster = _cluster(session, cluster_id)
            run_id = cluster.last_run_id
            shown = _members(session, cluster, min(questions, MAX_MEMBERS), weakest=False)
            return ClusterDetail(
                row=rows_of(session, run_id, [cluster_id], moment)[0],
                questions=shown,
                outliers=_members(session, cluster, OUTLIERS, weakest=True),
                lineage=_lineage(session, cluster),
                lessons=lessons_of(session, run_id, cluster_id, moment),
                history=_history(session, cluster_id),
                joined=_joined(session, run_id, [question.id for question, _ in shown]),
            )

    def edited(self, cluster_ids: Iterable[int]) -> set[int]:
        """Those of the clusters that a standing edit of a person is about."""
        with self._database.reading() as session:
            return set(edits_of(session, list(cluster_ids)))

    def namesakes(self, cluster_id: int) -> builtins.list[Namesake]:
        """The other living clusters that are called as this one.

        Raises:
            NotFound: there is no such cluster.
        """
        with self._database.reading() as session:
            return namesakes_of(session, _cluster(session, cluster_id))

    def named_alike(self) -> dict[int, str]:
        """Clusters of `latest_run` whose name another one has too → the name of their theme, "" for none."""
        with self._database.reading() as session:
            run = newest_run(session)
            return named_alike(session, run.id) if run else {}


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

    In the newest run (``latest``) clusters know their size, and need not be counted for it.
    """
    sizes = sizes_of(session, run_id) if latest else _counted(session, run_id)
    if sort == "size" and not course:
        return sorted(sizes, key=lambda cluster_id: (-sizes[cluster_id], cluster_id))
    ids = list(sizes)
    counts: Mapping[int, Counts | PlainCounts] = (
        counts_of(session, run_id, ids, now, course) if course else plain_counts_of(session, run_id, ids, now)
    )
    keys: dict[Sort, Callable[[Counts | PlainCounts], int]] = {
        "size": lambda one: one.size,
        "recent": lambda one: one.last_28,
        "uncovered": lambda one: one.size - one.answered,
    }
    key = keys[sort]
    found = [(-key(one), -one.size, cluster_id) for cluster_id, one in counts.items() if one.size]
    return [cluster_id for _, _, cluster_id in sorted(found)]


def _counted(session: Session, run_id: int) -> dict[int, int]:
    """How many questions each cluster has in a run."""
    query = select(Membership.cluster_id, func.count().label("size")).where(Membership.run_id == run_id)
    return {row.cluster_id: row.size for row in session.execute(query.group_by(Membership.cluster_id))}


def _members(
    session: Session, cluster: Cluster, most: int, *, weakest: bool
) -> builtins.list[tuple[Question, float]]:
    strength = Membership.strength
    query = select(Membership.question_id, strength).where(
        Membership.cluster_id == cluster.id, Membership.run_id == cluster.last_run_id
    )
    if weakest:
        query = query.where(strength < OUTLYING).order_by(strength, Membership.question_id).limit(most)
    else:
        query = query.order_by(strength.desc(), Membership.question_id).limit(most)
    strengths = {row.question_id: row.strength for row in session.execute(query)}
    asked = select(Question).where(Question.id.in_(strengths))
    questions = {question.id: question for question in session.scalars(asked)}
    return [(questions[one], strengths[one]) for one in strengths]


def _joined(session: Session, run_id: int, ids: Iterable[int]) -> frozenset[int]:
    """Those of ``ids`` that joined their cluster since the run; 500 at most are asked for."""
    query = select(Membership.question_id).where(Membership.run_id == run_id, Membership.joined)
    return frozenset(session.scalars(query.where(Membership.question_id.in_(list(ids)))))


def _lineage(session: Session, cluster: Cluster) -> builtins.list[Lineage]:
    involved = (Lineage.cluster_id == cluster.id) | (Lineage.previous_cluster_id == cluster.id)
    query = select(Lineage).where(Lineage.run_id == cluster.last_run_id, involved).order_by(Lineage.id)
    return list(session.scalars(query))


def _history(session: Session, cluster_id: int) -> builtins.list[PastSize]:
    counted = select(Membership.run_id, func.count().label("size")).where(Membership.cluster_id == cluster_id)
    sizes = {row.run_id: row.size for row in session.execute(counted.group_by(Membership.run_id))}
    runs = select(Run.id, Run.finished_at).where(Run.id.in_(sizes), Run.finished_at.is_not(None))
    rows = session.execute(runs.order_by(Run.id))
    return [PastSize(row.id, row.finished_at, sizes[row.id]) for row in rows if row.finished_at]

"""Stores what joined between runs: memberships that are marked, sizes, and candidates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from kbsearch.models import Cluster, Membership, Question
from kbsearch.services.cluster_counts import forget_counts
from kbsearch.services.current_run import current_run
from kbsearch.services.row_chunks import chunks


@dataclass(frozen=True, slots=True)
class Joined:
    """A question joins a cluster with a strength in [0, 1]."""

    question_id: int
    cluster_id: int
    strength: float


@dataclass(frozen=True, slots=True)
class Opened:
    """A candidate: its words, the strength of each question, and the ranks of its exemplars."""

    label: str
    keywords: tuple[str, ...]
    strengths: Mapping[int, float]
    ranks: Mapping[int, int]


def store_joined(session: Session, run_id: int, joined: Sequence[Joined]) -> int:
    """Store those that have no place yet and whose cluster is still there; returns how many.

    Nothing when ``run_id`` is not the current run any more: the new one is caught up with later.
    """
    if not _is_current(session, run_id):
        return 0
    free = free_of(session, run_id, [one.question_id for one in joined])
    there = _there(session, {one.cluster_id for one in joined})
    rows = [one for one in joined if one.question_id in free and one.cluster_id in there]
    _insert(session, run_id, rows, {})
    return len(rows)


def store_opened(session: Session, run_id: int, opened: Opened) -> int | None:
    """Store a candidate; returns its id, or None when the run or one of the questions' places changed."""
    if not _is_current(session, run_id):
        return None
    if free_of(session, run_id, list(opened.strengths)) != opened.strengths.keys():
        return None
    cluster = Cluster(
        label=opened.label,
        keywords=list(opened.keywords),
        candidate=True,
        first_run_id=run_id,
        last_run_id=run_id,
    )
    session.add(cluster)
    session.flush()
    rows = [Joined(one, cluster.id, strength) for one, strength in opened.strengths.items()]
    _insert(session, run_id, rows, opened.ranks)
    return cluster.id


def leave(session: Session, run_id: int, ids: Collection[int]) -> None:
    """Take questions out of the run's clusters: they are set aside."""
    for some in chunks(sorted(ids)):
        inside = (Membership.run_id == run_id) & Membership.question_id.in_(some)
        sizes = Counter(session.scalars(select(Membership.cluster_id).where(inside)))
        session.execute(delete(Membership).where(inside))
        _resize(session, {cluster: -count for cluster, count in sizes.items()})


def free_of(session: Session, run_id: int, ids: Sequence[int]) -> set[int]:
    """Those of ``ids`` that exist and are in no cluster of the run."""
    free: set[int] = set()
    for some in chunks(ids):
        placed = select(Membership.question_id).where(
            Membership.run_id == run_id, Membership.question_id.in_(some)
        )
        free |= set(session.scalars(select(Question.id).where(Question.id.in_(some))))
        free -= set(session.scalars(placed))
    return free


def _is_current(session: Session, run_id: int) -> bool:
    run = current_run(session)
    return run is not None and run.id == run_id


def _there(session: Session, ids: Collection[int]) -> set[int]:
    return {
        one
        for some in chunks(sorted(ids))
        for one in session.scalars(select(Cluster.id).where(Cluster.id.in_(some)))
    }


def _insert(session: Session, run_id: int, rows: Sequence[Joined], ranks: Mapping[int, int]) -> None:
    if not rows:
        return
    values = [
        {
            "run_id": run_id,
            "question_id": one.question_id,
            "cluster_id": one.cluster_id,
            "strength": one.strength,
            "exemplar_rank": ranks.get(one.question_id),
            "joined": True,
        }
        for one in rows
    ]
    session.execute(insert(Membership), values)
    _resize(session, Counter(one.cluster_id for one in rows))


def _resize(session: Session, by: Mapping[int, int]) -> None:
    forget_counts(session, by.keys())
    for cluster_id, count in by.items():
        session.execute(update(Cluster).where(Cluster.id == cluster_id).values(size=Cluster.size + count))

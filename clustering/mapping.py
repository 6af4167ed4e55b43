"""Draws the map of a run and keeps it, so that pages only hand it out."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from clustering.layout import Layout, lay_out
from kbsearch.database import Database
from kbsearch.models import (
    ClusterEdit,
    Import,
    LineDecision,
    Membership,
    ProposalLine,
    Question,
    QuestionState,
    Run,
    RunMap,
    utc_now,
)
from kbsearch.ports import Floats, Ints, SearchBackend
from kbsearch.services.map_points import packed
from kbsearch.services.newest_run import newest_run
from kbsearch.text.chatter import is_small_talk

MAPS_KEPT = 5
REST = timedelta(minutes=1)
"""A map is left alone so long, whatever people do to its clusters meanwhile."""
UNIT = "unit"
"""The radius of a cluster of one question, among the places."""


@dataclass(frozen=True, slots=True, eq=False)
class _Drawn:
    """Question ids (n,), their clusters' ids or 0 (n,), labels 0…k-1 or -1 (n,), vectors (n, d)."""

    ids: Ints
    clusters: Ints
    labels: Ints
    vectors: Floats
    known: Ints


class MapDrawer:
    """Draws maps."""

    def __init__(self, database: Database, question_index: SearchBackend) -> None:
        self._database = database
        self._index = question_index

    def draw_due(self, now: datetime | None = None) -> bool:
        """Draw the map of the run that counts now, unless it has one that shows its clusters as they are.

        Raises:
            IndexUnavailable: the index cannot be read.
            StorageUnavailable: the database refuses.
        """
        with self._database.reading() as session:
            run = newest_run(session)
            if run is None or not _due(session, run.id, now or utc_now()):
                return False
        self.draw(run.id)
        return True

    def draw(self, run_id: int, seed: int = 0) -> int:
        """Draw the map of an accepted run, starting from the last one; returns how many points it has.

        Raises:
            IndexUnavailable: the index cannot be read.
            StorageUnavailable: the database refuses.
        """
        began = utc_now()
        with self._database.reading() as session:
            drawn = self._read(session, run_id)
            last = _last_places(session, run_id)
        before = {
            label: (last[str(cluster)][0], last[str(cluster)][1])
            for label, cluster in enumerate(drawn.known.tolist())
            if str(cluster) in last
        }
        unit = float(last[UNIT][0]) if UNIT in last else 0.0
        layout = lay_out(drawn.vectors, drawn.labels, before, unit=unit, seed=seed)
        points = packed(drawn.ids, drawn.clusters, layout.points)
        with self._database.writing() as session:
            session.execute(delete(RunMap).where(RunMap.run_id == run_id))
            places = _places(layout, drawn)
            session.add(RunMap(run_id=run_id, points=points, places=places, drawn_at=began))
            older = select(RunMap.run_id).order_by(RunMap.run_id.desc()).offset(MAPS_KEPT)
            stale = list(session.scalars(older))
            session.execute(delete(RunMap).where(RunMap.run_id.in_(stale)))
        return len(drawn.ids)

    def _read(self, session: Session, run_id: int) -> _Drawn:
        ids, vectors = self._index.vectors()
        run = session.get(Run, run_id)
        course = run.parameters.get("course", "") if run else ""
        homes = {
            row.question_id: row.cluster_id
            for row in session.execute(
                select(Membership.question_id, Membership.cluster_id).where(Membership.run_id == run_id)
            )
        }
        query = select(Question.id, Question.text).where(Question.state != QuestionState.DISMISSED)
        if course:
            query = query.where(Question.course_code == course)
        shown = {row.id for row in session.execute(query) if row.id in homes or not is_small_talk(row.text)}
        kept = np.array([one in shown for one in ids.tolist()], dtype=bool)
        ids = ids[kept]
        clusters = np.array([homes.get(one, 0) for one in ids.tolist()], dtype=np.int64)
        known = np.unique(clusters[clusters > 0])
        labels = np.where(clusters > 0, np.searchsorted(known, clusters), -1)
        return _Drawn(ids, clusters, labels, vectors[kept], known)


def _due(session: Session, run_id: int, now: datetime) -> bool:
    """Whether the run has no map, or a map older than what people did to its clusters or questions."""
    drawn_at = session.scalar(select(RunMap.drawn_at).where(RunMap.run_id == run_id))
    if drawn_at is None:
        return True
    if now < drawn_at + REST:
        return False
    accepted = select(ProposalLine.id).where(
        ProposalLine.run_id == run_id,
        ProposalLine.decision == LineDecision.ACCEPTED,
        ProposalLine.decided_at > drawn_at,
    )
    edited = select(ClusterEdit.id).where(
        or_(ClusterEdit.created_at > drawn_at, ClusterEdit.undone_at > drawn_at)
    )
    undone = select(Import.id).where(Import.undone_at > drawn_at)
    return any(session.scalar(each.limit(1)) is not None for each in (accepted, edited, undone))


def _last_places(session: Session, run_id: int) -> dict[str, list[float]]:
    query = select(RunMap.places).where(RunMap.run_id <= run_id).order_by(RunMap.run_id.desc()).limit(1)
    return session.scalar(query) or {}


def _places(layout: Layout, drawn: _Drawn) -> dict[str, list[float]]:
    places = {
        str(cluster): [round(float(value), 5) for value in (x, y, radius)]
        for cluster, (x, y), radius in zip(drawn.known.tolist(), layout.middles, layout.radii, strict=True)
    }
    if len(layout.radii):
        sizes = np.bincount(drawn.labels[drawn.labels >= 0])
        places[UNIT] = [float(np.median(layout.radii / np.sqrt(sizes)))]
    return places

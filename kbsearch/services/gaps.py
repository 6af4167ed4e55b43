"""What cases and programme do not cover: coverage in figures, gaps, topics without a lesson."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.insights.coverage import saved_a_week
from kbsearch.models import Case, Cluster, Colour, Coverage, Membership, Question, Run, utc_now
from kbsearch.services.covered_questions import joined
from kbsearch.services.newest_run import newest_run

RECENT = timedelta(days=28)
WEEKS = 4


@dataclass(frozen=True, slots=True)
class CoverageFigures:
    """How much is covered.

    ``clusters`` and ``questions`` (of the last 28 days) by colour.  ``loose``: questions of these days in no
    cluster.  ``unknown``: clusters that have not been looked at.  ``checked_at``: when the oldest was.
    """

    run: Run | None
    clusters: dict[Colour, int]
    questions: dict[Colour, int]
    loose: int = 0
    unknown: int = 0
    checked_at: datetime | None = None

    @property
    def share(self) -> float | None:
        """Share of the last 28 days' questions that lie in green clusters; None when nothing was asked."""
        total = sum(self.questions.values()) + self.loose
        return self.questions[Colour.GREEN] / total if total else None


@dataclass(frozen=True, slots=True)
class ClusterGap:
    """A cluster with its coverage, and what a case for it would save.

    ``weekly``: questions a week over the last 28 days.  ``saved``: those a case is expected to save.
    ``case``: the newest one that was written for it, if any.
    """

    cluster: Cluster
    coverage: Coverage
    weekly: float
    recent: int
    saved: float
    case: Case | None


class GapService:
    """Reads what the worker found, with counts of now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def figures(self, now: datetime | None = None) -> CoverageFigures:
        """How much is covered."""
        with self._database.reading() as session:
            return _figures(session, now or utc_now())

    def gaps(self, *, outside: bool = False, now: datetime | None = None) -> list[ClusterGap]:
        """Clusters that no published case covers, those first from which most would be saved.

        ``outside``: only those that no lesson teaches either.  Clusters that nobody asked about for 28 days
        are left out.
        """
        with self._database.reading() as session:
            run = newest_run(session)
            found = _rows(session, run, now or utc_now()) if run else []
        return [one for one in found if one.recent and _is_gap(one.coverage, outside=outside)]

    def clusters(self, colour: Colour | None = None, now: datetime | None = None) -> list[ClusterGap]:
        """All clusters whose coverage is known, or those of a ``colour``, in the same order."""
        with self._database.reading() as session:
            run = newest_run(session)
            found = _rows(session, run, now or utc_now()) if run else []
        return [one for one in found if colour in (None, one.coverage.colour)]


def recent_by_cluster(session: Session, run_id: int, since: datetime, until: datetime) -> dict[int, int]:
    """How many questions of ``since`` up to ``until`` each cluster of the run has, if any."""
    asked = select(Question.id).where(Question.asked_at >= since, Question.asked_at < until)
    query = (
        select(Membership.cluster_id, func.count())
        .where(Membership.run_id == run_id, Membership.question_id.in_(asked))
        .group_by(Membership.cluster_id)
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _figures(session: Session, now: datetime) -> CoverageFigures:
    clusters = dict.fromkeys(Colour, 0)
    questions = dict.fromkeys(Colour, 0)
    run = newest_run(session)
    if run is None:
        return CoverageFigures(None, clusters, questions)
    counted = select(Coverage.colour, func.count(), func.min(Coverage.checked_at)).group_by(Coverage.colour)
    moments = []
    for colour, count, checked_at in session.execute(counted):
        clusters[Colour(colour)] = count
        moments.append(checked_at)
    query = joined(select(Coverage.colour, Membership.cluster_id.is_(None), func.count()), run.id)
    query = query.where(Question.asked_at >= now - RECENT, Question.asked_at <= now)
    loose = 0
    for colour, alone, count in session.execute(
        query.group_by(Coverage.colour, Membership.cluster_id.is_(None))
    ):
        if colour is not None:
            questions[Colour(colour)] += count
        elif alone:
            loose = count
    total = session.scalar(
        select(func.count(func.distinct(Membership.cluster_id))).where(Membership.run_id == run.id)
    )
    unknown = max(0, (total or 0) - sum(clusters.values()))
    return CoverageFigures(run, clusters, questions, loose, unknown, min(moments, default=None))


def _is_gap(coverage: Coverage, *, outside: bool) -> bool:
    return coverage.colour != Colour.GREEN and not (outside and coverage.in_programme is not False)


def _rows(session: Session, run: Run, now: datetime) -> list[ClusterGap]:
    recent = recent_by_cluster(session, run.id, now - RECENT, now)
    query = select(Coverage, Cluster).join(Cluster, Cluster.id == Coverage.cluster_id)
    written = {
        case.cluster_id: case
        for case in session.scalars(select(Case).where(Case.cluster_id.is_not(None)).order_by(Case.id))
    }
    found = [
        _gap(cluster, coverage, recent.get(cluster.id, 0), written.get(cluster.id))
        for coverage, cluster in session.execute(query)
    ]
    return sorted(found, key=lambda gap: (-gap.saved, -gap.recent, gap.cluster.id))


def _gap(cluster: Cluster, coverage: Coverage, recent: int, written: Case | None) -> ClusterGap:
    weekly = recent / WEEKS
    saved = saved_a_week(weekly, coverage.sure, coverage.sampled)
    return ClusterGap(cluster, coverage, weekly, recent, saved, written)

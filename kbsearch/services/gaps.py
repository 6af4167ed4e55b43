"""What cases and programme do not cover: coverage in figures, gaps, topics without a lesson."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.insights.coverage import saved_a_week
from kbsearch.models import (
    Case,
    CaseState,
    Cluster,
    ClusterCount,
    Colour,
    Coverage,
    Question,
    Run,
    utc_now,
)
from kbsearch.services.cluster_counts import fresh, plain_counts_of
from kbsearch.services.covered_questions import asks
from kbsearch.services.newest_run import newest_run
from kbsearch.services.past_faults import NO_FAULT, PastFault, past_faults_of
from kbsearch.services.row_chunks import chunks

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


class ClusterGap(NamedTuple):
    """A cluster with its coverage, and what a case for it would save.

    ``sure`` of ``sampled`` questions have a published case that is likely enough.  ``lesson``: the code of
    the nearest one, with ``lesson_probability`` of teaching it; ``in_programme``: None when nobody can tell.
    ``recent``: questions of the last 28 days, ``weekly`` a week of them, ``saved`` those a case is expected
    to save.  ``size``: of the cluster, and ``past``: those of its questions that spoke of a fault that is
    over, which no case would save.
    """

    cluster_id: int
    label: str
    colour: Colour
    sampled: int
    sure: int
    lesson: str
    lesson_probability: float
    in_programme: bool | None
    recent: int
    size: int = 0
    past: PastFault = NO_FAULT

    @property
    def weekly(self) -> float:
        """Questions a week, over the last 28 days, without those of faults that are over."""
        return max(0, self.recent - self.past.recent) / WEEKS

    @property
    def saved(self) -> float:
        """Questions a week that a case is expected to save."""
        return saved_a_week(self.weekly, self.sure, self.sampled)


@dataclass(frozen=True, slots=True)
class GapCase:
    """The case of a cluster that covers it not yet, or no more while it needs a check."""

    id: int
    title: str
    state: CaseState


class GapService:
    """Reads what the worker found, with counts of now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def figures(self, now: datetime | None = None) -> CoverageFigures:
        """How much is covered."""
        return self.overview(now)[0]

    def overview(self, now: datetime | None = None) -> tuple[CoverageFigures, list[ClusterGap]]:
        """`figures` and `gaps` together, which cost as much as one of them."""
        with self._database.reading() as session:
            run = newest_run(session)
            if run is None:
                return CoverageFigures(None, dict.fromkeys(Colour, 0), dict.fromkeys(Colour, 0)), []
            moment = now or utc_now()
            found = _rows(session, run, moment)
            return _figures(session, run, found, moment), [one for one in found if _is_gap(one)]

    def colours(self, cluster_ids: Iterable[int]) -> dict[int, Colour]:
        """The coverage of those of the clusters that were looked at."""
        query = select(Coverage.cluster_id, Coverage.colour).where(Coverage.cluster_id.in_(list(cluster_ids)))
        with self._database.reading() as session:
            return {row.cluster_id: Colour(row.colour) for row in session.execute(query)}

    def gaps(self, *, outside: bool = False, now: datetime | None = None) -> list[ClusterGap]:
        """Clusters that no published case covers, those first from which most would be saved.

        ``outside``: only those that no lesson teaches either.  Clusters that nobody asked about for 28 days
        are left out, and those about a fault of the platform that is over.
        """
        with self._database.reading() as session:
            run = newest_run(session)
            found = _rows(session, run, now or utc_now()) if run else []
        return [one for one in found if _is_gap(one, outside=outside)]

    def cases_of(self, cluster_ids: Iterable[int]) -> dict[int, GapCase]:
        """The case of each of these clusters that no case covers, where there is one.

        That is the one that would cover it if it did not need a check, else the newest written for it.
        """
        found: dict[int, GapCase] = {}
        told = (Case.id, Case.title, Case.state)
        with self._database.reading() as session:
            for some in chunks(list(cluster_ids)):
                written = select(Case.cluster_id, *told).where(Case.cluster_id.in_(some)).order_by(Case.id)
                checked = (
                    select(Coverage.cluster_id, *told)
                    .join(Case, Case.id == Coverage.in_check_id)
                    .where(Coverage.cluster_id.in_(some), Case.state == CaseState.NEEDS_CHECK)
                )
                for row in (*session.execute(written), *session.execute(checked)):
                    found[row.cluster_id] = GapCase(row.id, row.title, CaseState(row.state))
        return found

    def clusters(self, colour: Colour | None = None, now: datetime | None = None) -> list[ClusterGap]:
        """All clusters whose coverage is known, or those of a ``colour``, in the same order."""
        with self._database.reading() as session:
            run = newest_run(session)
            found = _rows(session, run, now or utc_now()) if run else []
        return [one for one in found if colour in (None, one.colour)]


def _figures(session: Session, run: Run, found: Sequence[ClusterGap], now: datetime) -> CoverageFigures:
    clusters, questions = dict.fromkeys(Colour, 0), dict.fromkeys(Colour, 0)
    for one in found:
        clusters[one.colour] += 1
        questions[one.colour] += one.recent
    unknown = _unknown(session, run.id)
    others = plain_counts_of(session, run.id, unknown, now)
    asked = select(func.count()).where(Question.asked_at > now - RECENT, Question.asked_at <= now, asks())
    inside = sum(questions.values()) + sum(one.last_28 for one in others.values())
    return CoverageFigures(
        run,
        clusters,
        questions,
        loose=max(0, (session.scalar(asked) or 0) - inside),
        unknown=len(unknown),
        checked_at=session.scalar(select(func.min(Coverage.checked_at))),
    )


def _unknown(session: Session, run_id: int) -> Sequence[int]:
    """Living clusters of the run that have not been looked at."""
    query = select(Cluster.id).outerjoin(Coverage, Coverage.cluster_id == Cluster.id)
    living = (Cluster.last_run_id == run_id, Cluster.size > 0)
    return session.scalars(query.where(*living, Coverage.cluster_id.is_(None))).all()


def _is_gap(gap: ClusterGap, *, outside: bool = False) -> bool:
    if not gap.weekly or gap.colour == Colour.GREEN or gap.past.is_all_of(gap.size):
        return False
    return not outside or gap.in_programme is False


_COLOURS = {str(colour): colour for colour in Colour}


def _rows(session: Session, run: Run, now: datetime) -> list[ClusterGap]:
    rows = _covered(session, run.id, now)
    counts = plain_counts_of(session, run.id, [row[0] for row in rows if row[-1] is None], now)
    past = past_faults_of(session, run.id, {row[0] for row in rows}, now)
    found: list[ClusterGap] = []
    for cluster_id, label, colour, *told, recent, size in rows:
        if size is None:
            recent, size = counts[cluster_id].last_28, counts[cluster_id].size  # noqa: PLW2901
        fault = past.get(cluster_id, NO_FAULT)
        found.append(ClusterGap._make((cluster_id, label, _COLOURS[colour], *told, recent, size, fault)))
    return sorted(found, key=lambda gap: (-gap.saved, -gap.recent, gap.cluster_id))


def _covered(session: Session, run_id: int, now: datetime) -> Sequence[Any]:
    """Living clusters with their coverage, and last recent and all questions: None where no count is kept."""
    query = select(
        Coverage.cluster_id,
        Cluster.label,
        Coverage.colour,
        Coverage.sampled,
        Coverage.sure,
        Coverage.lesson_code,
        Coverage.lesson_probability,
        Coverage.in_programme,
        ClusterCount.last_28,
        ClusterCount.size,
    )
    kept = and_(ClusterCount.cluster_id == Coverage.cluster_id, *fresh(run_id, now))
    return session.execute(
        query.select_from(Coverage)
        .join(Cluster, Cluster.id == Coverage.cluster_id)
        .outerjoin(ClusterCount, kept)
        .where(Cluster.size > 0)
    ).all()

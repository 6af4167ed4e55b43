"""What cases and programme do not cover: coverage in figures, gaps, topics without a lesson."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.insights.coverage import saved_a_week
from kbsearch.models import Case, CaseState, Cluster, Colour, Coverage, Question, Run, utc_now
from kbsearch.services.cluster_counts import plain_counts_of, sizes_of
from kbsearch.services.covered_questions import asks
from kbsearch.services.newest_run import newest_run
from kbsearch.services.past_faults import NO_FAULT, PastFault, past_faults_of

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
    to save.  ``case``: the newest one that was written for it, if any.  ``size``: of the cluster, and
    ``past``: those of its questions that spoke of a fault that is over, which no case would save.
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
    case: GapCase | None = None
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
    """A case that was written for a cluster and does not cover it yet."""

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
    unknown = sizes_of(session, run.id).keys() - {one.cluster_id for one in found}
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


def _is_gap(gap: ClusterGap, *, outside: bool = False) -> bool:
    if not gap.weekly or gap.colour == Colour.GREEN or gap.past.is_all_of(gap.size):
        return False
    return not outside or gap.in_programme is False


_COLOURS = {str(colour): colour for colour in Colour}


def _rows(session: Session, run: Run, now: datetime) -> list[ClusterGap]:
    rows = session.execute(
        select(
            Coverage.cluster_id,
            Cluster.label,
            Coverage.colour,
            Coverage.sampled,
            Coverage.sure,
            Coverage.lesson_code,
            Coverage.lesson_probability,
            Coverage.in_programme,
        ).join(Cluster, Cluster.id == Coverage.cluster_id)
    ).all()
    counts = plain_counts_of(session, run.id, [row.cluster_id for row in rows], now)
    written = _written(session)
    past = past_faults_of(session, run.id, counts, now)
    found = [
        ClusterGap(
            row.cluster_id,
            row.label,
            _COLOURS[row.colour],
            *row[3:],
            recent=counts[row.cluster_id].last_28,
            case=written.get(row.cluster_id),
            size=counts[row.cluster_id].size,
            past=past.get(row.cluster_id, NO_FAULT),
        )
        for row in rows
    ]
    return sorted(found, key=lambda gap: (-gap.saved, -gap.recent, gap.cluster_id))


def _written(session: Session) -> dict[int, GapCase]:
    """The newest case that was written for each cluster that has one."""
    query = select(Case.cluster_id, Case.id, Case.title, Case.state).where(Case.cluster_id.is_not(None))
    return {
        row.cluster_id: GapCase(row.id, row.title, CaseState(row.state))
        for row in session.execute(query.order_by(Case.id))
    }

"""The review queue: clusters that nobody decided on, the ones that cost most first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import Conflict, NotFound
from kbsearch.insights.coverage import SAVED, saved_a_week
from kbsearch.models import CaseState, ClusterReview, Colour, Coverage, ReviewVerdict, utc_now
from kbsearch.services.cluster_counts import MONTH, PlainCounts, plain_counts_of, sizes_of
from kbsearch.services.cluster_rows import ClusterRow, archived_cases, case_ids, rows_of
from kbsearch.services.clusters import ClusterService
from kbsearch.services.newest_run import newest_run
from kbsearch.services.past_faults import NO_FAULT, PastFault, past_faults_of

GROWN_BY = 5
"""Questions more than when it was decided on, and …"""
GROWN_TIMES = 1.5
"""… as many times the questions a week: then a cluster comes back."""
LATER = timedelta(days=7)
"""A cluster that was put off comes back after this time."""
SITTING = timedelta(hours=12)
"""Decisions of this time count as the present sitting."""


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """The cluster to decide on.

    ``saved``: questions a week that a case is expected to save (`_saved`).  ``position`` of ``total``:
    decided in this sitting, and to decide.  ``grown``: it was decided on before and has grown since.
    """

    row: ClusterRow
    saved: float
    position: int
    total: int
    grown: bool


class ReviewService:
    """Verbs on the review queue."""

    def __init__(self, database: Database, clusters: ClusterService) -> None:
        self._database = database
        self._clusters = clusters

    def next(self, *, cluster_id: int | None = None, now: datetime | None = None) -> ReviewItem | None:
        """The first cluster of the queue, or the one that is asked for; None when nothing waits."""
        moment = now or utc_now()
        with self._database.reading() as session:
            run = newest_run(session)
            queue = _queue(session, run.id, moment) if run else []
            if run is None or not queue:
                return None
            chosen = next((one for one in queue if one.cluster_id == cluster_id), queue[0])
            row = rows_of(session, run.id, [chosen.cluster_id], moment)[0]
            decided = _decided(session, moment - SITTING)
        return ReviewItem(row, chosen.saved, decided + 1, decided + len(queue), chosen.grown)

    def decide(
        self,
        cluster_id: int,
        verdict: ReviewVerdict,
        *,
        edit_id: int | None = None,
        person_id: int | None = None,
    ) -> ClusterReview:
        """Note that the cluster was decided on, with its size and rate now.

        Raises:
            NotFound: there is no such cluster.
        """
        row = self._clusters.get(cluster_id, questions=0).row
        with self._database.writing() as session:
            review = ClusterReview(
                cluster_id=cluster_id,
                verdict=verdict,
                edit_id=edit_id,
                size=row.size,
                weekly=row.last_28 / MONTH,
                person_id=person_id,
            )
            session.add(review)
            session.flush()
        return review

    def by_another(self, cluster_id: int, since: datetime, person_id: int | None) -> ClusterReview | None:
        """The newest decision on the cluster after ``since`` that somebody else made and that stands."""
        query = select(ClusterReview).where(
            ClusterReview.cluster_id == cluster_id,
            ClusterReview.created_at > since,
            ClusterReview.undone_at.is_(None),
            ClusterReview.person_id.is_distinct_from(person_id),
        )
        with self._database.reading() as session:
            return session.scalar(query.order_by(ClusterReview.id.desc()).limit(1))

    def undo(self, review_id: int) -> ClusterReview:
        """Bring the cluster back into the queue; its edit, if there is one, is undone by the caller.

        Raises:
            NotFound: there is no such decision.
            Conflict: it is undone already.
        """
        with self._database.writing() as session:
            review = session.get(ClusterReview, review_id)
            if review is None:
                raise NotFound("There is no decision {id}.", remedy="Reload the page.", id=review_id)
            if review.undone_at is not None:
                raise Conflict("Decision {id} is undone already.", remedy="Reload the page.", id=review_id)
            review.undone_at = utc_now()
        return review


@dataclass(frozen=True, slots=True)
class _Waiting:
    """A cluster of the queue; the fields mean what they mean for a `ReviewItem`."""

    cluster_id: int
    size: int
    saved: float
    grown: bool


def _queue(session: Session, run_id: int, now: datetime) -> list[_Waiting]:
    """The clusters that wait, those first from which a case would save most.

    A decision ends when the case that answered the cluster is archived.  What was asked about a fault of the
    platform that is over waits for nothing, and neither does a cluster that one case covers: it comes when
    the case covers it no more.
    """
    counts = plain_counts_of(session, run_id, list(sizes_of(session, run_id)), now)
    last, coverage = _last_reviews(session), _coverage(session)
    chosen, archived = case_ids(session, counts), archived_cases(session)
    answered = {each for each, case_id in chosen.items() if case_id not in archived} | _covered(session)
    lost = {each: archived[case_id] for each, case_id in chosen.items() if case_id in archived}
    past = past_faults_of(session, run_id, counts, now)
    found = [
        _Waiting(
            each,
            known.size,
            _saved(known, coverage.get(each), past.get(each, NO_FAULT)),
            each in last and last[each].verdict != ReviewVerdict.LATER and _has_grown(known, last[each]),
        )
        for each, known in counts.items()
        if each not in answered
        and not past.get(each, NO_FAULT).is_all_of(known.size)
        and _waits(known, last.get(each), now, lost.get(each))
    ]
    return sorted(found, key=lambda one: (-one.saved, -one.size, one.cluster_id))


def _saved(counts: PlainCounts, coverage: tuple[int, int] | None, past: PastFault) -> float:
    """Questions a week that a case is expected to save, by those of the last 28 days.

    As insights estimate it where ``coverage`` (sure, sampled) is known; else the same share of those that
    nobody answered.
    """
    weekly = max(0, counts.last_28 - past.recent) / MONTH
    if coverage is None:
        return weekly * (1.0 - counts.answered_share) * SAVED
    return saved_a_week(weekly, *coverage)


def has_case(row: ClusterRow) -> bool:
    """Whether the cluster has a case, a draft too; one that is archived answers nothing."""
    return row.case is not None and row.case.state != CaseState.ARCHIVED


def _covered(session: Session) -> set[int]:
    """Clusters that are green by one and the same case."""
    by_one = 2 * Coverage.same_case > Coverage.sampled
    return set(session.scalars(select(Coverage.cluster_id).where(Coverage.colour == Colour.GREEN, by_one)))


def _waits(counts: PlainCounts, review: _Review | None, now: datetime, lost: datetime | None) -> bool:
    """Whether a decision is due; ``lost``: since when the cluster's case is archived."""
    if review is None or _has_grown(counts, review):
        return True
    if lost is not None and lost > review.created_at:
        return True
    return review.verdict == ReviewVerdict.LATER and now - review.created_at >= LATER


def _has_grown(counts: PlainCounts, review: _Review) -> bool:
    more = counts.size >= review.size + GROWN_BY
    return more and counts.last_28 / MONTH >= GROWN_TIMES * review.weekly


class _Review(NamedTuple):
    """What is read of a decision."""

    cluster_id: int
    verdict: str
    size: int
    weekly: float
    created_at: datetime


def _last_reviews(session: Session) -> dict[int, _Review]:
    """The last decision on each cluster that stands."""
    query = select(
        ClusterReview.cluster_id,
        ClusterReview.verdict,
        ClusterReview.size,
        ClusterReview.weekly,
        ClusterReview.created_at,
    ).where(ClusterReview.undone_at.is_(None))
    return {row.cluster_id: _Review(*row) for row in session.execute(query.order_by(ClusterReview.id))}


def _coverage(session: Session) -> dict[int, tuple[int, int]]:
    """How many of each cluster's sample are sure, and how many were asked."""
    query = select(Coverage.cluster_id, Coverage.sure, Coverage.sampled)
    return {row.cluster_id: (row.sure, row.sampled) for row in session.execute(query)}


def _decided(session: Session, since: datetime) -> int:
    query = select(func.count(ClusterReview.cluster_id.distinct()))
    return (
        session.scalar(query.where(ClusterReview.created_at > since, ClusterReview.undone_at.is_(None))) or 0
    )

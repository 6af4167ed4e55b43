"""The review queue: clusters that nobody decided on, the ones that cost most first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import Conflict, NotFound
from kbsearch.insights.coverage import SAVED, saved_a_week
from kbsearch.models import CaseState, ClusterReview, Coverage, ReviewVerdict, utc_now
from kbsearch.services.cluster_rows import MONTH, ClusterRow
from kbsearch.services.clusters import MAX_LISTED, ClusterService

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

    ``saved``: questions a week that a case is expected to save (`saved_weekly`).  ``position`` of ``total``:
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
        rows = self._clusters.list(sort="recent", limit=MAX_LISTED, now=moment).items
        with self._database.reading() as session:
            ids = [row.cluster.id for row in rows]
            last, coverage = _last_reviews(session, ids), _coverage(session, ids)
            decided = _decided(session, moment - SITTING)
        saved = {row.cluster.id: saved_weekly(row, coverage.get(row.cluster.id)) for row in rows}
        waiting = sorted(
            (row for row in rows if _waits(row, last.get(row.cluster.id), moment)),
            key=lambda row: (-saved[row.cluster.id], -row.size, row.cluster.id),
        )
        asked = [row for row in waiting if row.cluster.id == cluster_id] or waiting
        if not asked:
            return None
        row = asked[0]
        grown = row.cluster.id in last and last[row.cluster.id].verdict != ReviewVerdict.LATER
        return ReviewItem(row, saved[row.cluster.id], decided + 1, decided + len(waiting), grown)

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
        row = self._clusters.get(cluster_id).row
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


def saved_weekly(row: ClusterRow, coverage: Coverage | None) -> float:
    """Questions a week that a case is expected to save, by those of the last 28 days.

    As insights estimate it where ``coverage`` is known; else the same share of those that nobody answered.
    """
    weekly = row.last_28 / MONTH
    if coverage is None:
        return weekly * (1.0 - row.answered_share) * SAVED
    return saved_a_week(weekly, coverage.sure, coverage.sampled)


def has_case(row: ClusterRow) -> bool:
    """Whether the cluster has a case, a draft too; one that is archived answers nothing."""
    return row.case is not None and row.case.state != CaseState.ARCHIVED


def _waits(row: ClusterRow, review: ClusterReview | None, now: datetime) -> bool:
    if has_case(row):
        return False
    if review is None or _has_grown(row, review):
        return True
    return review.verdict == ReviewVerdict.LATER and now - review.created_at >= LATER


def _has_grown(row: ClusterRow, review: ClusterReview) -> bool:
    more = row.size >= review.size + GROWN_BY
    return more and row.last_28 / MONTH >= GROWN_TIMES * review.weekly


def _last_reviews(session: Session, cluster_ids: Iterable[int]) -> dict[int, ClusterReview]:
    query = select(ClusterReview).where(
        ClusterReview.cluster_id.in_(list(cluster_ids)), ClusterReview.undone_at.is_(None)
    )
    return {each.cluster_id: each for each in session.scalars(query.order_by(ClusterReview.id))}


def _coverage(session: Session, cluster_ids: Iterable[int]) -> Mapping[int, Coverage]:
    query = select(Coverage).where(Coverage.cluster_id.in_(list(cluster_ids)))
    return {each.cluster_id: each for each in session.scalars(query)}


def _decided(session: Session, since: datetime) -> int:
    query = select(func.count()).select_from(ClusterReview)
    return (
        session.scalar(query.where(ClusterReview.created_at > since, ClusterReview.undone_at.is_(None))) or 0
    )

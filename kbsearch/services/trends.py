"""Trends of clusters, courses and lessons: computed by the worker now and then, read by pages at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from sqlalchemy import and_, delete, exists, func, select
from sqlalchemy.orm import Session

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.insights.trend import Trend, TrendState, trends
from kbsearch.models import Cluster, ClusterTrend, Membership, Question, utc_now
from kbsearch.services.current_run import current_run
from kbsearch.services.kept_results import KeptResult, state_of_questions
from kbsearch.services.weekly_counts import (
    WeeklyCounts,
    cohort_places,
    weekly_clusters,
    weekly_courses,
    weekly_lessons,
)

REMEMBERED = 53
"""Weeks that trends are told from."""
REFRESHED = timedelta(hours=1)
FRESH = timedelta(days=1)
"""Trends older than this are computed anew for whoever asks, because no worker keeps them up."""
LARGE = 2_000
"""Questions from which on a cluster is large."""
LOUD = (TrendState.NEW, TrendState.GROWING)


@dataclass(frozen=True, slots=True)
class CodeTrend:
    """The trend of a course or lesson; ``weekly``: its questions by week, oldest first."""

    code: str
    trend: Trend
    weekly: tuple[int, ...]


class TrendService:
    """Verbs on trends.  ``large``: questions from which on a cluster is read by time."""

    def __init__(self, database: Database, settings: Settings, large: int = LARGE) -> None:
        self._database = database
        self._large = large
        self._zone = ZoneInfo(settings.timezone)
        self._kept: KeptResult[list[ClusterTrend]] = KeptResult()

    def refresh(self, now: datetime | None = None) -> list[ClusterTrend]:
        """Compute the trends of all clusters and keep them; returns those that are new or grow."""
        moment = now or utc_now()
        with self._database.reading() as session:
            found = _computed(session, moment)
            before = {one.cluster_id: one for one in session.scalars(select(ClusterTrend))}
        for one in found:
            known = before.get(one.cluster_id)
            if known is not None and known.state == one.state:
                one.since = known.since
        with self._database.writing() as session:
            session.execute(delete(ClusterTrend))
            session.add_all(found)
        return [one for one in found if one.state in LOUD]

    def refresh_due(self, now: datetime | None = None) -> bool:
        """`refresh` when what is kept is an hour old or of another run; returns whether it was."""
        moment = now or utc_now()
        with self._database.reading() as session:
            run = current_run(session)
            kept = session.scalar(select(ClusterTrend).order_by(ClusterTrend.computed_at.desc()).limit(1))
        if run is None:
            return False
        if kept is not None and kept.run_id == run.id and moment - kept.computed_at < REFRESHED:
            return False
        self.refresh(moment)
        return True

    def of(self, cluster_ids: Iterable[int], now: datetime | None = None) -> dict[int, ClusterTrend]:
        """The trends of clusters by id; clusters that are gone have none."""
        wanted, moment = set(cluster_ids), now or utc_now()
        with self._database.reading() as session:
            if _are_fresh(session, moment):
                kept = select(ClusterTrend).where(ClusterTrend.cluster_id.in_(wanted))
                return {one.cluster_id: one for one in session.scalars(kept)}
            return {one.cluster_id: one for one in self._told(session, moment) if one.cluster_id in wanted}

    def loud(self, now: datetime | None = None) -> list[ClusterTrend]:
        """Clusters that are new or grow, surest first."""
        moment = now or utc_now()
        with self._database.reading() as session:
            if _are_fresh(session, moment):
                found = list(session.scalars(select(ClusterTrend).where(ClusterTrend.state.in_(LOUD))))
            else:
                found = self._told(session, moment)
        return sorted(
            (one for one in found if one.state in LOUD),
            key=lambda one: (one.p, -one.observed, one.cluster_id),
        )

    def _told(self, session: Session, now: datetime) -> list[ClusterTrend]:
        """What the worker has not kept, computed at most once for what there is now."""
        return self._kept.of(state_of_questions(session, now), lambda: _computed(session, now))

    def courses(self, now: datetime | None = None) -> list[CodeTrend]:
        """The trend of each course that questions name, by code."""
        with self._database.reading() as session:
            return _coded(weekly_courses(session, now or utc_now(), REMEMBERED))

    def lessons(self, course: str = "", now: datetime | None = None) -> list[CodeTrend]:
        """The trend of each lesson that questions name, by code; only of a ``course`` when it is given."""
        with self._database.reading() as session:
            return _coded(weekly_lessons(session, now or utc_now(), REMEMBERED, course))

    def daily(self, cluster_id: int, days: int = 28, now: datetime | None = None) -> list[tuple[date, int]]:
        """Questions of a cluster on each of the last ``days`` in the school's time zone, oldest first."""
        today = (now or utc_now()).astimezone(self._zone).date()
        first = today - timedelta(days=days - 1)
        since = datetime.combine(first, datetime.min.time(), self._zone)
        with self._database.reading() as session:
            run = current_run(session)
            size = session.scalar(select(Cluster.size).where(Cluster.id == cluster_id)) or 0
            inside = and_(
                Membership.question_id == Question.id,
                Membership.run_id == (run.id if run else 0),
                Membership.cluster_id == cluster_id,
            )
            query = select(Question.asked_at).where(Question.asked_at >= since)
            # Of a large cluster most questions are older: then the index by time reads fewer rows.
            query = (
                query.where(exists().where(inside)) if size > self._large else query.join(Membership, inside)
            )
            asked = [moment.astimezone(self._zone).date() for moment in session.scalars(query)]
        return [(day, asked.count(day)) for day in (first + timedelta(days=n) for n in range(days))]


def _are_fresh(session: Session, now: datetime) -> bool:
    """Whether trends are kept that may still be shown; right after a run they are those of the run before."""
    kept = session.scalar(select(func.max(ClusterTrend.computed_at)))
    return kept is not None and abs(now - kept) < FRESH


def _computed(session: Session, now: datetime) -> list[ClusterTrend]:
    run = current_run(session)
    if run is None:
        return []
    counts = weekly_clusters(session, run.id, now, REMEMBERED)
    places = cohort_places(session, counts)
    found = trends(counts.students, counts.courses, places)
    return [
        ClusterTrend(
            cluster_id=cluster_id,
            run_id=run.id,
            state=trend.state,
            p=trend.p,
            weeks=trend.weeks,
            observed=trend.observed,
            expected=trend.expected,
            course_week=_course_week(trend, places.get(int(course))),
            since=now,
            computed_at=now,
        )
        for cluster_id, trend, course in zip(counts.keys, found, counts.courses, strict=True)
    ]


def _course_week(
    trend: Trend, places: np.ndarray[tuple[int, int], np.dtype[np.float64]] | None
) -> int | None:
    if trend.state != TrendState.EXPECTED or places is None or not places[:, -1].any():
        return None
    return int(np.flatnonzero(places[:, -1])[0]) + 1


def _coded(counts: WeeklyCounts) -> list[CodeTrend]:
    alone: Sequence[Trend] = trends(counts.students, np.full(len(counts.keys), -1, np.int64))
    return [
        CodeTrend(str(code), trend, tuple(questions))
        for code, trend, questions in zip(counts.keys, alone, counts.questions.tolist(), strict=True)
    ]

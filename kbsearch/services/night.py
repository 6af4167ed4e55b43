"""What the worker does at night: measure, and learn from what people did since."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.models import Case, Feedback, Job, JobKind, Question, utc_now
from kbsearch.services.jobs import JobService

NIGHT = "night"
"""The occasion of these jobs, in their parameters."""
KINDS = (JobKind.MEASURE, JobKind.LEARN)


class NightWork:
    """Asks for the nightly job when it is due.  ``now`` tells the time."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        jobs: JobService,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._settings = settings
        self._kind = JobKind.LEARN if settings.learn_nightly else JobKind.MEASURE
        self._now = now

    def enqueue_due(self) -> Job | None:
        """The job for the last night, unless it was asked for already or nothing changed since.

        A night that was slept through is made up for.
        """
        if self._settings.night_hour < 0:
            return None
        night = last_night(self._settings, self._now())
        with self._database.reading() as session:
            due = self._is_due(session, night)
        return self._jobs.enqueue(self._kind, {"occasion": NIGHT}) if due else None

    @staticmethod
    def _is_due(session: Session, night: datetime) -> bool:
        jobs = select(Job.created_at, Job.parameters).where(Job.kind.in_(KINDS)).order_by(Job.id.desc())
        known = (made for made, given in session.execute(jobs) if given.get("occasion") == NIGHT)
        last = next(known, None)
        if last is not None and last >= night:
            return False
        first = session.scalar(select(func.min(Case.created_at)))
        if first is None or first >= night:
            return False
        answered = select(Question.id).where(Question.case_id.is_not(None)).limit(1)
        told = _last_told(session)
        if told is None and session.scalar(answered) is None:
            return False
        changed = session.scalar(select(func.max(Case.updated_at)))
        return last is None or max(moment for moment in (told, changed) if moment) >= last


def _last_told(session: Session) -> datetime | None:
    """When feedback was last given or taken back."""
    moments = session.execute(select(func.max(Feedback.created_at), func.max(Feedback.withdrawn_at))).one()
    return max((moment for moment in moments if moment), default=None)


def last_night(settings: Settings, now: datetime) -> datetime:
    """The latest night hour up to ``now``, in the time zone of the school."""
    local = now.astimezone(ZoneInfo(settings.timezone))
    night = local.replace(hour=settings.night_hour, minute=0, second=0, microsecond=0)
    return night if night <= local else night - timedelta(days=1)

"""When coverage is looked at again: after a run, after cases changed, and at night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.models import Case, Collection, Job, JobKind, JobState, Outbox, utc_now
from kbsearch.services.coverage import Occasion
from kbsearch.services.jobs import JobService
from kbsearch.services.newest_run import newest_run
from kbsearch.services.night import last_night

BUSY = (JobState.WAITING, JobState.RUNNING)
REMEMBERED = 50
"""Jobs that are looked through for the last whole refresh."""


class CoverageSchedule:
    """Asks for the job when it is due.  ``now`` tells the time."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        jobs: JobService,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._settings = settings
        self._jobs = jobs
        self._now = now

    def enqueue_due(self) -> Job | None:
        """The job that is due; None while one waits or runs, and when nothing changed."""
        with self._database.reading() as session:
            run = newest_run(session)
            occasion = self._due(session, run.id) if run else None
        if run is None or occasion is None:
            return None
        return self._jobs.enqueue(JobKind.COVERAGE, {"occasion": occasion, "run_id": run.id})

    def _due(self, session: Session, run_id: int) -> Occasion | None:
        query = select(Job).where(Job.kind == JobKind.COVERAGE).order_by(Job.id.desc()).limit(REMEMBERED)
        past = list(session.scalars(query))
        if any(job.state in BUSY for job in past):
            return None
        if not past or past[0].parameters.get("run_id") != run_id:
            return Occasion.RUN
        if self._night_is_due(past):
            return Occasion.NIGHT
        changed = session.scalar(select(func.max(Case.updated_at)))
        if changed is None or changed <= past[0].created_at or _waiting(session):
            return None
        return Occasion.CASE

    def _night_is_due(self, past: list[Job]) -> bool:
        if self._settings.night_hour < 0:
            return False
        night = last_night(self._settings, self._now())
        return not any(
            job.created_at >= night and job.parameters.get("occasion") != Occasion.CASE for job in past
        )


def _waiting(session: Session) -> bool:
    """Whether the index does not hold the newest cases yet."""
    rows = select(Outbox.id).where(Outbox.collection == Collection.CASES, Outbox.failed_at.is_(None)).limit(1)
    return session.scalar(rows) is not None

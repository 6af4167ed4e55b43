"""When clusters are looked for without being asked: at night, when there are new questions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.models import Job, JobKind, JobState, Question, QuestionState, Run, utc_now
from kbsearch.services.jobs import JobService
from kbsearch.services.night import last_night

BUSY = (JobState.WAITING, JobState.RUNNING)


class ClusterSchedule:
    """Asks for the nightly run over the whole school.  ``now`` tells the time."""

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
        """The job for the last night; None when it was asked for already, or nothing was asked since the run.

        A night that was slept through is made up for.  What an earlier run proposes still is replaced.
        """
        if self._settings.night_hour < 0 or self._settings.cluster_nightly == "off":
            return None
        night = last_night(self._settings, self._now())
        with self._database.reading() as session:
            due = _is_due(session, night)
        if not due:
            return None
        return self._jobs.enqueue(JobKind.CLUSTER, {"accept": self._settings.cluster_nightly == "accept"})


def _is_due(session: Session, night: datetime) -> bool:
    jobs = select(func.max(Job.created_at)).where(Job.kind == JobKind.CLUSTER)
    last = session.scalar(jobs)
    if last is not None and last >= night:
        return False
    if session.scalar(select(Job.id).where(Job.kind == JobKind.CLUSTER, Job.state.in_(BUSY)).limit(1)):
        return False
    finished = select(Run).where(Run.finished_at.is_not(None)).order_by(Run.id.desc()).limit(1)
    run = session.scalar(finished.where(Run.course == ""))
    if run is None and session.scalar(finished) is not None:
        return False  # Only courses are clustered here: a run over the whole school would take their place.
    if run is not None and run.started_at >= night:
        return False
    return _has_new(session, run, night)


def _has_new(session: Session, run: Run | None, night: datetime) -> bool:
    """Whether a question came before ``night`` that the run does not know of."""
    query = select(Question.id).where(Question.state != QuestionState.DISMISSED, Question.received_at < night)
    if run is not None:
        newest = run.parameters.get("newest_question")
        new = Question.received_at > run.started_at if newest is None else Question.id > newest
        query = query.where(new)
    return session.scalar(query.limit(1)) is not None

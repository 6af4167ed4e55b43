"""Longer tasks: who asked, how far they are, how they ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import Conflict, KbsearchError, NotFound
from kbsearch.models import Job, JobKind, JobState, utc_now

STAGE_CHARS = 100
BUSY = (JobState.WAITING, JobState.RUNNING)
ENDED = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class JobService:
    """Jobs in the database: enqueued by anybody, claimed and advanced by the worker."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def enqueue(self, kind: JobKind, parameters: Mapping[str, Any], person_id: int | None = None) -> Job:
        """A new job that waits for the worker.  ``parameters`` must be JSON."""
        with self._database.writing() as session:
            return queued(session, kind, parameters, person_id)

    def get(self, job_id: int) -> Job:
        """The job.

        Raises:
            NotFound: there is none with this id.
        """
        with self._database.reading() as session:
            return _existing(session, job_id)

    def latest(self, limit: int = 20) -> list[Job]:
        """The newest jobs, newest first."""
        with self._database.reading() as session:
            return list(session.scalars(select(Job).order_by(Job.id.desc()).limit(limit)))

    def claim(self) -> Job | None:
        """Take the oldest waiting job and mark it running; None when none waits."""
        waiting = select(Job).where(Job.state == JobState.WAITING).order_by(Job.id).limit(1)
        with self._database.reading() as session:
            if session.scalar(waiting) is None:
                return None
        with self._database.writing() as session:
            job = session.scalar(waiting.with_for_update(skip_locked=True))
            if job is not None:
                job.state = JobState.RUNNING
                job.started_at = job.heartbeat_at = utc_now()
                job.done, job.total, job.stage = 0, 0, ""
        return job

    def advance(self, job_id: int, done: int, total: int, stage: str) -> None:
        """Note how far a running job is; shows as well that its worker lives.

        Raises:
            Conflict: it was cancelled, or is not running: stop.
        """
        values = {"done": done, "total": total, "stage": stage[:STAGE_CHARS], "heartbeat_at": utc_now()}
        with self._database.writing() as session:
            _change_running(session, job_id, values)

    def release(self, job_id: int) -> None:
        """Let a running job wait for another worker: its own one stops."""
        with self._database.writing() as session:
            session.execute(_running(job_id).values(state=JobState.WAITING, stage="", done=0, total=0))

    def finish(self, job_id: int, result: Mapping[str, Any]) -> None:
        """Mark a running job done.  ``result`` must be JSON.

        Raises:
            Conflict: it was cancelled, or is not running.
        """
        with self._database.writing() as session:
            end_with(session, job_id, result)

    def fail(self, job_id: int, error: KbsearchError) -> None:
        """Mark a running job failed; one that was cancelled stays so."""
        values = {
            "state": JobState.FAILED,
            "error": f"{error.message} {error.remedy}".strip(),
            "failure": _failure(error),
            "finished_at": utc_now(),
        }
        with self._database.writing() as session:
            session.execute(_running(job_id).values(**values))

    def cancel(self, job_id: int) -> None:
        """Stop a job that waits or runs; a running one stops when it next tells how far it is.

        Raises:
            NotFound: there is none with this id.
            Conflict: it has ended already.
        """
        with self._database.writing() as session:
            job = _existing(session, job_id, locked=True)
            if job.state in ENDED:
                raise Conflict("Job {id} has ended already: {state}.", id=job_id, state=str(job.state))
            job.state, job.finished_at = JobState.CANCELLED, utc_now()

    def recover_stale(self, seconds: float) -> int:
        """Let running jobs wait again whose worker gave no sign for ``seconds``; returns how many."""
        bar = utc_now() - timedelta(seconds=seconds)
        stale = update(Job).where(Job.state == JobState.RUNNING, Job.heartbeat_at <= bar)
        with self._database.writing() as session:
            changed = session.execute(stale.values(state=JobState.WAITING, stage="", done=0, total=0))
            return int(changed.rowcount)  # type: ignore[attr-defined]  # an UPDATE has it


def queued(session: Session, kind: JobKind, parameters: Mapping[str, Any], person_id: int | None) -> Job:
    """A new job that waits for the worker, in the caller's transaction."""
    job = Job(kind=JobKind(kind), state=JobState.WAITING, parameters=dict(parameters), person_id=person_id)
    session.add(job)
    session.flush()
    session.refresh(job)
    return job


def busy_jobs(session: Session, kind: JobKind) -> list[Job]:
    """The jobs of a kind that wait or run, oldest first."""
    query = select(Job).where(Job.state.in_(BUSY), Job.kind == kind).order_by(Job.id)
    return list(session.scalars(query))


def end_with(session: Session, job_id: int, result: Mapping[str, Any]) -> None:
    """Mark a running job done in the caller's transaction, so that it ends with what it did or not at all.

    Raises:
        Conflict: it was cancelled, or is not running.
    """
    values = {"state": JobState.DONE, "result": dict(result), "finished_at": utc_now()}
    _change_running(session, job_id, values)


def _change_running(session: Session, job_id: int, values: Mapping[str, Any]) -> None:
    changed = session.execute(_running(job_id).values(**values))
    if not changed.rowcount:  # type: ignore[attr-defined]  # an UPDATE has it
        job = _existing(session, job_id)
        raise Conflict("Job {id} is not running: it is {state}.", id=job_id, state=str(job.state))


def _existing(session: Session, job_id: int, *, locked: bool = False) -> Job:
    job = session.get(Job, job_id, with_for_update=locked or None)
    if job is None:
        raise NotFound("There is no job {id}.", id=job_id)
    return job


def _failure(error: KbsearchError) -> dict[str, Any]:
    """``error`` as `Job.failure` keeps it; details that JSON does not know become text."""
    details = json.loads(json.dumps(error.details, default=str))
    return {"message": error.template, "remedy": error.remedy_template, "details": details}


def _running(job_id: int) -> Any:
    return update(Job).where(Job.id == job_id, Job.state == JobState.RUNNING)

"""Accepting what a run proposes: a few questions at once, many as a job of the worker."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.models import Job, JobKind
from kbsearch.ports import Progress, silent
from kbsearch.services.acceptance import places_count
from kbsearch.services.jobs import busy_jobs, end_with, queued
from kbsearch.services.proposals import accepted, decidable, has_open, open_lines

AT_ONCE = 2_000
"""So many places of questions are brought up to date while a person waits; more are a job's."""


class ProposalWork:
    """Decides who accepts, and accepts for the worker."""

    def __init__(self, database: Database, *, at_once: int = AT_ONCE) -> None:
        self._database = database
        self._at_once = at_once

    def accept(
        self, run_id: int, lines: Collection[int] | None = None, person_id: int | None = None
    ) -> Job | int:
        """Accept lines by their ids, or with None all that are open: the job that will do it, or how many.

        While a job accepts lines of the run, it is that job, whatever is asked for.

        Raises:
            NotFound: there is no such run or line.
            Conflict: a newer run proposes something else, or a line is decided already.
        """
        with self._database.writing() as session:
            decidable(session, run_id)  # also lets one of two people who press at once wait for the other
            if (known := _accepting(session, run_id)) is not None:
                return known
            chosen = None if lines is None else open_lines(session, run_id, lines)
            if places_count(session, run_id, chosen) <= self._at_once or not has_open(session, run_id):
                return accepted(session, run_id, lines, person_id)
            parameters = {"run_id": run_id, "lines": None if lines is None else sorted(lines)}
            return queued(session, JobKind.ACCEPT, parameters, person_id)

    def accepting(self, run_id: int) -> Job | None:
        """The job that accepts lines of the run, waiting or at work."""
        with self._database.reading() as session:
            return _accepting(session, run_id)

    def work(self, job: Job, progress: Progress = silent) -> None:
        """Do what ``job`` asks for and end it, in one transaction: neither is ever seen without the other.

        Its result: ``accepted``, how many changes.

        Raises:
            NotFound: there is no such run or line.
            Conflict: a newer run proposes something else, a line is decided already, or the job is cancelled.
        """
        run_id, lines = job.parameters["run_id"], job.parameters["lines"]
        progress(0, 1, "Accepting changes")
        with self._database.writing() as session:
            count = accepted(session, run_id, lines, job.person_id)
            end_with(session, job.id, {"accepted": count})


def _accepting(session: Session, run_id: int) -> Job | None:
    jobs = busy_jobs(session, JobKind.ACCEPT)
    return next((job for job in jobs if job.parameters["run_id"] == run_id), None)

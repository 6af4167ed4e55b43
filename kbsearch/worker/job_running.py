"""The worker's second loop: what each kind of job does, how far it is, and how it ended."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict, KbsearchError, StorageUnavailable
from kbsearch.models import Job, JobKind
from kbsearch.ports import Progress
from kbsearch.services.coverage import Occasion

PROGRESS_SECONDS = 0.25
"""A job's progress is written at most this often."""
RETRY_SECONDS = 2.0
"""How often it is tried to note how a job ended, when the database refuses."""
_log = logging.getLogger(__name__)


def run_to_its_end(app: Kbsearch, job: Job, stop: threading.Event) -> None:
    """Run ``job``, which was claimed, and note how it ended; when ``stop`` is set it is given back."""
    jobs = app.jobs
    try:
        progress = _Progress(app, job.id, stop)
        if job.kind == JobKind.ACCEPT:
            app.proposal_work.work(job, progress)
        elif job.kind == JobKind.UNDO:
            app.past_imports.work(job, progress)
        else:
            jobs.finish(job.id, _done(app, job, progress))
    except Conflict as error:
        _log.info("%s", error.message)
        _fail(app, job.id, error, stop)  # a cancelled or released job stays so
    except KbsearchError as error:
        _fail(app, job.id, error, stop)
    except Exception as error:
        _log.exception("job %d failed", job.id)
        _fail(app, job.id, _surprise(error), stop)


def _fail(app: Kbsearch, job_id: int, error: KbsearchError, stop: threading.Event) -> None:
    """Note that the job failed, as soon as the database takes it: else it would be said to run for ever.

    What it failed of, a full disk for example, may keep that from being noted.
    """
    while True:
        try:
            app.jobs.fail(job_id, error)
        except StorageUnavailable as refused:
            _log.warning("job %d failed: %s %s", job_id, error.message, error.remedy)
            _log.warning("that cannot be noted yet: %s %s", refused.message, refused.remedy)
            if stop.wait(RETRY_SECONDS):
                raise
        else:
            return


def _done(app: Kbsearch, job: Job, progress: Progress) -> dict[str, Any]:
    """Do what ``job`` asks for; returns its result."""
    if job.kind == JobKind.REBUILD:
        app.maintenance.rebuild(progress)
        return {}
    if job.kind == JobKind.CLUSTER:
        run_id = app.cluster_runner.run(progress, **job.parameters)
        app.map_drawer.draw_due()
        return {"run_id": run_id}
    if job.kind == JobKind.MEASURE:
        return app.quality_work.measure(progress, job.parameters.get("occasion", "person"))
    if job.kind == JobKind.LEARN:
        return app.quality_work.learn(progress, job.parameters.get("occasion", "person"))
    if job.kind == JobKind.COVERAGE:
        occasion = job.parameters.get("occasion", Occasion.PERSON)
        return app.coverage.refresh(progress, Occasion(occasion))
    return _imported(app, job, progress)


def _imported(app: Kbsearch, job: Job, progress: Progress) -> dict[str, Any]:
    from kbsearch.services.imports import ImportOptions, Origin

    given = dict(job.parameters)
    path = Path(given.pop("path"))
    for several in ("mentors", "channels"):
        given[several] = tuple(given.get(several, ()))
    options = ImportOptions(**given)
    origin = Origin(options.file_name or options.source or path.name, job.id, job.person_id)
    return asdict(app.imports.run(path, options, progress, origin))


def _surprise(error: Exception) -> KbsearchError:
    return KbsearchError(
        "Unexpected: {kind}.", remedy="The log of the worker says more.", kind=type(error).__name__
    )


class _Progress:
    """Writes a job's progress now and then.

    Raises:
        Conflict: the job was cancelled, or the worker stops and has released it; either ends it.
    """

    def __init__(self, app: Kbsearch, job_id: int, stop: threading.Event) -> None:
        self._jobs = app.jobs
        self._job_id = job_id
        self._stop = stop
        self._stage = ""
        self._next = 0.0

    def __call__(self, done: int, total: int, stage: str) -> None:
        if self._stop.is_set():
            self._jobs.release(self._job_id)
            raise Conflict("Job {id} is run again when the worker is back.", id=self._job_id)
        now = time.monotonic()
        if stage == self._stage and now < self._next and done != total:
            return
        self._stage, self._next = stage, now + PROGRESS_SECONDS
        self._jobs.advance(self._job_id, done, total, stage)

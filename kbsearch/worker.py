"""The worker: keeps the indexes up to date and runs the longer tasks, one worker for one home folder."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

from clustering.case_joining import join_by_case
from indexer.locks import locked
from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict, EncoderUnavailable, IndexUnavailable, KbsearchError
from kbsearch.models import Job, JobKind
from kbsearch.ports import Progress
from kbsearch.services.coverage import Occasion

MAX_PAUSE = 30.0
"""Longest pause, in seconds, before something that failed is tried again."""
PROGRESS_SECONDS = 0.25
"""A task's progress is written at most this often."""
SWEEP_SECONDS = 60.0
"""Uploaded files that nobody needs any more, and damage of the indexes, are looked for this often."""
WATCH_SECONDS = 2.0
"""New questions are looked at for faults of the platform this often."""
LOOK_SECONDS = 10.0
"""New feedback, and the hour of the night, are looked at this often."""
FIGURES_SECONDS = 5.0
"""Figures that pages show are looked at this often, once they are up to date."""
REST_SECONDS = 0.5
"""Between two slices of reading or asking, so that who waits for an answer has the processor."""
_log = logging.getLogger(__name__)

Step = Callable[[], bool]


class Worker:
    """Four loops that do not wait for each other: the outbox, jobs, faults of the platform, and figures."""

    def __init__(self, app: Kbsearch) -> None:
        self._app = app
        self._poll = app.settings.worker_poll_seconds
        self._wakes = tuple(threading.Event() for _ in range(4))
        self._untidy = True
        self._next_sweep = 0.0
        self._next_ping = 0.0
        self._next_look = 0.0
        self._next_watch = 0.0
        self._next_figures = 0.0
        self._next_reading = 0.0
        self._encoder_rests = 0.0

    def notify(self) -> None:
        """Look for work now instead of at the next poll."""
        for wake in self._wakes:
            wake.set()

    def run(self, stop: threading.Event) -> None:
        """Work until ``stop`` is set.  While another worker serves the same home, stand by."""
        lock = self._app.settings.home / "worker.lock"
        waited = False
        while not stop.is_set():
            with locked(lock, 0) as mine:
                if mine:
                    self._serve(stop)
                elif not waited:
                    waited = True
                    _log.info(
                        "another process works for %s: this worker stands by until it ends",
                        self._app.settings.home,
                    )
            stop.wait(self._poll)

    def _serve(self, stop: threading.Event) -> None:
        waiting, *others = self._wakes
        steps: dict[str, Step] = {
            "jobs": partial(self._run_job, stop),
            "faults": self._watch,
            "figures": self._refresh_figures,
        }
        loops = [
            threading.Thread(target=self._loop, args=(step, wake, stop), name=name, daemon=True)
            for (name, step), wake in zip(steps.items(), others, strict=True)
        ]
        _log.info("the worker serves %s", self._app.settings.home)
        self._until_done(self._recover, stop)
        for loop in loops:
            loop.start()
        self._loop(self._index, waiting, stop)
        for loop in loops:
            loop.join(MAX_PAUSE)

    def _recover(self) -> bool:
        # This is the only worker, so whatever is said to run was left by one that died.
        if count := self._app.jobs.recover_stale(0):
            _log.warning("%d jobs of a worker that died are run again", count)
        return False

    def _until_done(self, step: Step, stop: threading.Event) -> None:
        failures = 0
        while not stop.is_set():
            if self._tried(step) is not None:
                return
            failures += 1
            stop.wait(min(MAX_PAUSE, self._poll * 2**failures))

    def _loop(self, step: Step, wake: threading.Event, stop: threading.Event) -> None:
        """Repeat ``step``; rest when it found nothing to do, longer and longer while it fails."""
        failures = 0
        while not stop.is_set():
            worked = self._tried(step)
            failures = failures + 1 if worked is None else 0
            if failures:
                stop.wait(min(MAX_PAUSE, self._poll * 2**failures))
            elif not worked:
                wake.wait(self._poll)
                wake.clear()

    @staticmethod
    def _tried(step: Step) -> bool | None:
        """What ``step`` returned; None when it failed, which is logged."""
        try:
            return step()
        except KbsearchError as error:
            _log.warning("%s %s", error.message, error.remedy)
        except Exception:
            _log.exception("the worker goes on after an unexpected error")
        return None

    def _index(self) -> bool:
        """Bring the indexes up to date; an index that is lost or damaged is rebuilt."""
        maintenance = self._app.maintenance
        if lost := maintenance.lost():
            _log.warning("the index of %s is gone and is built anew", ", ".join(lost))
            maintenance.rebuild(only=lost)
            return True
        try:
            worked = self._app.pipeline.drain() > 0
            if not worked:
                self._look_at_indexes()
                if self._read_once_more():
                    return True
        except IndexUnavailable as error:
            if not error.details.get("rebuild"):
                raise
            _log.warning("%s It is built anew.", error.message)
            maintenance.rebuild()
            return True
        self._untidy = self._untidy or worked
        if not worked and self._untidy:
            self._untidy = maintenance.compact()
            return self._untidy
        return worked

    def _read_once_more(self) -> bool:
        """Let the second encoder read cases, else questions; returns whether there may be more cases.

        While it fails, what it has not read is found and clustered without it.
        """
        if time.monotonic() < self._encoder_rests:
            return False
        try:
            return self._read_cases() or self._read_questions()
        except EncoderUnavailable as error:
            _log.warning("nothing is read by the second encoder: %s", error)
            self._encoder_rests = time.monotonic() + SWEEP_SECONDS
            return False

    def _read_cases(self) -> bool:
        maintenance = self._app.maintenance
        if unread := maintenance.without_second_opinions():
            _log.info("the second encoder reads the %s: the index is built anew", ", ".join(unread))
            maintenance.rebuild(only=unread)
            return True
        if maintenance.read_again():
            self._untidy = True
            return True
        return False

    def _read_questions(self) -> bool:
        reader = self._app.question_reader
        if reader and time.monotonic() >= self._next_reading:
            pause = REST_SECONDS if reader.read_some() else FIGURES_SECONDS
            self._next_reading = time.monotonic() + pause
        return False

    def _watch(self) -> bool:
        """Look for faults of the platform in what was asked, and send reports that are due."""
        if self._app.webhooks.deliver_due():
            return True
        now = time.monotonic()
        if now < self._next_watch:
            return False
        self._next_watch = now + WATCH_SECONDS
        if self._app.fault_watch.watch():
            self._next_watch = now
            return True
        return False

    def _refresh_figures(self) -> bool:
        """Do a slice of the figures that pages show; returns whether there was something to do."""
        now = time.monotonic()
        if now < self._next_figures:
            return False
        app = self._app
        if app.cluster_counts.refresh_due() or app.trends.refresh_due() or app.effects.refresh_due():
            return True
        if app.settings.cluster_by_case and (asked := app.first_matches.refresh_due()):
            join_by_case(app.database, asked)
            self._next_figures = time.monotonic() + REST_SECONDS
            return False
        self._next_figures = now + FIGURES_SECONDS
        return False

    def _look_at_indexes(self) -> None:
        """Now and then, so that damage is mended before there is something to write."""
        now = time.monotonic()
        if now >= self._next_ping:
            self._next_ping = now + SWEEP_SECONDS
            self._app.case_index.ping()
            self._app.question_index.ping()

    def _run_job(self, stop: threading.Event) -> bool:
        """Run one waiting job to its end; returns whether there was one."""
        jobs = self._app.jobs
        job = jobs.claim()
        if job is None:
            return self._look_around()
        try:
            progress = _Progress(self._app, job.id, stop)
            if job.kind == JobKind.ACCEPT:
                self._app.proposal_work.work(job, progress)
            elif job.kind == JobKind.UNDO:
                self._app.past_imports.work(job, progress)
            else:
                jobs.finish(job.id, self._done(job, progress))
        except Conflict as error:
            _log.info("%s", error.message)
            jobs.fail(job.id, error)  # a cancelled or released job stays so
        except KbsearchError as error:
            jobs.fail(job.id, error)
        except Exception as error:
            _log.exception("job %d failed", job.id)
            jobs.fail(job.id, _surprise(error))
        self.notify()
        return True

    def _look_around(self) -> bool:
        """Now and then do the small tasks that nobody asks for; never more work to do."""
        now = time.monotonic()
        if now >= self._next_sweep:
            self._next_sweep = now + SWEEP_SECONDS
            if count := self._app.uploads.sweep():
                _log.info("%d uploaded files were deleted", count)
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            for event in self._app.promise.check_new():
                _log.warning("the promise of precision: %s", event.state)
            self._app.night.enqueue_due()
            self._app.cluster_schedule.enqueue_due()
            self._app.coverage_schedule.enqueue_due()
            self._app.joiner.join()
            self._app.map_drawer.draw_due()
        return False

    def _done(self, job: Job, progress: Progress) -> dict[str, Any]:
        """Do what ``job`` asks for; returns its result."""
        if job.kind == JobKind.REBUILD:
            self._app.maintenance.rebuild(progress)
            return {}
        if job.kind == JobKind.CLUSTER:
            run_id = self._app.cluster_runner.run(progress, **job.parameters)
            self._app.map_drawer.draw_due()
            return {"run_id": run_id}
        if job.kind == JobKind.MEASURE:
            return self._app.quality_work.measure(progress, job.parameters.get("occasion", "person"))
        if job.kind == JobKind.LEARN:
            return self._app.quality_work.learn(progress, job.parameters.get("occasion", "person"))
        if job.kind == JobKind.COVERAGE:
            occasion = job.parameters.get("occasion", Occasion.PERSON)
            return self._app.coverage.refresh(progress, Occasion(occasion))
        return self._imported(job, progress)

    def _imported(self, job: Job, progress: Progress) -> dict[str, Any]:
        from kbsearch.services.imports import ImportOptions, Origin

        given = dict(job.parameters)
        path = Path(given.pop("path"))
        given["mentors"] = tuple(given.get("mentors", ()))
        options = ImportOptions(**given)
        origin = Origin(options.file_name or options.source or path.name, job.id, job.person_id)
        return asdict(self._app.imports.run(path, options, progress, origin))


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


def start_thread(app: Kbsearch) -> tuple[threading.Thread, threading.Event]:
    """Run a worker in a thread of this process; set the event to stop it."""
    stop = threading.Event()
    thread = threading.Thread(target=Worker(app).run, args=(stop,), name="worker", daemon=True)
    thread.start()
    return thread, stop

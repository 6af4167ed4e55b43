"""The worker: keeps the indexes up to date and runs the longer tasks, one worker for one home folder."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from functools import partial

from clustering.case_joining import join_by_case
from indexer.locks import locked
from kbsearch.app import Kbsearch
from kbsearch.errors import KbsearchError
from kbsearch.worker.index_upkeep import REST_SECONDS, IndexUpkeep
from kbsearch.worker.job_running import run_to_its_end

MAX_PAUSE = 30.0
"""Longest pause, in seconds, before something that failed is tried again."""
SWEEP_SECONDS = 60.0
"""Uploaded files that nobody needs any more are looked for this often."""
WATCH_SECONDS = 2.0
"""New questions are looked at for faults of the platform this often."""
LOOK_SECONDS = 10.0
"""New feedback, and the hour of the night, are looked at this often."""
FIGURES_SECONDS = 5.0
"""Figures that pages show are looked at this often, once they are up to date."""
_log = logging.getLogger(__name__)

Step = Callable[[], bool]


class Worker:
    """Four loops that do not wait for each other: the outbox, jobs, faults of the platform, and figures."""

    def __init__(self, app: Kbsearch) -> None:
        self._app = app
        self._poll = app.settings.worker_poll_seconds
        self._indexes = IndexUpkeep(app)
        self._wakes = tuple(threading.Event() for _ in range(4))
        self._next_sweep = 0.0
        self._next_look = 0.0
        self._next_watch = 0.0
        self._next_figures = 0.0

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
        self._loop(self._indexes.step, waiting, stop)
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

    def _run_job(self, stop: threading.Event) -> bool:
        """Run one waiting job to its end; returns whether there was one."""
        job = self._app.jobs.claim()
        if job is None:
            return self._look_around()
        run_to_its_end(self._app, job, stop)
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


def start_thread(app: Kbsearch) -> tuple[threading.Thread, threading.Event]:
    """Run a worker in a thread of this process; set the event to stop it."""
    stop = threading.Event()
    thread = threading.Thread(target=Worker(app).run, args=(stop,), name="worker", daemon=True)
    thread.start()
    return thread, stop

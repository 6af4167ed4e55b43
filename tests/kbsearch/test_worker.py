"""The worker, in a thread and as a process that is killed at any moment."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.errors import StorageUnavailable
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Job, JobKind, JobState, Outbox
from kbsearch.ports import TextQuery, silent
from kbsearch.services.cases import CaseDraft
from kbsearch.worker import Worker, start_thread
from kbsearch.worker.index_upkeep import IndexUpkeep
from tests.large_proposal import places, plant_proposal

PATIENCE = 60.0


def until(ready: Callable[[], bool], what: str) -> None:
    """Poll until ``ready``; fails after `PATIENCE` seconds."""
    deadline = time.monotonic() + PATIENCE
    pause = threading.Event()
    while not ready():
        assert time.monotonic() < deadline, f"not within {PATIENCE} s: {what}"
        pause.wait(0.01)


def receive(app: Kbsearch, first: int, count: int) -> None:
    numbers = range(first, first + count)
    batch = [IncomingQuestion(f"задача {n} про git commit {n % 7}", external_id=str(n)) for n in numbers]
    app.questions.receive_many(batch)


def outbox(app: Kbsearch) -> int:
    with app.database.reading() as session:
        return session.query(Outbox).count()


@contextmanager
def worker_thread(app: Kbsearch) -> Iterator[None]:
    thread, stop = start_thread(app)
    try:
        yield
    finally:
        stop.set()
        thread.join(PATIENCE)
    assert not thread.is_alive()


def start_process(settings: Settings) -> subprocess.Popen[bytes]:
    environment = os.environ | {"KBSEARCH_HOME": str(settings.home), "KBSEARCH_ENCODER": "hashing"}
    command = [sys.executable, "-c", "from kbsearch.cli import main; main()", "worker"]
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def test_a_published_case_is_found(app: Kbsearch) -> None:
    with worker_thread(app):
        case = app.cases.create(CaseDraft("Как отменить коммит", "git reset"), state="published")
        until(lambda: app.case_index.search_text(TextQuery("reset")).ids.tolist() == [case.id], "found")
        app.cases.move(case.id, "archived")
        until(lambda: app.case_index.count() == 0, "gone again")
    assert outbox(app) == 0


def test_questions_are_read_by_the_second_encoder(settings: Settings) -> None:
    app = Kbsearch(settings.model_copy(update={"second_encoder": "hashing"}))
    app.database.upgrade()
    receive(app, 0, 60)
    kept = app.second_vectors
    assert kept is not None
    with worker_thread(app):
        until(lambda: kept.size() == 60, "read once more")
    run_id = app.cluster_runner.run(silent)
    (run,) = [one for one in app.clusters.runs() if one.id == run_id]
    assert run.parameters["second_encoder"] == kept.model_id
    app.database.close()


def test_what_is_new_is_found_at_once_while_the_second_encoder_fails(settings: Settings) -> None:
    app = Kbsearch(settings.model_copy(update={"second_encoder": "onnx:/no/such/model"}))
    app.database.upgrade()
    upkeep = IndexUpkeep(app)
    for number in range(3):
        case = app.cases.create(CaseDraft(f"Как отменить коммит {number}", "git reset"), state="published")
        assert upkeep.step()
        assert not upkeep.step()
        assert case.id in app.case_index.search_text(TextQuery("reset")).ids.tolist()
    app.database.close()


def test_a_case_published_elsewhere_is_found(app: Kbsearch, settings: Settings) -> None:
    process = start_process(settings)
    try:
        case = app.cases.create(CaseDraft("Как отменить коммит", "git reset"), state="published")
        until(lambda: app.case_index.ids().tolist() == [case.id], "found from this process")
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0


def test_of_two_workers_one_stands_by(
    app: Kbsearch, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "kbsearch.worker")
    with worker_thread(app):
        until((settings.home / "worker.lock").exists, "the first works")
        second, stop = threading.Thread(), threading.Event()
        second = threading.Thread(target=Worker(Kbsearch(settings)).run, args=(stop,), daemon=True)
        second.start()
        receive(app, 0, 20)
        until(lambda: app.question_index.count() == 20, "indexed once")
        assert second.is_alive()
        until(lambda: "this worker stands by" in caplog.text, "says that it stands by")
        stop.set()
        second.join(PATIENCE)
    assert app.maintenance.check().ok


def test_a_rebuild_job_runs_with_progress_and_ends(app: Kbsearch) -> None:
    receive(app, 0, 50)
    job = app.jobs.enqueue(JobKind.REBUILD, {})
    with worker_thread(app):
        until(lambda: app.jobs.get(job.id).state == JobState.DONE, "done")
        until(lambda: outbox(app) == 0, "drained")
    assert app.jobs.get(job.id).total > 0 or app.jobs.get(job.id).stage
    assert app.maintenance.check().ok


def test_a_job_that_cannot_be_done_fails_with_a_reason(app: Kbsearch) -> None:
    job = app.jobs.enqueue(JobKind.IMPORT, {"path": "/no/such/file.csv"})
    with worker_thread(app):
        until(lambda: app.jobs.get(job.id).state == JobState.FAILED, "failed")
    assert app.jobs.get(job.id).error


def test_uploads_that_nobody_needs_are_deleted(app: Kbsearch, settings: Settings) -> None:
    upload = settings.uploads_dir / "0123456789abcdef" / "upload.csv"
    upload.parent.mkdir(parents=True)
    upload.write_text("вопрос\n", "utf-8")
    for path in (upload, upload.parent):
        os.utime(path, (0, 0))
    with worker_thread(app):
        until(lambda: not upload.parent.exists(), "deleted")


def test_a_job_of_a_worker_that_died_runs_again(app: Kbsearch) -> None:
    job = app.jobs.enqueue(JobKind.REBUILD, {})
    assert app.jobs.claim() is not None
    with worker_thread(app):
        until(lambda: app.jobs.get(job.id).state == JobState.DONE, "done by the next worker")


def test_a_lost_index_is_built_anew(app: Kbsearch) -> None:
    receive(app, 0, 30)
    app.pipeline.drain_all()
    for path in sorted((app.settings.index_dir / "questions").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    assert app.question_index.count() == 0
    with worker_thread(app):
        until(lambda: app.question_index.count() == 30, "built anew")


def test_a_damaged_index_is_built_anew(app: Kbsearch) -> None:
    receive(app, 0, 30)
    app.pipeline.drain_all()
    generation = app.settings.index_dir / "questions" / "gen-0001"
    for path in [*generation.glob("*.toc")]:
        path.write_bytes(b"garbage")
    receive(app, 30, 1)
    with worker_thread(app):
        until(lambda: outbox(app) == 0, "drained")
    assert app.maintenance.check().ok


def test_damage_is_mended_although_nothing_waits(app: Kbsearch) -> None:
    receive(app, 0, 30)
    app.pipeline.drain_all()
    vectors = app.settings.index_dir / "questions" / "gen-0001" / "vectors.f32"
    vectors.unlink()  # a file that is cut short under whoever has mapped it kills the process
    vectors.write_bytes(b"short")
    with worker_thread(Kbsearch(app.settings)):
        until(lambda: app.question_index.generations.current_name() == "gen-0002", "built anew")
    assert app.maintenance.check().ok


def test_kill_9_loses_nothing_and_doubles_nothing(app: Kbsearch, settings: Settings) -> None:
    chance = random.Random(7)  # noqa: S311  # a seed, no secret
    process = start_process(settings)
    for part in range(4):
        receive(app, 250 * part, 250)
        goal = 250 * part + chance.randrange(250)
        until(lambda goal=goal: app.question_index.count() >= goal, "the worker gets somewhere")
        process.send_signal(signal.SIGKILL)
        process.wait(PATIENCE)
        process = start_process(settings)
    until(lambda: outbox(app) == 0, "the outbox is empty")
    process.terminate()
    process.wait(PATIENCE)
    report = app.maintenance.check()
    assert report.ok, report
    assert app.question_index.count() == 1_000
    assert len(app.question_index.search_text(TextQuery("задача", limit=5_000))) == 1_000


@pytest.mark.parametrize("seed", [1, 5])
def test_kill_9_while_rebuilding(app: Kbsearch, settings: Settings, seed: int) -> None:
    receive(app, 0, 1_000)
    app.pipeline.drain_all()
    chance = random.Random(seed)  # noqa: S311  # a seed, no secret
    folder = settings.index_dir / "questions"
    job = app.jobs.enqueue(JobKind.REBUILD, {})
    process = start_process(settings)
    size = chance.choice([1, 30_000, 900_000])
    until(lambda: _size(folder / "gen-0002" / "vectors.f32") >= size or _ended(app, job.id), "it builds")
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    assert app.question_index.count() == 1_000
    assert len(app.question_index.search_text(TextQuery("задача", limit=5_000))) == 1_000
    receive(app, 1_000, 10)
    process = start_process(settings)
    until(lambda: _ended(app, job.id) and outbox(app) == 0, "done by the next worker")
    process.terminate()
    process.wait(PATIENCE)
    assert app.maintenance.check().ok
    assert app.question_index.count() == 1_010


def test_draws_the_map_of_a_run_that_others_accepted(app: Kbsearch) -> None:
    receive(app, 0, 30)
    app.pipeline.drain_all(silent)
    app.cluster_runner.run(silent)
    run_id = app.cluster_runner.run(silent, seed=1)
    assert app.maps.drawn_at(run_id) is None
    with worker_thread(app):
        until(lambda: app.maps.drawn_at(run_id) is not None, "drawn")


def test_kill_9_while_accepting_leaves_all_or_nothing(app: Kbsearch, settings: Settings) -> None:
    run_id = plant_proposal(app, 10_000)
    before, open_before = places(app), app.proposals.get(run_id).open
    job = app.proposal_work.accept(run_id)
    assert isinstance(job, Job)
    process = start_process(settings)
    until(lambda: app.jobs.get(job.id).stage == "Accepting changes", "it begins")
    seen: list[bool] = []
    until(lambda: _looked(app, seen) >= 5 or _ended(app, job.id), "it writes")
    process.send_signal(signal.SIGKILL)
    process.wait(PATIENCE)
    ended = _ended(app, job.id)
    assert (places(app) == before) != ended
    assert app.proposals.open_lines() == (0 if ended else open_before)
    process = start_process(settings)
    until(lambda: _ended(app, job.id), "done by the next worker")
    process.kill()
    process.wait(PATIENCE)
    assert app.jobs.get(job.id).result == {"accepted": open_before}
    assert app.proposals.open_lines() == 0
    assert places(app) != before


def _looked(app: Kbsearch, seen: list[bool]) -> int:
    """How often somebody was found writing to the database, looking once more."""
    try:
        with app.database.writing(patience=0):
            pass
    except StorageUnavailable:
        seen.append(True)
    return len(seen)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _ended(app: Kbsearch, job_id: int) -> bool:
    return app.jobs.get(job_id).state == JobState.DONE

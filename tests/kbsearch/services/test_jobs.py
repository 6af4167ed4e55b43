"""Jobs: their states and who may change them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from kbsearch.database import Database
from kbsearch.errors import Conflict, KbsearchError, NotFound, UnreadableFile
from kbsearch.models import Job, JobKind, JobState
from kbsearch.services.jobs import JobService


@pytest.fixture
def jobs(database: Database) -> JobService:
    return JobService(database)


def test_a_job_is_claimed_once_oldest_first(jobs: JobService) -> None:
    first, second = jobs.enqueue(JobKind.CLUSTER, {"seed": 1}), jobs.enqueue(JobKind.REBUILD, {})
    claimed = jobs.claim()
    assert claimed is not None
    assert (claimed.id, claimed.state, claimed.parameters) == (first.id, JobState.RUNNING, {"seed": 1})
    assert claimed.started_at is not None
    assert (next_one := jobs.claim()) is not None
    assert next_one.id == second.id
    assert jobs.claim() is None


def test_progress_and_result_are_kept(jobs: JobService) -> None:
    job = jobs.enqueue(JobKind.IMPORT, {"path": "a.csv"})
    jobs.claim()
    jobs.advance(job.id, 3, 10, "reading " + "x" * 200)
    running = jobs.get(job.id)
    assert (running.done, running.total, len(running.stage)) == (3, 10, 100)
    jobs.finish(job.id, {"taken": {"questions_new": 3}})
    assert jobs.get(job.id).state == JobState.DONE
    assert jobs.get(job.id).result == {"taken": {"questions_new": 3}}
    assert jobs.get(job.id).finished_at is not None


def test_a_cancelled_job_stops_at_its_next_sign(jobs: JobService) -> None:
    job = jobs.enqueue(JobKind.CLUSTER, {})
    jobs.claim()
    jobs.cancel(job.id)
    with pytest.raises(Conflict, match="cancelled"):
        jobs.advance(job.id, 1, 2, "counting")
    with pytest.raises(Conflict):
        jobs.finish(job.id, {})
    jobs.fail(job.id, KbsearchError("too late"))
    assert jobs.get(job.id).state == JobState.CANCELLED
    with pytest.raises(Conflict, match="ended"):
        jobs.cancel(job.id)


def test_a_waiting_job_can_be_cancelled_and_is_not_claimed(jobs: JobService) -> None:
    jobs.cancel(jobs.enqueue(JobKind.CLUSTER, {}).id)
    assert jobs.claim() is None


def test_failed_jobs_say_why(jobs: JobService) -> None:
    job = jobs.enqueue(JobKind.CLUSTER, {})
    jobs.claim()
    jobs.fail(job.id, UnreadableFile("{path} is empty.", remedy="Export it again.", path=Path("a.csv")))
    failed = jobs.get(job.id)
    assert (failed.state, failed.error) == (JobState.FAILED, "a.csv is empty. Export it again.")
    assert failed.failure == {
        "message": "{path} is empty.",
        "remedy": "Export it again.",
        "details": {"path": "a.csv"},
    }


def test_stale_and_released_jobs_wait_again(jobs: JobService) -> None:
    job = jobs.enqueue(JobKind.CLUSTER, {})
    jobs.claim()
    assert jobs.recover_stale(3_600) == 0
    assert jobs.recover_stale(0) == 1
    assert (again := jobs.claim()) is not None
    assert again.id == job.id
    jobs.release(job.id)
    assert jobs.get(job.id).state == JobState.WAITING


def test_unknown_jobs_are_told(jobs: JobService) -> None:
    for ask in (jobs.get, jobs.cancel, lambda key: jobs.finish(key, {})):
        with pytest.raises(NotFound):
            ask(404)


def test_latest_come_newest_first(jobs: JobService) -> None:
    ids = [jobs.enqueue(JobKind.CLUSTER, {}).id for _ in range(4)]
    assert [job.id for job in jobs.latest(3)] == ids[:0:-1]


def test_threads_never_claim_the_same(jobs: JobService) -> None:
    ids = {jobs.enqueue(JobKind.CLUSTER, {}).id for _ in range(12)}
    claimed: list[Job | None] = []
    threads = [threading.Thread(target=lambda: claimed.append(jobs.claim())) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {job.id for job in claimed if job} == ids

"""A large proposal is accepted by the worker: a page with progress at once, then the result, or why not."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict
from kbsearch.models import Job, JobKind, JobState
from kbsearch.services.proposal_work import AT_ONCE
from kbsearch.worker import start_thread
from tests.large_proposal import places, plant_proposal
from tests.web.ui.school import PASSWORD

PATIENCE = 60.0
FAILS = "CREATE TRIGGER fails BEFORE INSERT ON lineage BEGIN SELECT RAISE(ABORT, 'no'); END"


@pytest.fixture
def run_id(school: Kbsearch) -> int:
    """The run whose proposal is large."""
    return plant_proposal(school, AT_ONCE + 100)


@pytest.fixture
def work(school: Kbsearch) -> Iterator[Callable[[], None]]:
    """Starts the worker of this process and returns once no job waits or runs."""
    pause = threading.Event()
    workers = []

    def until_idle() -> None:
        workers.append(start_thread(school))
        for _ in range(int(PATIENCE / 0.01)):
            if all(job.state not in {JobState.WAITING, JobState.RUNNING} for job in accepting(school)):
                return
            pause.wait(0.01)
        pytest.fail("the job does not end")

    yield until_idle
    for thread, stop in workers:
        stop.set()
        thread.join(PATIENCE)


def accepting(app: Kbsearch) -> list[Job]:
    return [job for job in app.jobs.latest() if job.kind == JobKind.ACCEPT]


def accept(client: FlaskClient, run_id: int, do: str = "accept") -> str:
    """Press the button; returns where it leads."""
    answer = client.post("/clusters/diff", data={"run": str(run_id), "do": do})
    assert answer.status_code == 303
    return answer.location


def test_the_request_returns_at_once_and_the_worker_accepts(
    methodologist: FlaskClient, school: Kbsearch, run_id: int, work: Callable[[], None]
) -> None:
    before, proposal = places(school), school.proposals.get(run_id)
    there = accept(methodologist, run_id)
    assert places(school) == before
    page = methodologist.get(there).text
    assert "Accepting what the run proposes" in page
    assert "Waiting for the worker" in page
    assert 'http-equiv="refresh"' in page  # without JavaScript the page asks again by itself
    waiting = methodologist.get("/clusters/diff").text
    assert "Changes are being accepted" in waiting
    assert 'name="do"' not in waiting
    work()
    page = methodologist.get(there).text
    assert f"{proposal.open} changes accepted." in page
    assert 'http-equiv="refresh"' not in page
    moved = sum(each.line.joined + each.line.left for each in proposal.lines)
    after = places(school)
    assert sum(after.get(one) != before.get(one) for one in before.keys() | after.keys()) == moved > AT_ONCE
    assert school.proposals.open_lines() == 0
    assert accept(methodologist, run_id).endswith("/clusters/diff"), "nothing is left to accept"
    assert len(accepting(school)) == 1
    assert "Changes are being accepted" not in methodologist.get("/clusters/diff").text


def test_what_is_decided_meanwhile_leads_to_the_same_job(
    methodologist: FlaskClient, school: Kbsearch, run_id: int
) -> None:
    line = school.proposals.get(run_id).lines[0].line.id
    there = accept(methodologist, run_id)
    for do in ("accept", f"accept:{line}", f"reject:{line}", "reject", "reopen"):
        assert accept(methodologist, run_id, do) == there
    assert len(accepting(school)) == 1
    assert school.proposals.get(run_id).open == school.proposals.get(run_id).total


def test_of_two_clicks_at_the_same_moment_one_starts_a_job(
    web_app: Flask, school: Kbsearch, run_id: int
) -> None:
    clients = []
    for _ in range(4):
        clients.append(web_app.test_client())
        clients[-1].post("/sign-in", data={"login": "methodologist", "password": PASSWORD})
    found: list[str] = []
    threads = [threading.Thread(target=lambda one=one: found.append(accept(one, run_id))) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(clients)
    assert len(set(found)) == 1
    assert len(accepting(school)) == 1


def test_a_small_proposal_is_accepted_within_the_request(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    small = plant_proposal(school, 100)
    line = school.proposals.get(small).lines[0].line.id
    assert accept(methodologist, small, f"accept:{line}").endswith("/clusters/diff")
    assert accept(methodologist, small).endswith("/clusters/diff")
    assert school.proposals.open_lines() == 0
    assert accepting(school) == []


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["Unexpected: IntegrityError.", "Nothing was changed"]),
        ("ru", ["IntegrityError", "Ничего не изменилось", "Принятие предложений запуска"]),
    ],
)
def test_a_failure_in_the_middle_leaves_everything_as_it_was(
    methodologist: FlaskClient, school: Kbsearch, work: Callable[[], None], language: str, said: list[str]
) -> None:
    run_id = plant_proposal(school, AT_ONCE + 100)
    before, whole = places(school), school.clusters.list().items
    with school.database.writing() as session:
        session.execute(text(FAILS))
    there = accept(methodologist, run_id)
    work()
    methodologist.set_cookie("language", language)
    page = methodologist.get(there).text
    assert all(each in page for each in said)
    assert "Unexpected" not in page or language == "en"
    assert places(school) == before
    assert [row.cluster.size for row in school.clusters.list().items] == [row.cluster.size for row in whole]
    assert school.proposals.get(run_id).open == school.proposals.get(run_id).total
    assert 'value="accept"' in methodologist.get("/clusters/diff").text
    with school.database.writing() as session:
        session.execute(text("DROP TRIGGER fails"))
    again = accept(methodologist, run_id)
    assert again != there


def test_a_proposal_that_was_replaced_meanwhile_is_told(
    methodologist: FlaskClient, school: Kbsearch, run_id: int, work: Callable[[], None]
) -> None:
    there = accept(methodologist, run_id)
    newer = plant_proposal(school, 10)
    work()
    assert re.search(rf"Run {run_id} was replaced by run {newer}\.", methodologist.get(there).text)
    methodologist.set_cookie("language", "ru")
    page = methodologist.get(there).text
    assert "was replaced" not in page
    assert "Ничего не изменилось" in page


def test_a_job_that_is_cancelled_accepts_nothing(
    methodologist: FlaskClient, school: Kbsearch, run_id: int
) -> None:
    before = places(school)
    job_id = int(accept(methodologist, run_id).rpartition("/")[2])
    job = school.jobs.claim()
    assert job is not None
    methodologist.post(f"/jobs/{job_id}/cancel")
    with pytest.raises(Conflict, match="cancelled"):
        school.proposal_work.work(job)
    assert places(school) == before
    assert school.jobs.get(job_id).state == JobState.CANCELLED

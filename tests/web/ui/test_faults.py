"""The pages of platform faults."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.models import Fault, FaultQuestion, utc_now

EVIDENCE = {
    "start": 1.0, "hours": 1.0, "count": 5, "expected": 0.2, "share": 0.9, "usual_share": 0.1, "p": 1e-8,
}  # fmt: skip


@pytest.fixture
def fault(school: Kbsearch) -> int:
    """A fault that goes on, with the first three questions."""
    with school.database.writing() as session:
        made = Fault(started_at=utc_now() - timedelta(hours=2), last_at=utc_now(), evidence=EVIDENCE)
        session.add(made)
        session.flush()
        session.add_all(FaultQuestion(question_id=n, fault_id=made.id, probability=0.9) for n in (1, 2, 4))
        return made.id


def test_people_are_warned_on_every_page_and_read_the_report(mentor: FlaskClient, fault: int) -> None:
    page = mentor.get("/questions").get_data(as_text=True)
    assert "The platform seems to be broken: 3 questions speak of it." in page
    report = mentor.get(f"/faults/{fault}").get_data(as_text=True)
    assert "Report for the developers" in report
    assert "Questions: 3, students: 3." in report
    assert "отменить" in report
    assert "Close and answer" not in report
    assert f"/faults/{fault}" in mentor.get("/faults?state=open").get_data(as_text=True)
    assert "No faults" in mentor.get("/faults?state=closed").get_data(as_text=True)


def test_a_methodologist_closes_it_and_takes_it_back(
    methodologist: FlaskClient, mentor: FlaskClient, school: Kbsearch, fault: int
) -> None:
    assert mentor.post(f"/faults/{fault}/close", data={"answer": "x"}).status_code == 403
    assert methodologist.post(f"/faults/{fault}/close", data={"answer": " "}).status_code == 422
    methodologist.post(f"/faults/{fault}/question", data={"question_id": "4"})
    page = methodologist.post(
        f"/faults/{fault}/close", data={"answer": "Works again."}, follow_redirects=True
    ).get_data(as_text=True)
    assert "2 questions are answered" in page
    assert school.questions.get(1).state == "answered"
    assert school.questions.get(4).state == "open"
    assert 'id="fault"' not in page
    assert methodologist.post(f"/faults/{fault}/dismiss").status_code == 409
    methodologist.post(f"/faults/{fault}/reopen")
    assert school.questions.get(1).state == "open"
    assert methodologist.post(f"/faults/{fault}/dismiss").status_code == 303
    assert methodologist.post(f"/faults/{fault}/send").status_code == 409
    assert methodologist.get("/faults/99").status_code == 404


def test_there_may_be_none(mentor: FlaskClient) -> None:
    assert "No faults" in mentor.get("/faults").get_data(as_text=True)

"""The page of what is set aside: looked at, taken back, and undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion


@pytest.fixture
def thanks(school: Kbsearch) -> int:
    """The id of a message that a run set aside."""
    received = school.questions.receive(IncomingQuestion("спасибо, всё заработало!", source="chat"))
    school.pipeline.drain_all()
    school.cluster_runner.run(lambda done, total, stage: None)
    return received.question_id


def test_it_is_listed_with_its_reason_and_taken_back_for_good(
    methodologist: FlaskClient, school: Kbsearch, thanks: int
) -> None:
    page = methodologist.get("/clusters/aside").text
    assert "спасибо, всё заработало!" in page
    assert "thanks" in page
    said = methodologist.post(f"/clusters/aside/{thanks}/keep", follow_redirects=True).text
    assert "It is a question from now on" in said
    assert "спасибо, всё заработало!" in methodologist.get("/clusters/aside?kept=1").text
    school.cluster_runner.run(lambda done, total, stage: None)
    assert [question.id for _, question in school.asides.list().items] == []
    methodologist.post(f"/clusters/aside/{thanks}/back")
    assert [question.id for _, question in school.asides.list().items] == [thanks]


def test_what_asks_nothing_waits_for_no_answer(mentor: FlaskClient, school: Kbsearch, thanks: int) -> None:
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    before = school.questions.receive(IncomingQuestion("Когда вебинар?", source="chat", asked_at=hour_ago))
    after = school.questions.receive(IncomingQuestion("Где запись?", source="chat"))
    page = mentor.get("/").text
    assert "Когда вебинар?" in page
    assert "заработало" not in page
    assert "заработало" in mentor.get("/questions?state=open").text
    assert f'href="/questions/{before.question_id}"' in mentor.get(f"/questions/{after.question_id}").text
    school.asides.keep(thanks, None)
    assert "заработало" in mentor.get("/").text


def test_a_filter_by_reason_and_a_block(methodologist: FlaskClient, thanks: int) -> None:
    assert "заработало" in methodologist.get("/clusters/aside?reason=thanks").text
    assert "заработало" not in methodologist.get("/clusters/aside?reason=wish").text
    block = methodologist.get("/clusters/aside", headers={"HX-Request": "true", "HX-Target": "list"}).text
    assert "<html" not in block


def test_what_is_not_set_aside_is_told_and_mentors_only_look(
    mentor: FlaskClient, methodologist: FlaskClient, thanks: int
) -> None:
    assert mentor.get("/clusters/aside").status_code == 200
    assert mentor.post(f"/clusters/aside/{thanks}/keep").status_code == 403
    assert methodologist.post("/clusters/aside/1/keep").status_code == 404

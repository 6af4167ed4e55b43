"""What mentors say of cases on the pages, without any script, and take back."""

from __future__ import annotations

import html
import re

import pytest
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Feedback, FeedbackAction, QuestionState

UNDO = re.compile(r'<form method="post" action="(/feedback/\d+/undo)">(.*?)</form>', re.DOTALL)


def case_named(app: Kbsearch, title: str) -> int:
    return app.cases.list(text=title).items[0].id


def feedback_of(app: Kbsearch) -> list[Feedback]:
    with app.database.reading() as session:
        return list(session.query(Feedback).order_by(Feedback.id))


def standing(app: Kbsearch) -> list[str]:
    """What was said and not taken back."""
    return [given.action for given in feedback_of(app) if given.withdrawn_at is None]


def undone(client: FlaskClient, page: str) -> str:
    """The page after pressing Undo on ``page``."""
    form = UNDO.search(page)
    assert form is not None
    fields = {html.unescape(name): html.unescape(value) for name, value in FIELDS.findall(form[2])}
    return client.post(form[1], data=fields, follow_redirects=True).text


FIELDS = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def test_feedback_is_stored_only_when_given(mentor: FlaskClient, school: Kbsearch) -> None:
    mentor.get("/?q=как отменить последний коммит")
    assert feedback_of(school) == []
    case_id = case_named(school, "коммит")
    form = {"q": "как отменить последний коммит", "case_id": str(case_id), "action": "accepted"}
    assert mentor.post("/feedback", data=form).status_code == 303
    nothing = {"q": "как вырастить кактус", "action": "nothing_fits"}
    said = mentor.post(
        "/feedback", data=nothing | {"course": "frontend"}, headers={"HX-Request": "true"}
    ).text
    assert "no case answers" in said
    link = re.search(r'<a href="([^"]+)">Write a case</a>', said)
    assert link is not None
    page = mentor.get(html.unescape(link[1])).text
    assert 'value="как вырастить кактус"' in page
    assert '<option value="frontend" selected>' in page
    assert mentor.post("/feedback", data={"q": "a", "action": "bogus"}).status_code == 400
    assert feedback_of(school)[-1].action == FeedbackAction.NOTHING_FITS


@pytest.mark.parametrize("action", ["accepted", "rejected", "nothing_fits"])
def test_what_was_said_of_a_case_is_undone(mentor: FlaskClient, school: Kbsearch, action: str) -> None:
    asked = "как отменить последний коммит"
    case_id = str(case_named(school, "коммит"))
    here = f"/?q={asked}&lesson=fe-02&course=frontend&case={case_id}"
    form = {"q": asked, "case_id": case_id, "action": action, "next": here}
    page = mentor.post("/feedback", data=form, follow_redirects=True).text
    assert standing(school) == [action]
    page = undone(mentor, page)
    assert "Taken back" in page
    assert "git reset --soft" in page
    assert standing(school) == []


def test_a_script_undoes_it_in_its_place(mentor: FlaskClient, school: Kbsearch) -> None:
    form = {"q": "как вырастить кактус", "action": "nothing_fits"}
    said = mentor.post("/feedback", data=form, headers={"HX-Request": "true"}).text
    address = re.search(r'hx-post="(/feedback/\d+/undo)"', said)
    assert address is not None
    block = mentor.post(address[1], headers={"HX-Request": "true"}).text
    assert "Taken back" in block
    assert "<html" not in block
    assert "Undo" not in block
    assert standing(school) == []


def test_nobody_undoes_what_somebody_else_said(
    mentor: FlaskClient, methodologist: FlaskClient, school: Kbsearch
) -> None:
    mentor.post("/feedback", data={"q": "как вырастить кактус", "action": "nothing_fits"})
    path = f"/feedback/{feedback_of(school)[0].id}/undo"
    assert methodologist.post(path).status_code == 404
    assert standing(school) == ["nothing_fits"]


@pytest.fixture
def question(school: Kbsearch) -> int:
    return school.questions.receive(IncomingQuestion("как отменить последний коммит?")).question_id


def test_what_was_said_of_a_question_is_undone(mentor: FlaskClient, school: Kbsearch, question: int) -> None:
    steps = ({"step": "nothing"}, {"step": "answer", "case_id": str(case_named(school, "коммит"))})
    for step in steps:
        page = mentor.post(f"/questions/{question}/state", data=step, follow_redirects=True).text
        assert len(standing(school)) == 1
        page = undone(mentor, page)
        assert "Taken back" in page
        assert f"Question {question}" in page
        assert standing(school) == []
        assert school.questions.get(question).state == QuestionState.OPEN


def test_who_reopens_a_question_no_longer_says_that_the_case_answers_it(
    mentor: FlaskClient, methodologist: FlaskClient, school: Kbsearch, question: int
) -> None:
    path = f"/questions/{question}/state"
    answer = {"step": "answer", "case_id": str(case_named(school, "коммит"))}
    mentor.post(path, data=answer)
    methodologist.post(path, data=answer)
    mentor.post(path, data={"step": "reopen"})
    assert school.questions.get(question).state == QuestionState.OPEN
    assert [given.person_id for given in feedback_of(school) if given.withdrawn_at is None] == [2]


def test_only_the_first_undo_of_a_page_has_the_key(
    mentor: FlaskClient, methodologist: FlaskClient, school: Kbsearch, question: int
) -> None:
    """The answer and the wording that joined by it are two messages; undoing the first undoes both."""
    path = f"/questions/{question}/state"
    case_id = case_named(school, "ветку")
    mentor.post(path, data={"step": "answer", "case_id": str(case_id)})
    page = methodologist.post(
        path, data={"step": "answer", "case_id": str(case_id)}, follow_redirects=True
    ).text
    assert "Several people agree" in page
    assert page.count('data-key="KeyZ"') == 1
    undone(methodologist, page)
    assert school.cases.get(case_id).variants == []
    assert school.questions.get(question).case_id == case_id

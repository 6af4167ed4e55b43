"""Search, suggestions and feedback over HTTP."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Feedback

Call = Callable[..., TestResponse]


def test_a_search_finds_cases_and_says_why(call: Call) -> None:
    answer = call("search", q="отменить коммит")
    assert answer.status_code == 200
    found = answer.get_json()
    first = found["cases"][0]
    assert first["case"]["slug"] == "undo-commit"
    assert first["case"]["url"] == f"http://localhost/cases/{first['case']['id']}"
    assert first["case"]["course"] == "git"
    assert 0 <= first["probability"] <= 1
    assert first["reasons"]
    assert all(reason["kind"] and "{" not in reason["text"] for reason in first["reasons"])
    for highlight in first["highlights"]:
        assert all(0 <= start < end <= len(highlight["text"]) for start, end in highlight["spans"])
    assert found["degraded"] is False
    assert found["milliseconds"] > 0


def test_a_search_hands_out_no_draft(call: Call) -> None:
    found = call("search", q="сертификат").get_json()
    assert "certificate" not in {hit["case"]["slug"] for hit in found["cases"]}


def test_a_search_finds_past_questions_with_their_case(call: Call, school: Kbsearch) -> None:
    case_id = school.cases.by_slug("undo-commit").id
    for text in ("Где лежит расписание вебинаров?", "Когда дедлайн проекта?", "Не открывается тренажёр"):
        school.questions.receive(IncomingQuestion(text, "test"))
    asked = school.questions.receive(IncomingQuestion("Помогите откатить коммит, запушил лишнее", "test"))
    school.questions.answer(asked.question_id, case_id)
    school.pipeline.drain_all(lambda done, total, stage: None)
    hit = call("search", q="откатить коммит").get_json()["questions"][0]
    assert hit["question"]["id"] == asked.question_id
    assert hit["case"]["id"] == case_id
    assert "author" not in str(hit["question"].keys())


def test_a_suggestion_takes_feedback(call: Call, school: Kbsearch) -> None:
    answer = call("suggest", {"text": "как отменить последний коммит", "course": "git", "lesson": "git-1"})
    assert answer.status_code == 200
    suggestion = answer.get_json()
    assert suggestion["decision"] in {"answer", "suggest"}
    assert suggestion["limits"]["scope"] == "all"
    assert 0 < suggestion["limits"]["abstain"] < suggestion["limits"]["answer_from"] <= 1
    assert 1 <= len(suggestion["matches"]) <= 3
    case_id = suggestion["matches"][0]["case"]["id"]
    given = call(
        "feedback",
        {"suggestion_id": suggestion["suggestion_id"], "action": "accepted", "case_id": case_id},
    )
    assert given.status_code == 201
    assert given.get_json()["id"] > 0


def test_feedback_is_taken_back_by_the_token_that_gave_it_alone(
    call: Call, client: FlaskClient, bearer: Callable[..., dict[str, str]], school: Kbsearch
) -> None:
    taken = call("questions", {"text": "как отменить последний коммит", "course": "git", "suggest": True})
    question, suggestion = taken.get_json()["id"], taken.get_json()["suggestion"]
    case_id = suggestion["matches"][0]["case"]["id"]
    body = {"suggestion_id": suggestion["suggestion_id"], "action": "accepted", "case_id": case_id}
    given = call("feedback", body).get_json()
    assert given["withdrawn_at"] is None
    assert call(f"questions/{question}").get_json()["state"] == "answered"
    undo = {"feedback_id": given["id"]}
    assert client.post("/api/v1/feedback/undo", json=undo, headers=bearer()).status_code == 404
    for _ in range(2):
        answer = call("feedback/undo", undo)
        assert (answer.status_code, answer.get_json()["id"]) == (200, given["id"])
        assert answer.get_json()["withdrawn_at"]
    assert call(f"questions/{question}").get_json()["state"] == "open"
    assert call("feedback", body).get_json()["id"] != given["id"]


def test_a_comment_is_masked_before_it_is_stored(call: Call, school: Kbsearch) -> None:
    suggestion = call("suggest", {"text": "как отменить последний коммит"}).get_json()["suggestion_id"]
    body = {"suggestion_id": suggestion, "action": "nothing_fits", "comment": "пишите на ivan@example.com"}
    assert call("feedback", body).status_code == 201
    with school.database.reading() as session:
        comment = session.scalar(select(Feedback.comment))
    assert comment is not None
    assert comment.startswith("пишите на ")
    assert "ivan@example.com" not in comment


def test_feedback_without_its_case_names_the_field(call: Call) -> None:
    suggestion = call("suggest", {"text": "как отменить последний коммит"}).get_json()["suggestion_id"]
    for body in ({"action": "accepted"}, {"action": "rejected", "case_id": 999},
                 {"action": "nothing_fits", "case_id": 1}):  # fmt: skip
        answer = call("feedback", {"suggestion_id": suggestion, **body})
        assert (answer.status_code, answer.get_json()["errors"][0]["field"]) == (422, "case_id")


def test_nothing_fits_and_it_says_so(call: Call) -> None:
    suggestion = call("suggest", {"text": "Где купить билет на поезд до Казани?"}).get_json()
    assert suggestion["decision"] == "abstain"
    assert suggestion["matches"] == []
    assert suggestion["suggestion_id"]


def test_a_suggestion_belongs_to_its_question(call: Call) -> None:
    taken = call("questions", {"text": "Как отменить коммит?"}).get_json()
    body = {"text": "Как отменить коммит?", "question_id": taken["id"]}
    assert call("suggest", body).status_code == 200
    missing = call("suggest", {"text": "Как?", "question_id": 12345})
    assert (missing.status_code, missing.get_json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"suggestion_id": "unknown", "action": "accepted"}, 404),
        ({"suggestion_id": "unknown", "action": "loved"}, 422),
        ({"action": "accepted"}, 422),
        ({"suggestion_id": "", "action": "accepted"}, 422),
        ({"suggestion_id": "unknown", "action": "accepted", "case_id": 0}, 422),
        ({"suggestion_id": "unknown", "action": "accepted", "comment": "x" * 2_001}, 422),
    ],
)
def test_feedback_that_cannot_be_kept(call: Call, body: dict[str, object], status: int) -> None:
    assert call("feedback", body).status_code == status


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({}, 422),
        ({"q": " "}, 422),
        ({"q": "коммит", "limit": 0}, 422),
        ({"q": "коммит", "limit": "many"}, 422),
        ({"q": "коммит", "course": "x" * 101}, 422),
        ({"q": "коммит", "language": "RUSSIAN"}, 422),
        ({"q": "коммит", "page": 2}, 422),
        ({"q": "ы" * 20_001}, 413),
        ({"q": "ком\0мит 🙈"}, 200),
        ({"q": '"отменить последний" -сертификат title:коммит'}, 200),
    ],
)
def test_searches_that_are_odd(call: Call, query: dict[str, object], status: int) -> None:
    answer = call("search", **query)
    assert answer.status_code == status
    if status != 200:
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("text", "status"), [("", 422), ("\0", 422), ("ы" * 1_000_000, 413), ("🙈", 200), ("к" * 20_000, 200)]
)
def test_suggestions_for_odd_texts(call: Call, text: str, status: int) -> None:
    assert call("suggest", {"text": text}).status_code == status

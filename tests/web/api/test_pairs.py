"""Repeats in replies, and why a case was found."""

from __future__ import annotations

from collections.abc import Callable

from werkzeug.test import TestResponse

from kbsearch.app import Kbsearch

Call = Callable[..., TestResponse]
TEXT = "почему не открывается домашнее задание третьего урока"


def test_a_new_question_names_the_one_that_it_repeats(call: Call, school: Kbsearch) -> None:
    reply = {"text": "Откройте второй урок.", "by_mentor": True}
    first = call("questions", {"text": TEXT, "course": "git", "external_id": "1", "replies": [reply]}).json
    assert first is not None
    assert first["repeats"] is None
    again = call("questions", {"text": TEXT.upper(), "course": "git", "external_id": "2"}).json
    assert again is not None
    assert again["repeats"] | {"asked_at": ""} == {
        "question_id": first["id"],
        "text": TEXT,
        "asked_at": "",
        "kind": "exact",
        "probability": 1.0,
        "times_asked": 2,
        "case": None,
        "reply": {"text": "Откройте второй урок.", "by_mentor": True, "accepted": False, "replied_at": None},
    }


def test_a_near_one_is_named_before_the_worker_links_it(call: Call, school: Kbsearch) -> None:
    first = call("questions", {"text": TEXT, "course": "git"}).json
    school.pipeline.drain_all(lambda done, total, stage: None)
    near = "домашнее задание третьего урока не открывается почему"
    body = call("questions", {"text": near, "course": "git", "suggest": True}).json
    assert first is not None
    assert body is not None
    assert (body["repeats"]["question_id"], body["repeats"]["kind"]) == (first["id"], "near")
    assert body["suggestion"]["repeats"] == body["repeats"]


def test_suggestions_and_batches_name_it_too(call: Call, school: Kbsearch) -> None:
    case = school.cases.by_slug("homework-check")
    batch = call(
        "questions", {"questions": [{"text": TEXT, "external_id": "1"}, {"text": TEXT, "external_id": "2"}]}
    ).json
    assert batch is not None
    first, second = batch["results"]
    assert first["repeats"] is None
    assert second["repeats"]["question_id"] == first["id"]
    school.questions.answer(second["id"], case.id)
    suggested = call("suggest", {"text": TEXT}).json
    assert suggested is not None
    assert suggested["repeats"]["times_asked"] == 2
    assert suggested["repeats"]["case"]["id"] == case.id
    other = call("suggest", {"text": "как получить сертификат на английском"}).json
    assert other is not None
    assert other["repeats"] is None


def test_why_tells_the_figures(call: Call, school: Kbsearch) -> None:
    told = call("why", q="как отменить коммит", case="undo-commit", course="git").json
    assert told is not None
    assert told["rank"] == 1
    assert told["case"]["slug"] == "undo-commit"
    assert {view["name"] for view in told["retrievers"]} >= {"text", "vector"}
    assert "коммит" in told["shared"]
    hit = call("search", q="как отменить коммит", course="git").json
    assert hit is not None
    assert told["probability"] == hit["cases"][0]["probability"]


def test_why_hands_out_no_drafts(call: Call) -> None:
    assert call("why", q="сертификат", case="certificate").status_code == 404
    assert call("why", q="сертификат", case="no-such-case").status_code == 404
    assert call("why", q="сертификат").status_code == 422

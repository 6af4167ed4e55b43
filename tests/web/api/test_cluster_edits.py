"""Editing clusters and deciding on proposals over HTTP."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.test import TestResponse

from kbsearch.app import Kbsearch
from kbsearch.models import QuestionState
from kbsearch.ports import silent

Call = Callable[..., TestResponse]


def largest(call: Call, count: int = 2) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = call("clusters").get_json()["items"]
    return items[:count]


def inside(call: Call, cluster_id: int) -> set[int]:
    return {each["question"]["id"] for each in call(f"clusters/{cluster_id}").get_json()["questions"]}


def test_every_edit_acts_is_listed_and_can_be_undone(call: Call, topics: Kbsearch) -> None:
    one, other = (row["id"] for row in largest(call))
    ours, theirs = inside(call, one), inside(call, other)
    some = sorted(ours)[:2]
    bodies: list[dict[str, Any]] = [
        {"kind": "rename", "cluster_id": one, "label": "Отмена"},
        {"kind": "keep", "cluster_id": one},
        {"kind": "link", "cluster_id": one, "case_id": topics.cases.list().items[0].id},
        {"kind": "split", "cluster_id": one, "questions": some, "label": "Другое"},
        {"kind": "move", "questions": some, "into_id": other},
        {"kind": "pin", "cluster_id": one, "questions": some},
        {"kind": "dismiss", "questions": some},
        {"kind": "merge", "cluster_id": other, "into_id": one},
    ]
    label = call(f"clusters/{one}").get_json()["label"]
    for body in bodies:
        answer = call("clusters/edits", body)
        assert answer.status_code == 201, answer.get_json()
        edit = answer.get_json()
        assert (edit["kind"], edit["undone_at"]) == (body["kind"], None)
        now = inside(call, one)
        expected = {"split": ours - set(some), "move": ours - set(some), "dismiss": ours - set(some)}
        assert now == (expected | {"merge": ours | theirs}).get(body["kind"], ours)
        if body["kind"] == "rename":
            assert call(f"clusters/{one}").get_json()["label"] == "Отмена"
        if body["kind"] not in {"dismiss", "move"}:
            assert edit["id"] in [each["id"] for each in call(f"clusters/{one}/edits").get_json()["items"]]
        undone = call("clusters/edits/undo", {"edit_id": edit["id"]})
        assert undone.get_json()["undone_at"] is not None
        assert inside(call, one) == ours
        assert inside(call, other) == theirs
    assert call(f"clusters/{one}").get_json()["label"] == label
    assert topics.questions.get(some[0]).state == QuestionState.OPEN
    assert call("clusters/edits/undo", {"edit_id": edit["id"]}).status_code == 409


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"kind": "rename", "cluster_id": 1}, 422),
        ({"kind": "rename", "cluster_id": 1, "label": " "}, 422),
        ({"kind": "merge", "cluster_id": 1, "into_id": 1}, 422),
        ({"kind": "merge", "cluster_id": 1, "into_id": 2, "questions": [1]}, 422),
        ({"kind": "explode", "cluster_id": 1}, 422),
        ({"kind": "dismiss", "questions": []}, 422),
        ({"kind": "dismiss", "questions": [999_999]}, 404),
        ({"kind": "keep", "cluster_id": 999_999}, 404),
        ({"kind": "split", "cluster_id": 1, "questions": [0]}, 422),
    ],
)
def test_what_cannot_be_done_is_a_problem(
    call: Call, topics: Kbsearch, body: dict[str, Any], status: int
) -> None:
    answer = call("clusters/edits", body)
    assert (answer.status_code, answer.mimetype) == (status, "application/problem+json"), answer.get_json()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"kind": "rename"}, [("cluster_id", "'rename' needs it"), ("label", "'rename' needs it")]),
        ({"kind": "keep", "cluster_id": 1, "into_id": 2}, [("into_id", "'keep' does not take it")]),
        ({"kind": "move", "cluster_id": 1, "questions": [1]},
         [("into_id", "'move' needs it"), ("cluster_id", "'move' does not take it")]),
    ],
)  # fmt: skip
def test_each_field_that_an_edit_lacks_or_does_not_take_is_named(
    call: Call, body: dict[str, Any], errors: list[tuple[str, str]]
) -> None:
    problem = call("clusters/edits", body).get_json()
    assert [(one["field"], one["detail"]) for one in problem["errors"]] == errors
    assert f"'{errors[0][0]}': {errors[0][1]}" in problem["detail"]


def test_a_cluster_that_has_ended_is_not_renamed(call: Call, topics: Kbsearch) -> None:
    one, other = (each["id"] for each in call("clusters").get_json()["items"][:2])
    assert call("clusters/edits", {"kind": "merge", "cluster_id": one, "into_id": other}).status_code == 201
    answer = call("clusters/edits", {"kind": "rename", "cluster_id": one, "label": "Отмена"})
    assert (answer.status_code, answer.get_json()["code"]) == (409, "conflict")


def test_edits_of_no_cluster_are_not_found(call: Call) -> None:
    assert call("clusters/1/edits").status_code == 404
    assert call("clusters/edits/undo", {"edit_id": 1}).status_code == 404


def test_a_proposal_is_read_and_decided_on(call: Call, topics: Kbsearch) -> None:
    topics.cluster_runner.run(silent, algorithm="AgglomerativeClustering", by_case=False, accept=False)
    found = call("clusters/proposal").get_json()
    run, lines = found["run_id"], found["lines"]
    assert (found["state"], found["total"], found["open"]) == ("proposed", len(lines), len(lines))
    assert lines[0]["examples"][0]["text"]
    first, second = lines[0]["id"], lines[1]["id"]
    body: dict[str, Any] = {"run_id": run, "decision": "accept", "lines": [first]}
    assert call("clusters/proposal", body).get_json() == {"lines": 1, "open": len(lines) - 1}
    assert call("clusters/proposal", body).status_code == 409
    body = {"run_id": run, "decision": "reject", "lines": [second]}
    assert call("clusters/proposal", body).get_json()["open"] == len(lines) - 2
    assert call("clusters/proposal", body | {"decision": "reopen"}).get_json()["open"] == len(lines) - 1
    rest = call("clusters/proposal", {"run_id": run, "decision": "accept"}).get_json()
    assert rest == {"lines": len(lines) - 1, "open": 0}
    assert call("clusters/proposal").get_json()["state"] == "accepted"
    old = call("clusters/proposal", {"run_id": 1, "decision": "accept"})
    assert old.status_code == 409
    assert call("clusters/proposal", {"run_id": 99, "decision": "accept"}).status_code == 404


def test_before_the_first_run_nothing_is_proposed(call: Call) -> None:
    answer = call("clusters/proposal")
    assert answer.status_code == 404
    assert "`kbsearch cluster run`" in answer.get_json()["remedy"]
    of_course = call("clusters/proposal", course="git").get_json()
    assert "over course 'git' alone" in of_course["detail"]
    assert "--course git" in of_course["remedy"]


def test_no_remedy_speaks_of_pages(call: Call, topics: Kbsearch) -> None:
    run = call("clusters/proposal").get_json()
    line = run["lines"][0]["id"]
    kept = call("clusters/edits", {"kind": "keep", "cluster_id": largest(call)[0]["id"]}).get_json()["id"]
    assert call("clusters/edits/undo", {"edit_id": kept}).status_code == 200
    decided = {"run_id": run["run_id"], "lines": [line]}
    problems = [
        call("clusters/edits/undo", {"edit_id": kept}),
        call("clusters/edits/undo", {"edit_id": 999}),
        call("clusters/proposal", decided | {"decision": "accept"}),
        call("clusters/proposal", decided | {"decision": "reopen"}),
        call("clusters/proposal", decided | {"decision": "reject", "lines": [999]}),
        call("cases/"),
    ]
    assert [answer.status_code for answer in problems] == [409, 404, 409, 409, 404, 404]
    remedies = [answer.get_json()["remedy"] for answer in problems]
    assert not [remedy for remedy in remedies if re.search("page|reload|tick|click", remedy, re.IGNORECASE)]
    assert f"(id {line})" in problems[2].get_json()["detail"]
    assert "is not rejected" in problems[3].get_json()["detail"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "merge", "cluster_id": 1, "into_id": 1}, "into_id"),
        ({"kind": "split", "cluster_id": 1, "questions": [999_999]}, "questions"),
        ({"kind": "pin", "cluster_id": 1, "questions": [999_999]}, None),
        ({"kind": "rename", "cluster_id": 1, "label": "\u0001"}, "label"),
    ],
)
def test_a_refused_edit_names_its_field(
    call: Call, topics: Kbsearch, body: dict[str, Any], field: str | None
) -> None:
    problem = call("clusters/edits", body).get_json()
    assert [one["field"] for one in problem.get("errors", [])] == ([field] if field else [])


def test_a_name_has_no_control_characters(call: Call, topics: Kbsearch) -> None:
    label = {"kind": "rename", "cluster_id": largest(call)[0]["id"], "label": "Отмена\u0001\n\u0007 коммита"}
    assert call("clusters/edits", label).get_json()["label"] == "Отмена коммита"

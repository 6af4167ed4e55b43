"""Cases over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kbsearch.app import Kbsearch
from kbsearch.models import utc_now
from kbsearch.services.cases import CaseDraft

Call = Callable[..., TestResponse]


def test_published_cases_are_listed(call: Call) -> None:
    page = call("cases").get_json()
    assert page["total"] == 2
    assert {case["slug"] for case in page["items"]} == {"undo-commit", "homework-check"}
    assert [case["slug"] for case in call("cases", course="git").get_json()["items"]] == ["undo-commit"]
    assert len(call("cases", limit=1, offset=1).get_json()["items"]) == 1
    assert call("cases", state="needs_check").get_json() == {"items": [], "total": 0}


def test_pages_after_an_id_miss_nothing_that_changes_meanwhile(call: Call, school: Kbsearch) -> None:
    for number in range(5):
        school.cases.create(CaseDraft(f"Как пройти урок {number}", "Так."), state="published")
    wanted = sorted(case.id for case in school.cases.list(state="published").items)
    read: list[int] = []
    while items := call("cases", limit=2, after=read[-1] if read else 0).get_json()["items"]:
        read += [case["id"] for case in items]
        moved = school.cases.get(wanted[-1])
        draft = CaseDraft(moved.title, f"Так, после {read[-1]}.")
        school.cases.save(moved.id, draft, version=moved.version)
    assert read == wanted


@pytest.mark.parametrize(
    "query",
    [
        {"after": 0, "offset": 1},
        {"after": -1},
        {"after": "x"},
        {"state": "draft"},
        {"limit": 0},
        {"limit": 201},
        {"offset": -1},
        {"offset": 10**30},
    ],
)
def test_lists_that_are_not_given(call: Call, query: dict[str, object]) -> None:
    assert call("cases", **query).status_code == 422


@pytest.mark.parametrize("path", ["cases", "clusters", "clusters/proposal"])
def test_a_course_that_no_outline_has_is_refused(call: Call, path: str) -> None:
    answer = call(path, course="gti")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid-input")


def test_a_case_is_read_with_its_variants(call: Call, school: Kbsearch) -> None:
    case = call(f"cases/{school.cases.by_slug('undo-commit').id}").get_json()
    assert case["variants"] == ["случайно закоммитил, как откатить коммит"]
    assert case["lessons"] == ["git-1"]
    assert case["state"] == "published"


@pytest.mark.parametrize("state", ["draft", "archived"])
def test_what_is_not_published_is_not_found(call: Call, school: Kbsearch, state: str) -> None:
    case = school.cases.by_slug("certificate")
    if state == "archived":
        school.cases.move(case.id, state)
    assert call(f"cases/{case.id}").status_code == 404
    assert call("cases/12345").status_code == 404


def test_who_keeps_up_is_told_what_changed_and_what_was_withdrawn(call: Call, school: Kbsearch) -> None:
    kept, gone = (school.cases.by_slug(slug) for slug in ("undo-commit", "homework-check"))
    assert "withdrawn" not in call("cases").get_json()
    begun = utc_now().isoformat()
    assert call("cases", updated_since=begun).get_json() == {"items": [], "total": 0, "withdrawn": []}
    school.cases.move(kept.id, "needs_check")
    school.cases.move(gone.id, "archived")
    page = call("cases", updated_since=begun, state="live", after=0).get_json()
    assert [(case["id"], case["state"]) for case in page["items"]] == [(kept.id, "needs_check")]
    assert page["withdrawn"] == [gone.id]
    assert call("cases", updated_since=begun).get_json()["total"] == 0
    assert call("cases", updated_since="2026-11-28").status_code == 422


def test_an_answer_that_is_known_is_not_sent_again(
    client: FlaskClient, school: Kbsearch, bearer: Any
) -> None:
    case = school.cases.by_slug("undo-commit")
    headers = bearer()
    for path in (f"cases/{case.id}", "cases"):
        first = client.get(f"/api/v1/{path}", headers=headers)
        assert first.headers["Cache-Control"] == "private, no-cache"
        known = headers | {"If-None-Match": first.headers["ETag"]}
        again = client.get(f"/api/v1/{path}", headers=known)
        assert (again.status_code, again.data, again.headers["ETag"]) == (304, b"", first.headers["ETag"])
        packed = client.get(f"/api/v1/{path}", headers=headers | {"Accept-Encoding": "gzip"})
        weak = headers | {"If-None-Match": packed.headers["ETag"]}
        assert client.get(f"/api/v1/{path}", headers=weak).status_code == 304
        assert (
            client.get(f"/api/v1/{path}", headers={"If-None-Match": first.headers["ETag"]}).status_code == 401
        )
    draft = CaseDraft(case.title, "Иначе.")
    school.cases.save(case.id, draft, version=case.version)
    changed = client.get(
        f"/api/v1/cases/{case.id}", headers=headers | {"If-None-Match": first.headers["ETag"]}
    )
    assert (changed.status_code, changed.get_json()["answer"]) == (200, "Иначе.")
    assert "ETag" not in client.get("/api/v1/search?q=коммит", headers=headers).headers


@pytest.mark.parametrize(
    ("query", "detail"),
    [
        (
            {"updated_since": "1770000000"},
            "It must be a time with a time zone, such as 2026-03-02T18:20:00+03:00",
        ),
        ({"after": "x"}, "Input should be a valid integer, unable to parse string as an integer"),
    ],
)
def test_errors_of_addresses_name_the_parameter_alone(call: Call, query: dict[str, str], detail: str) -> None:
    (error,) = call("cases", **query).get_json()["errors"]
    assert error == {"field": next(iter(query)), "detail": detail}

"""Every way an error arises gives one shape, and never a traceback."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask, abort, request
from flask.testing import FlaskClient

from kbsearch import errors
from kbsearch.app import Kbsearch
from web import create_app
from web.errors import API_TITLES, HTTP_CODES, STATUSES, TITLES, of_kbsearch
from web.session import public


def _tree(kind: type[errors.KbsearchError]) -> Iterator[type[errors.KbsearchError]]:
    for child in kind.__subclasses__():
        if child.__module__ == errors.__name__:
            yield child
            yield from _tree(child)


KINDS = sorted(_tree(errors.KbsearchError), key=lambda kind: kind.code)


def test_every_error_of_the_tree_is_mapped_and_titled() -> None:
    assert set(STATUSES) == set(KINDS)
    assert {kind.code for kind in KINDS} | set(HTTP_CODES.values()) | {"internal"} == set(TITLES)


def test_an_error_made_elsewhere_takes_its_parents_status() -> None:
    class Odd(errors.Conflict):
        """Not in the tree."""

    assert of_kbsearch(Odd("x")).status == 409


@pytest.fixture
def broken(app: Kbsearch) -> Flask:
    """An application whose pages and calls fail as they are told."""
    web_app = create_app(app, testing=True)
    web_app.config["PROPAGATE_EXCEPTIONS"] = False

    @public
    def fail(how: str) -> str:
        kind = next((kind for kind in KINDS if kind.code == how), None)
        if kind:
            raise kind("It was {what}.", remedy="Mend {what}.", what="<b>me</b>")
        if how.isdigit():
            abort(int(how))
        raise RuntimeError(f"secret {how}")

    for prefix in ("", "/api/v1"):
        web_app.add_url_rule(f"{prefix}/fail/<how>", endpoint=f"fail{prefix}", view_func=fail)
    return web_app


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_our_errors_are_problems_on_the_api(broken: Flask, kind: type[errors.KbsearchError]) -> None:
    answer = broken.test_client().get(f"/api/v1/fail/{kind.code}")
    assert answer.mimetype == "application/problem+json"
    assert answer.status_code == STATUSES[kind]
    body = answer.get_json()
    assert body.pop("request_id") == answer.headers["X-Request-ID"]
    assert body == {
        "type": f"/api/v1/docs#error-{kind.code}",
        "title": API_TITLES[kind.code],
        "status": STATUSES[kind],
        "detail": "It was <b>me</b>.",
        "instance": f"/api/v1/fail/{kind.code}",
        "code": kind.code,
        "remedy": "Mend <b>me</b>.",
    }
    assert ("WWW-Authenticate" in answer.headers) == (answer.status_code == 401)
    assert ("Retry-After" in answer.headers) == (answer.status_code == 503)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_our_errors_are_pages_elsewhere(broken: Flask, kind: type[errors.KbsearchError]) -> None:
    answer = broken.test_client().get(f"/fail/{kind.code}")
    if kind is errors.NotAuthenticated:
        assert answer.status_code == 302
        return
    assert answer.status_code == STATUSES[kind]
    assert answer.mimetype == "text/html"
    assert "&lt;b&gt;me&lt;/b&gt;" in answer.text
    assert "<b>me" not in answer.text


@pytest.mark.parametrize("status", [400, 403, 404, 405, 413, 415, 418, 429])
def test_errors_of_the_libraries_have_the_same_shape(broken: Flask, status: int) -> None:
    api, page = (broken.test_client().get(f"{prefix}/fail/{status}") for prefix in ("/api/v1", ""))
    assert api.status_code == page.status_code == status
    assert api.mimetype == "application/problem+json"
    assert api.get_json()["status"] == status
    assert api.get_json()["code"] == HTTP_CODES.get(status, "error")
    assert page.mimetype == "text/html"


def test_a_surprise_is_logged_and_tells_nothing(broken: Flask, caplog: pytest.LogCaptureFixture) -> None:
    for path in ("/api/v1/fail/surprise", "/fail/surprise"):
        answer = broken.test_client().get(path)
        assert answer.status_code == 500
        assert "secret" not in answer.text
        assert "Traceback" not in answer.text
        assert answer.headers["X-Request-ID"] in answer.text
    assert "secret surprise" in caplog.text


def test_unknown_addresses_and_methods(client: FlaskClient) -> None:
    missing = client.get("/api/v1/nothing-here")
    assert (missing.status_code, missing.get_json()["code"]) == (404, "not-found")
    wrong = client.delete("/api/v1/search")
    assert (wrong.status_code, wrong.get_json()["code"]) == (405, "method-not-allowed")
    assert "GET" in wrong.headers["Allow"]
    assert client.get("/nothing-here").status_code == 404
    assert client.get("/api/v1/cases/99999999999999999999").status_code == 404


def test_a_body_over_the_limit_is_refused(app: Kbsearch) -> None:
    small = Kbsearch(app.settings.model_copy(update={"max_upload_mb": 1}))
    web_app = create_app(small, testing=True)
    web_app.add_url_rule("/eat", view_func=public(lambda: str(len(request.get_data()))), methods=["POST"])
    answer = web_app.test_client().post("/eat", data=b"x" * 1_100_000)
    assert answer.status_code == 413
    assert answer.mimetype == "text/html"
    small.database.close()


def test_without_a_database_the_error_page_still_comes(app: Kbsearch) -> None:
    bare = Kbsearch(app.settings.model_copy(update={"home": app.settings.home / "other"}))
    client = create_app(bare, testing=True).test_client()
    with client.session_transaction() as session:
        session["person_id"], session["epoch"] = 1, 0
    answer = client.get("/")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert "kbsearch init" in answer.text
    bare.database.close()

"""Who may call what: default deny, roles, sessions."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.models import Role, Scope
from web import create_app
from web.session import (
    access_of,
    current_person,
    public,
    requires,
    requires_token,
    safe_next,
    sign_in,
    sign_out,
)

PASSWORD = "correct horse battery"
PUBLIC_PAGES = {"/static/<path:filename>", "/sign-in", "/language", "/theme"}
PUBLIC_CALLS = {
    "/api/v1/health",
    "/api/v1/openapi.json",
    "/api/v1/docs",
    "/api/v1/docs/static/<path:filename>",
}


def test_every_route_has_a_rule(web_app: Flask) -> None:
    endpoints = {rule.endpoint for rule in web_app.url_map.iter_rules()}
    assert {endpoint for endpoint in endpoints if access_of(web_app, endpoint) is None} == set()


def test_no_page_but_these_is_public(web_app: Flask) -> None:
    public_rules = {
        rule.rule
        for rule in web_app.url_map.iter_rules()
        if (access := access_of(web_app, rule.endpoint)) and access.is_public
    }
    assert public_rules - PUBLIC_PAGES <= PUBLIC_CALLS


def test_calls_of_the_api_ask_for_tokens_and_pages_for_people(web_app: Flask) -> None:
    for rule in web_app.url_map.iter_rules():
        access = access_of(web_app, rule.endpoint)
        assert access is not None
        if rule.rule.startswith("/api/"):
            assert access.role is None, rule.rule
        else:
            assert access.scope is None, rule.rule


@pytest.fixture
def doors(app: Kbsearch) -> Flask:
    """An application with one more page for each kind of rule."""
    web_app = create_app(app, testing=True)
    web_app.add_url_rule("/forgotten", view_func=lambda: "never", endpoint="forgotten")
    for role in Role:
        _add(web_app, f"/for-{role}", requires(role)(lambda: "in"))
    for scope in Scope:
        _add(web_app, f"/api/v1/for-{scope}", requires_token(scope)(lambda: "in"))
    _add(web_app, "/whoami", public(lambda: person.login if (person := current_person()) else "nobody"))
    _add(web_app, "/in/<login>", public(lambda login: sign_in(app.people.by_login(login)) or "in"))
    _add(web_app, "/out", public(lambda: sign_out() or "out"))
    return web_app


def _add(web_app: Flask, path: str, view: Callable[..., str]) -> None:
    web_app.add_url_rule(path, endpoint=re.sub(r"\W", "_", path), view_func=view)


def test_a_route_without_a_rule_answers_nobody(doors: Flask, app: Kbsearch) -> None:
    app.people.create("root", "Root", PASSWORD, "admin")
    client = doors.test_client()
    assert client.get("/forgotten").status_code == 403
    client.get("/in/root")
    assert client.get("/forgotten").status_code == 403


@pytest.mark.parametrize("role", list(Role))
def test_a_role_opens_its_own_doors_and_those_below(doors: Flask, app: Kbsearch, role: Role) -> None:
    app.people.create("anna", "Anna", PASSWORD, role)
    client = doors.test_client()
    client.get("/in/anna")
    for door in Role:
        assert client.get(f"/for-{door}").status_code == (200 if role.includes(door) else 403)
    for scope in Scope:
        assert client.get(f"/api/v1/for-{scope}").status_code == 401


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_opens_what_its_scope_says_and_no_page(
    doors: Flask, bearer: Callable[..., dict[str, str]], scope: Scope
) -> None:
    client, headers = doors.test_client(), bearer(scope)
    for door in Scope:
        answer = client.get(f"/api/v1/for-{door}", headers=headers)
        assert answer.status_code == (200 if door == scope else 403)
        assert "Set-Cookie" not in answer.headers
    assert client.get("/for-mentor", headers=headers).status_code == 302


@pytest.mark.parametrize(
    "change", [{"password": "another password"}, {"role": "methodologist"}, {"active": False}]
)
def test_a_session_ends_with_what_it_was_built_on(
    doors: Flask, app: Kbsearch, change: dict[str, object]
) -> None:
    anna = app.people.create("anna", "Anna", PASSWORD, "mentor")
    client = doors.test_client()
    assert client.get("/whoami").text == "nobody"
    client.get("/in/anna")
    assert client.get("/whoami").text == "anna"
    app.people.change(anna.id, **change)  # type: ignore[arg-type]
    assert client.get("/whoami").text == "nobody"
    assert client.get("/for-mentor").status_code == 302


def test_sign_out_forgets(doors: Flask, app: Kbsearch) -> None:
    app.people.create("anna", "Anna", PASSWORD, "mentor")
    client = doors.test_client()
    client.get("/in/anna")
    answer = client.get("/out")
    assert answer.headers["Clear-Site-Data"] == '"cache"'
    assert client.get("/whoami").text == "nobody"


def test_a_forged_cookie_is_nobody(doors: Flask) -> None:
    client = doors.test_client()
    client.set_cookie("kbsearch", "eyJwZXJzb25faWQiOjF9.aaaa.bbbb")
    assert client.get("/whoami").text == "nobody"


def test_a_stranger_is_sent_to_sign_in_and_back(doors: Flask) -> None:
    client = doors.test_client()
    answer = client.get("/for-mentor?q=как дела")
    assert answer.status_code == 302
    assert answer.location.startswith("/sign-in?next=/for-mentor%3Fq%3D")
    block = client.get("/for-mentor", headers={"HX-Request": "true"})
    assert (block.status_code, block.headers["HX-Redirect"]) == (401, "/sign-in?next=/")


@pytest.mark.parametrize(
    ("page", "back"),
    [
        ("http://localhost/cases/new?cluster=7", "/cases/new%3Fcluster%3D7"),
        ("http://localhost/questions/new", "/questions/new"),
        ("https://evil.example/cases/new", "/"),
        ("//evil.example/", "/"),
        ("", "/"),
    ],
)
def test_whose_session_ended_while_writing_comes_back_to_the_page(
    web_app: Flask, page: str, back: str
) -> None:
    client = web_app.test_client()
    sent = client.post("/questions/new", headers={"Referer": page})
    assert (sent.status_code, sent.location) == (302, f"/sign-in?next={back}")
    block = client.get("/questions/1", headers={"HX-Request": "true", "HX-Current-URL": page})
    assert block.headers["HX-Redirect"] == f"/sign-in?next={back}"


@pytest.mark.parametrize(
    ("target", "kept"),
    [
        ("/cases/1?tab=2", True),
        ("/", True),
        ("", False),
        (None, False),
        ("https://evil.example/", False),
        ("//evil.example", False),
        ("/\\evil.example", False),
        ("/\t/evil.example", False),
        ("javascript:alert(1)", False),
        ("cases", False),
    ],
)
def test_sign_in_leads_nowhere_else(target: str | None, kept: bool) -> None:
    assert safe_next(target) == (target if kept else "/")


def test_cookies_are_out_of_reach_of_scripts(doors: Flask, app: Kbsearch) -> None:
    app.people.create("anna", "Anna", PASSWORD, "mentor")
    cookie = doors.test_client().get("/in/anna").headers["Set-Cookie"]
    assert cookie.startswith("kbsearch=")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


def test_behind_tls_the_cookie_is_bound_to_the_host(app: Kbsearch, client: FlaskClient) -> None:
    app.people.create("anna", "Anna", PASSWORD, "mentor")
    secure = Kbsearch(app.settings.model_copy(update={"secure_cookies": True}))
    web_app = create_app(secure, testing=True)
    answer = web_app.test_client().post("/sign-in", data={"login": "anna", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-kbsearch=")
    assert "Secure" in cookie
    assert "Domain" not in cookie
    secure.database.close()

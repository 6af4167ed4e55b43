"""Headers, forged forms, rate limits, compression, versions of static files and the log."""

from __future__ import annotations

import gzip
import logging
import re

import pytest
from flask import Flask, request, url_for
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.errors import ConfigurationError
from web import create_app
from web.security import HEADERS
from web.session import public

PASSWORD = "correct horse battery"


@pytest.mark.parametrize("path", ["/sign-in", "/nothing-here", "/api/v1/docs", "/api/v1/search", "/"])
def test_every_answer_carries_the_security_headers(client: FlaskClient, path: str) -> None:
    headers = client.get(path).headers
    assert {name: headers[name] for name in HEADERS} == HEADERS
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == ("no-store" if path.startswith("/api/") else "private, no-cache")
    assert "Strict-Transport-Security" not in headers


def test_over_tls_browsers_are_told_to_stay_there(client: FlaskClient) -> None:
    assert client.get("/sign-in", base_url="https://kb.example").headers["Strict-Transport-Security"]


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/docs"])
def test_no_page_has_code_inside(client: FlaskClient, path: str) -> None:
    page = client.get(path).text
    assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=|javascript:", page)
    assert not re.search(r"""(?:src|href|action)=["']?(?:https?:)?//""", page)


@pytest.fixture
def guarded(app: Kbsearch) -> Flask:
    """The application as it is served: with forged-form checks and rate limits."""
    limited = Kbsearch(app.settings.model_copy(update={"sign_in_rate": "3/minute", "api_rate": "4/minute"}))
    return create_app(limited)


def test_a_form_from_elsewhere_is_refused(guarded: Flask) -> None:
    answer = guarded.test_client().post("/sign-in", data={"login": "anna", "password": PASSWORD})
    assert answer.status_code == 400


def _form(client: FlaskClient, **values: str) -> dict[str, str]:
    token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    return {"csrf_token": token[1], **values}


def test_sign_in_with_the_pages_own_form(guarded: Flask, app: Kbsearch) -> None:
    app.people.create("anna", "Anna", PASSWORD, "mentor")
    client = guarded.test_client()
    answer = client.post("/sign-in", data=_form(client, login="Anna", password=PASSWORD))
    assert answer.status_code in {302, 303}
    with client.session_transaction() as session:
        assert session["person_id"] == app.people.by_login("anna").id


def test_guessing_passwords_is_slowed_down(guarded: Flask) -> None:
    client = guarded.test_client()
    form = _form(client, login="anna", password="a guess")
    statuses = [client.post("/sign-in", data=form).status_code for _ in range(5)]
    assert statuses == [401, 401, 401, 429, 429]
    assert client.get("/sign-in").status_code == 200
    elsewhere = client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    assert elsewhere.status_code == 401


def test_each_token_has_its_own_limit(guarded: Flask, app: Kbsearch) -> None:
    client = guarded.test_client()
    first, second = (
        {"Authorization": f"Bearer {app.people.make_token(name, ['read'])[1]}"} for name in ("a", "b")
    )
    answers = [client.get("/api/v1/cases", headers=first) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    assert answers[-1].get_json()["code"] == "rate-limited"
    assert int(answers[-1].headers["Retry-After"]) > 0
    assert "Retry-After" not in answers[0].headers
    assert answers[0].headers["X-RateLimit-Remaining"] == "3"
    assert client.get("/api/v1/cases", headers=second).status_code == 200


@pytest.mark.parametrize("name", ["api_rate", "sign_in_rate", "wrong_token_rate"])
def test_a_rate_that_is_none_is_refused_at_the_start(app: Kbsearch, name: str) -> None:
    wrong = Kbsearch(app.settings.model_copy(update={name: "often"}))
    with pytest.raises(ConfigurationError, match=name):
        create_app(wrong)


def test_the_api_needs_no_form_token(guarded: Flask, app: Kbsearch) -> None:
    secret = app.people.make_token("a", ["write"])[1]
    answer = guarded.test_client().post(
        "/api/v1/questions", json={"text": "Как?"}, headers={"Authorization": f"Bearer {secret}"}
    )
    assert answer.status_code == 201


def test_text_is_compressed_for_those_who_can_read_it(client: FlaskClient) -> None:
    plain = client.get("/api/v1/docs")
    packed = client.get("/api/v1/docs", headers={"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert int(packed.headers["Content-Length"]) == len(packed.data) < len(plain.data) / 3
    assert "Accept-Encoding" in plain.headers["Vary"]
    refused = client.get("/api/v1/docs", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_static_files_are_kept_as_long_as_their_version_lasts(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs").text
    address = re.search(r'href="(/api/v1/docs/static/api_docs.css\?v=\w{12})"', page)
    assert address is not None
    versioned = client.get(address[1], headers={"Accept-Encoding": "gzip"}, buffered=True)
    assert versioned.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(versioned.data).startswith(b":root")
    bare = client.get("/api/v1/docs/static/api_docs.css", buffered=True)
    assert bare.headers["Cache-Control"] == "no-cache"
    again = client.get(
        "/api/v1/docs/static/api_docs.css",
        headers={"If-None-Match": versioned.headers["ETag"]},
        buffered=True,
    )
    assert again.status_code == 304
    assert client.get("/api/v1/docs/static/../docs.py").status_code == 404


def test_missing_static_files_have_no_version(web_app: Flask) -> None:
    with web_app.test_request_context():
        assert url_for("static", filename="no-such-file.css") == "/static/no-such-file.css"


def test_the_log_tells_nothing_that_was_typed(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="kbsearch.access")
    answer = client.get("/api/v1/cases/17?q=мой телефон 89161234567")
    client.get("/мой телефон 89161234567")
    told = [record.getMessage() for record in caplog.records if record.name == "kbsearch.access"]
    assert told[0].startswith("GET /api/v1/cases/<int:case_id> 401 ")
    assert told[0].endswith(answer.headers["X-Request-ID"])
    assert told[1].startswith("GET (no such address) 404 ")
    assert not any("8916" in line for line in told)


def test_the_log_tells_who_changed_what(
    app: Kbsearch, client: FlaskClient, caplog: pytest.LogCaptureFixture
) -> None:
    admin = app.people.create("anna", "Anna", PASSWORD, "admin")
    mentor = app.people.create("boris", "Boris", PASSWORD, "mentor")
    token, secret = app.people.make_token("platform", ["read"])
    caplog.set_level(logging.INFO, logger="kbsearch.access")
    client.post("/sign-in", data={"login": "anna", "password": "wrong"})
    client.post("/sign-in", data={"login": "anna", "password": PASSWORD})
    client.post(f"/admin/people/{mentor.id}", data={"do": "role", "role": "methodologist"})
    client.get("/cases/89161234567")  # what is not there may be a telephone's number
    client.get("/api/v1/cases", headers={"Authorization": f"Bearer {secret}"})
    pattern = re.compile(r"(.+) (\d+) \S+ bytes .+ ms by (.+) \w+")
    told = [pattern.fullmatch(one.getMessage()) for one in caplog.records if one.name == "kbsearch.access"]
    assert [one.groups() if one else "" for one in told] == [
        ("POST /sign-in", "401", "nobody"),
        ("POST /sign-in", "303", f"person {admin.id}"),
        (f"POST /admin/people/{mentor.id}", "303", f"person {admin.id}"),
        ("GET /cases/<int:case_id>", "404", f"person {admin.id}"),
        ("GET /api/v1/cases", "200", f"token {token.id}"),
    ]


def test_request_ids_and_addresses_of_proxies_are_taken_only_from_trusted_ones(app: Kbsearch) -> None:
    sent = {"X-Request-ID": "from-the-proxy-1", "X-Forwarded-For": "192.0.2.7"}
    for count, trusted in ((0, False), (1, True)):
        behind = Kbsearch(app.settings.model_copy(update={"trusted_proxies": count}))
        web_app = create_app(behind, testing=True)
        web_app.add_url_rule("/me", view_func=public(lambda: str(request.remote_addr)))
        answer = web_app.test_client().get("/me", headers=sent)
        assert (answer.headers["X-Request-ID"] == "from-the-proxy-1") is trusted
        assert (answer.text == "192.0.2.7") is trusted
        behind.database.close()


def test_a_wrong_request_id_is_not_repeated(app: Kbsearch) -> None:
    behind = Kbsearch(app.settings.model_copy(update={"trusted_proxies": 1}))
    client = create_app(behind, testing=True).test_client()
    assert client.get("/sign-in", headers={"X-Request-ID": "<script>"}).headers["X-Request-ID"].isalnum()
    behind.database.close()


@pytest.mark.parametrize(
    ("accept", "cookie", "language"),
    [("ru", "", "ru"), ("en-GB,ru;q=0.5", "", "en"), ("de", "", "ru"), ("", "", "ru"), ("en", "ru", "ru")],
)
def test_the_language_of_pages(client: FlaskClient, accept: str, cookie: str, language: str) -> None:
    if cookie:
        client.set_cookie("language", cookie)
    page = client.get("/sign-in", headers={"Accept-Language": accept} if accept else {})
    assert f'<html lang="{language}"' in page.text


def _wrong(number: int = 0) -> dict[str, str]:
    return {"Authorization": f"Bearer kbs_{number}"}


def test_wrong_tokens_are_slowed_down_and_valid_ones_are_not(app: Kbsearch) -> None:
    limited = Kbsearch(app.settings.model_copy(update={"wrong_token_rate": "3/minute"}))
    client = create_app(limited).test_client()
    _, secret = app.people.make_token("platform", ["read"])
    answers = [client.get("/api/v1/cases", headers=_wrong(number)) for number in range(5)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429]
    told = answers[-1].get_json()
    assert (told["code"], "wrong tokens" in told["detail"]) == ("rate-limited", True)
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 60
    assert client.get("/api/v1/cases", headers={"Authorization": f"Bearer {secret}"}).status_code == 200
    assert client.get("/api/v1/cases").status_code == 401  # no token is no wrong one
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    assert client.get("/api/v1/cases", headers=_wrong(), environ_base=elsewhere).status_code == 401
    limited.database.close()


@pytest.mark.parametrize(("proxies", "statuses"), [(0, [401, 429]), (1, [401, 401])])
def test_wrong_tokens_are_counted_by_what_trusted_proxies_say(
    app: Kbsearch, proxies: int, statuses: list[int]
) -> None:
    changed = {"wrong_token_rate": "1/minute", "trusted_proxies": proxies}
    behind = Kbsearch(app.settings.model_copy(update=changed))
    client = create_app(behind).test_client()
    sent = [{**_wrong(), "X-Forwarded-For": f"192.0.2.{number}"} for number in (1, 2)]
    assert [client.get("/api/v1/cases", headers=headers).status_code for headers in sent] == statuses
    behind.database.close()


def test_sign_ins_from_one_network_are_counted_together(guarded: Flask) -> None:
    client = guarded.test_client()
    form = _form(client, login="anna", password="a guess")
    statuses = [
        client.post("/sign-in", data=form, environ_base={"REMOTE_ADDR": f"2001:db8::{number}"}).status_code
        for number in range(1, 5)
    ]
    assert statuses == [401, 401, 401, 429]

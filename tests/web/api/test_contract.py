"""The OpenAPI document, its page, tokens and malformed calls."""

from __future__ import annotations

import gzip
import html
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator
from werkzeug.test import TestResponse

from web.api.docs import type_of
from web.session import access_of

Headers = dict[str, str]
Call = Callable[..., TestResponse]


@pytest.fixture
def spec(client: FlaskClient) -> dict[str, Any]:
    document: dict[str, Any] = client.get("/api/v1/openapi.json").get_json()
    return document


def _operations(spec: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in spec["paths"].items():
        for method, operation in methods.items():
            yield path, method.upper(), operation


def test_the_document_is_valid_openapi(spec: dict[str, Any]) -> None:
    assert spec["openapi"].startswith("3.1")
    assert [error.message for error in OpenAPIV31SpecValidator(spec).iter_errors()] == []


def test_every_call_is_documented(web_app: Flask, spec: dict[str, Any]) -> None:
    served = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method)
        for rule in web_app.url_map.iter_rules()
        if rule.endpoint.startswith("api_") and not rule.endpoint.startswith("api_docs.")
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
    }
    assert served == {(path, method) for path, method, _ in _operations(spec)}


def test_documented_scopes_are_the_enforced_ones(web_app: Flask, spec: dict[str, Any]) -> None:
    endpoints = {
        (re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule), method): rule.endpoint
        for rule in web_app.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, method, operation in _operations(spec):
        access = access_of(web_app, endpoints[path, method])
        assert access is not None
        expected = [{"bearer": [access.scope.value]}] if access.scope else [{}]
        assert operation["security"] == expected, path


def test_every_call_says_what_can_go_wrong(spec: dict[str, Any]) -> None:
    for path, method, operation in _operations(spec):
        statuses = set(operation["responses"])
        assert "500" in statuses
        if path != "/api/v1/health":
            assert {"401", "403", "422", "429", "503"} <= statuses, path
        if method == "POST":
            assert {"400", "413", "415"} <= statuses, path
            assert operation["requestBody"]["content"]["application/json"]["example"], path
        if "{" in path:
            assert "404" in statuses, path
        assert operation["summary"], path


def test_examples_are_taken(
    spec: dict[str, Any], client: FlaskClient, bearer: Callable[..., Headers]
) -> None:
    headers = bearer()
    for path, method, operation in _operations(spec):
        if method == "POST":
            example = operation["requestBody"]["content"]["application/json"]["example"]
            status = client.post(path, json=example, headers=headers).status_code
            # These name things that only a real school has.
            named = path.endswith(("/feedback", "/edits", "/undo", "/proposal"))
            assert status == 404 if named else status in {200, 201}, path


@pytest.mark.parametrize(
    ("path", "body", "taken"),
    [
        ("suggest", {"text": "как", "course": None, "question_id": None}, True),
        ("suggest", {"text": None}, False),
        ("suggest", {"text": "как", "question_id": "1"}, False),
        ("questions", {"text": "как", "suggest": None, "replies": None, "asked_at": None}, True),
        ("questions", {"text": "как", "suggest": 1}, False),
        ("questions", {"text": "как", "suggest": "true"}, False),
        ("questions", {"text": "как", "asked_at": 1_772_464_800}, False),
        ("questions", {"questions": [{"text": "как", "replies": [{"text": "так", "accepted": None}]}]}, True),
        (
            "questions",
            {"questions": [{"text": "как", "replies": [{"text": "так", "accepted": "no"}]}]},
            False,
        ),
        ("clusters/edits", {"kind": "keep", "cluster_id": 1, "into_id": None}, True),
        ("clusters/edits", {"kind": "keep", "cluster_id": 1, "into_id": 2}, False),
        ("clusters/edits", {"kind": "rename", "cluster_id": 1}, False),
        ("clusters/edits", {"kind": "rename", "cluster_id": 1, "label": "a"}, True),
        ("clusters/edits", {"kind": "link", "cluster_id": 1, "case_id": 1}, True),
        ("clusters/edits", {"kind": "link", "cluster_id": 1, "case_id": None}, False),
        ("clusters/edits", {"kind": "merge", "cluster_id": 1, "into_id": 2}, True),
        ("clusters/edits", {"kind": "split", "cluster_id": 1, "questions": [1]}, True),
        ("clusters/edits", {"kind": "split", "cluster_id": 1, "questions": [1], "label": "a"}, True),
        ("clusters/edits", {"kind": "move", "questions": [1], "into_id": 2}, True),
        ("clusters/edits", {"kind": "pin", "questions": [1], "cluster_id": 1}, True),
        ("clusters/edits", {"kind": "dismiss", "questions": [1]}, True),
        ("clusters/edits", {"kind": "dismiss", "questions": []}, False),
        ("clusters/edits/undo", {"edit_id": True}, False),
        ("clusters/proposal", {"run_id": 1, "decision": "accept", "lines": None}, True),
        ("feedback", {"suggestion_id": "shown", "action": "nothing_fits", "case_id": None}, True),
        ("feedback", {"suggestion_id": "shown", "action": "nothing_fits", "case_id": 1}, False),
        ("feedback", {"suggestion_id": "shown", "action": "copied"}, False),
    ],
)
def test_the_document_takes_what_the_call_takes(
    spec: dict[str, Any], call: Call, path: str, body: dict[str, Any], taken: bool
) -> None:
    documented = spec["paths"][f"/api/v1/{path}"]["post"]["requestBody"]["content"]["application/json"]
    schema = {**documented["schema"], "components": spec["components"]}
    assert Draft202012Validator(schema).is_valid(body) == taken
    if path == "feedback":
        body = body | {"suggestion_id": call("suggest", {"text": "как"}).get_json()["suggestion_id"]}
    assert (call(path, body).status_code != 422) == taken


@pytest.mark.parametrize(
    ("moment", "reason"),
    [
        ("2026-03-02T18:20:00", " (it has none)"),
        ("2026-02-30T00:00:00Z", " (there is no such day)"),
        ("2026-03-02T18:20:61Z", " (there is no such time)"),
        ("2026-03-02T18:20:00+3", ""),
        ("yesterday", ""),
        (1_772_464_800, ""),
        ("1772464800", ""),
        (True, ""),
    ],
)
def test_a_time_that_is_none_says_how_one_is_written(call: Call, moment: object, reason: str) -> None:
    (error,) = call("questions", {"text": "как", "asked_at": moment}).get_json()["errors"]
    written = "It must be a time with a time zone, such as 2026-03-02T18:20:00+03:00"
    assert error == {"field": "asked_at", "detail": written + reason}


def test_a_language_that_is_none_says_how_one_is_written(call: Call) -> None:
    (error,) = call("search", q="как", language="ru-RU").get_json()["errors"]
    assert error["detail"] == "It must be the code of a language: two or three small letters, such as ru"


def test_the_page_shows_every_call_and_every_error(client: FlaskClient, spec: dict[str, Any]) -> None:
    page = html.unescape(client.get("/api/v1/docs").text)
    for path, _, operation in _operations(spec):
        assert f'id="{operation["operationId"]}"' in page
        assert f"<code>{path}</code>" in page
    for name in spec["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    for target in re.findall(r'href="#([^"]+)"', page):
        assert f'id="{target}"' in page


def test_errors_lead_to_the_page(client: FlaskClient) -> None:
    page = client.get("/api/v1/docs").text
    problem = client.get("/api/v1/search").get_json()
    address, _, anchor = problem["type"].partition("#")
    assert address == "/api/v1/docs"
    assert f'id="{anchor}"' in page


@pytest.mark.parametrize(
    "authorization", [None, "", "Bearer", "Bearer ", "Bearer kbs_wrong", "Basic YTpi", "kbs_wrong"]
)
def test_without_a_valid_token_nothing_else_is_looked_at(
    client: FlaskClient, authorization: str | None
) -> None:
    headers = {} if authorization is None else {"Authorization": authorization}
    for answer in (
        client.get("/api/v1/search?limit=wrong", headers=headers),
        client.post("/api/v1/questions", data="no json", headers=headers),
    ):
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        assert answer.get_json()["code"] == "not-authenticated"


@pytest.mark.parametrize(
    ("path", "scope", "status"),
    [
        ("suggest", "write", 403),
        ("questions", "read", 403),
        ("feedback", "read", 403),
        ("clusters/edits", "write", 403),
        ("clusters/proposal", "write", 403),
    ],
)
def test_a_scope_is_needed(
    client: FlaskClient, bearer: Callable[..., Headers], path: str, scope: str, status: int
) -> None:
    answer = client.post(f"/api/v1/{path}", json={}, headers=bearer(scope))
    assert (answer.status_code, answer.get_json()["code"]) == (status, "not-allowed")


@pytest.mark.parametrize(
    ("data", "kind", "expected"),
    [
        (b"{", "application/json", (400, "malformed")),
        (b"", "application/json", (400, "malformed")),
        (b"\xff\xfe", "application/json", (400, "malformed")),
        (b'{"text": ' + b"[" * 100_000, "application/json", (400, "malformed")),
        (b'{"text": ' + b"9" * 10_000 + b"}", "application/json", (400, "malformed")),
        (b"text=hello", "application/x-www-form-urlencoded", (415, "unsupported-media-type")),
        (b'{"text": "x"}', "text/plain", (415, "unsupported-media-type")),
        (b"[]", "application/json", (422, "invalid-input")),
        (b'"{}"', "application/json", (422, "invalid-input")),
        (b"null", "application/json", (422, "invalid-input")),
        (b'{"text": "\\ud800"}', "application/json", (422, "invalid-input")),
    ],
)
def test_malformed_bodies(
    client: FlaskClient, bearer: Callable[..., Headers], data: bytes, kind: str, expected: tuple[int, str]
) -> None:
    for path in ("questions", "suggest", "feedback"):
        answer = client.post(f"/api/v1/{path}", data=data, content_type=kind, headers=bearer())
        assert (answer.status_code, answer.get_json()["code"]) == expected
        assert answer.mimetype == "application/problem+json"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "The body is empty."),
        (b'{"text": "a"\n "b": 1}', "The body is not JSON: Expecting ',' delimiter (line 2, column 2)."),
        (b'{"text": "a"} b', "The body is not JSON: Extra data (line 1, column 15)."),
        ('{"text": "ы"}'.encode("cp1251"), "The body is not in UTF-8, from byte 11 on."),
        (b'{"question_id": NaN}', "The body is not JSON: NaN is none of its numbers."),
        (b'{"question_id": -Infinity}', "The body is not JSON: -Infinity is none of its numbers."),
        (b'{"question_id": ' + b"9" * 5_000 + b"}", "A number in the body has too many digits."),
        (b'{"text": ' + b"[" * 100_000, "The body is nested too deeply."),
    ],
)
def test_a_body_that_cannot_be_read_says_where(
    client: FlaskClient, bearer: Callable[..., Headers], body: bytes, said: str
) -> None:
    answer = client.post("/api/v1/suggest", data=body, content_type="application/json", headers=bearer())
    assert (answer.status_code, answer.get_json()["detail"]) == (400, said)


def test_a_field_that_is_given_twice_is_refused(client: FlaskClient, bearer: Callable[..., Headers]) -> None:
    body = (
        b'{"questions": [{"text": "a"}, {"text": "b", "replies": [{"text": "c", "text": "d"}], "text": "e"}]}'
    )
    answer = client.post("/api/v1/questions", data=body, content_type="application/json", headers=bearer())
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [
        {"field": name, "detail": "It is given more than once"}
        for name in ("questions.1.replies.0.text", "questions.1.text")
    ]


def test_a_compressed_body_is_refused_as_such(client: FlaskClient, bearer: Callable[..., Headers]) -> None:
    headers = bearer()
    headers["Content-Encoding"] = "gzip"
    body = gzip.compress(b'{"text": "a"}')
    answer = client.post("/api/v1/suggest", data=body, content_type="application/json", headers=headers)
    assert (answer.status_code, answer.get_json()["code"]) == (415, "unsupported-media-type")


@pytest.mark.parametrize(
    ("path", "body", "said"),
    [
        ("questions", {"questions": [{"text": "a"}] * 501}, "'questions': List … at most 500 items, not 501"),
        ("questions", {"text": "a", "replies": ["b"]}, "'replies.0': Input should be an object"),
        ("suggest", {"text": "a", "course": "c" * 101}, "'course': Value … at most 100 characters, not 101"),
        ("clusters/edits", {"kind": "keep"}, "'cluster_id': 'keep' needs it"),
    ],
)
def test_what_is_wrong_is_said_in_words(
    client: FlaskClient, bearer: Callable[..., Headers], path: str, body: dict[str, Any], said: str
) -> None:
    answer = client.post(f"/api/v1/{path}", json=body, headers=bearer())
    whole = said.replace("…", "should have")
    assert answer.get_json()["detail"] == f"1 of the fields cannot be used; the first: {whole}."


def test_a_body_over_the_limit(client: FlaskClient, bearer: Callable[..., Headers]) -> None:
    answer = client.post(
        "/api/v1/questions",
        data=b" " * (33 * 1024 * 1024),
        content_type="application/json",
        headers=bearer(),
    )
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too-large")


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({"type": "string", "minLength": 1, "maxLength": 9}, "string, 1–9 characters"),
        ({"type": "string", "minLength": 1}, "string, at least 1 characters"),
        ({"type": "array", "items": {"type": "integer"}, "maxItems": 3}, "array of integer, at most 3 items"),
        ({"anyOf": [{"$ref": "#/components/schemas/CaseOut"}, {"type": "null"}]}, "CaseOut or null"),
        ({"enum": ["a", "b"], "type": "string"}, "a | b"),
        ({"type": "integer", "minimum": 1, "maximum": 2**63 - 1}, "integer, at least 1"),
        ({"type": "string", "format": "date-time"}, "string (date-time)"),
    ],
)
def test_types_in_words(schema: dict[str, Any], words: str) -> None:
    assert type_of(schema) == words


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("feedback", {"suggestion_id": "x", "action": "accepted", "case_id": True}, "case_id"),
        ("suggest", {"text": "как", "question_id": True}, "question_id"),
        ("clusters/edits", {"kind": "dismiss", "questions": [1, True]}, "questions.1"),
        ("clusters/edits", {"kind": "keep", "cluster_id": True}, "cluster_id"),
        ("clusters/edits/undo", {"edit_id": True}, "edit_id"),
        ("clusters/proposal", {"run_id": True, "decision": "accept"}, "run_id"),
        ("clusters/proposal", {"run_id": 1, "decision": "accept", "lines": [False]}, "lines.0"),
    ],
)
def test_a_boolean_is_no_number(
    client: FlaskClient, bearer: Callable[..., Headers], path: str, body: dict[str, Any], field: str
) -> None:
    answer = client.post(f"/api/v1/{path}", json=body, headers=bearer())
    assert answer.status_code == 422
    assert [(one["field"], one["detail"]) for one in answer.get_json()["errors"]] == [
        (field, "Input should be a valid integer")
    ]


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/clusters/7"), ("GET", "/cases/7"), ("GET", "/questions/7"), ("POST", "/suggest")],
)
def test_parameters_of_a_call_that_takes_none_are_refused(
    client: FlaskClient, bearer: Callable[..., Headers], method: str, path: str
) -> None:
    body = {"json": {"text": "как отменить коммит"}} if method == "POST" else {}
    answer = client.open(f"/api/v1{path}?limit=5", method=method, headers=bearer(), **body)
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [{"field": "limit", "detail": "Extra inputs are not permitted"}]


def test_a_parameter_that_is_given_twice_is_refused(
    client: FlaskClient, bearer: Callable[..., Headers]
) -> None:
    answer = client.get("/api/v1/search?q=git&q=sql", headers=bearer())
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [{"field": "q", "detail": "It is given more than once"}]


def test_an_address_that_is_not_in_utf_8_is_refused(
    client: FlaskClient, bearer: Callable[..., Headers]
) -> None:
    headers = bearer()
    answer = client.get("/api/v1/search?q=%EA%E0%EA", headers=headers)
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == [{"field": "", "detail": "The address is not in UTF-8"}]
    assert client.get("/api/v1/search?q=%EF%BF%BD+git", headers=headers).status_code == 200


def test_ids_begin_at_one(client: FlaskClient, bearer: Callable[..., Headers]) -> None:
    headers = bearer()
    for path in ("questions/0", "cases/0", "clusters/0", "clusters/0/edits"):
        assert client.get(f"/api/v1/{path}", headers=headers).status_code == 404


def test_errors_speak_to_programs(client: FlaskClient, bearer: Callable[..., Headers]) -> None:
    unknown = client.get("/api/v1/cases", headers={"Accept-Language": "ru"})
    assert unknown.get_json()["title"] == "A valid token is needed"
    assert unknown.headers["Content-Language"] == "en"
    lacking = client.get("/api/v1/cases", headers=bearer("write")).get_json()
    assert "`kbsearch token make NAME --scope read`" in lacking["remedy"]


def test_health_takes_what_monitors_add(client: FlaskClient) -> None:
    assert client.get("/api/v1/health?nocache=1").status_code in {200, 503}

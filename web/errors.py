"""Every error as an answer: problem+json (RFC 9457) under /api, a page elsewhere, never a traceback."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlsplit

from flask import Flask, Response, g, jsonify, make_response, redirect, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from markupsafe import escape
from werkzeug.exceptions import BadRequest, HTTPException, TooManyRequests
from werkzeug.routing import RequestRedirect
from werkzeug.wrappers import Response as BaseResponse

from kbsearch.errors import (
    ConfigurationError,
    Conflict,
    DiskFull,
    EncoderUnavailable,
    IndexUnavailable,
    InvalidInput,
    KbsearchError,
    NotAllowed,
    NotAuthenticated,
    NotFound,
    StorageUnavailable,
    TooLarge,
    UnreadableFile,
    fill,
)

STATUSES: dict[type[KbsearchError], HTTPStatus] = {
    ConfigurationError: HTTPStatus.INTERNAL_SERVER_ERROR,
    InvalidInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnreadableFile: HTTPStatus.UNPROCESSABLE_ENTITY,
    NotFound: HTTPStatus.NOT_FOUND,
    Conflict: HTTPStatus.CONFLICT,
    NotAuthenticated: HTTPStatus.UNAUTHORIZED,
    NotAllowed: HTTPStatus.FORBIDDEN,
    DiskFull: HTTPStatus.SERVICE_UNAVAILABLE,
    StorageUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    IndexUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    EncoderUnavailable: HTTPStatus.SERVICE_UNAVAILABLE,
}
"""Error → HTTP status; a test fails when an error of the tree is missing."""

TITLES = {
    "not-found": "There is no such thing",
    "invalid-input": "The input cannot be used",
    "too-large": "The input is too large",
    "unreadable-file": "The file cannot be read",
    "conflict": "This cannot be done now",
    "not-authenticated": "Please sign in",
    "not-allowed": "This is not allowed",
    "storage-unavailable": "The database does not answer",
    "disk-full": "The disk is full",
    "index-unavailable": "The search index does not answer",
    "encoder-unavailable": "The language model does not answer",
    "configuration": "A setting is wrong",
    "malformed": "The request cannot be read",
    "method-not-allowed": "This address does not do that",
    "unsupported-media-type": "Send JSON",
    "rate-limited": "Too many requests",
    "internal": "Something broke on our side",
}
"""Stable code → title."""

API_TITLES = TITLES | {"not-authenticated": "A valid token is needed"}
"""Stable code → title, for programs."""

HTTP_CODES = {
    400: "malformed",
    403: "not-allowed",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    415: "unsupported-media-type",
    429: "rate-limited",
}

OUR_WORDS = {"role", "your_role", "state", "fault", "before", "after"}
"""Details of errors whose values are names from our own code, not what somebody wrote."""

PARTS_OF_CASES = {
    "answer": "Answer",
    "variants": "Phrasings",
    "course": "Course",
    "lessons": "Lessons",
    "tags": "Tags",
}
"""The detail ``part`` of errors → what pages call it."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Problem:
    """One error, ready to be shown.  ``detail`` and ``remedy`` are English templates for ``values``."""

    status: int
    code: str
    detail: str
    remedy: str = ""
    values: dict[str, object] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def title(self) -> str:
        """The title that belongs to the code."""
        return TITLES.get(self.code, HTTPStatus(self.status).phrase)


class Malformed(BadRequest):
    """The body of a call of the API cannot be read; ``template``, filled from ``values``, says where."""

    def __init__(self, template: str, **values: object) -> None:
        super().__init__()
        self.template = template
        self.values = values


class TooManyWrongTokens(TooManyRequests):
    """Another one comes from this address too soon; one within ``seconds`` would be, too."""

    def __init__(self, seconds: float) -> None:
        super().__init__(retry_after=math.ceil(seconds))


def install(app: Flask) -> None:
    """Have ``app`` answer every error through this module."""
    app.register_error_handler(KbsearchError, lambda error: answer(of_kbsearch(error)))
    app.register_error_handler(HTTPException, _answer_http)
    app.register_error_handler(Exception, _answer_surprise)


def of_kbsearch(error: KbsearchError) -> Problem:
    """The problem of one of our own errors."""
    status = next(STATUSES[kind] for kind in type(error).__mro__ if kind in STATUSES)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        _log.error("%s: %s", error.code, error.message)
    headers: dict[str, str] = {}
    if status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="kbsearch"'
    return Problem(status, error.code, error.template, error.remedy_template, error.details, headers)


def of_http(error: HTTPException) -> Problem:
    """The problem of an error that Flask, Werkzeug or an extension raised."""
    status = error.code or 500
    kept = {"Allow", "Retry-After"}
    headers = {name: value for name, value in error.get_headers() if name in kept}
    remedies = {
        400: "Check that the body is JSON in UTF-8." if is_api() else "Go back and try again.",
        404: "Check the address: /api/v1/docs has all; none ends in a slash."
        if is_api()
        else "Check the address.",
        405: "See /api/v1/docs for what it does." if is_api() else "Go back and try again.",
        413: "Send less at once.",
        415: "Send it as it is, with the header 'Content-Type: application/json'.",
        429: "Wait as many seconds as Retry-After says." if is_api() else "Wait a little, then try again.",
    }
    if isinstance(error, CSRFError):
        return Problem(
            400, "malformed", "The form is too old or from elsewhere.", "Reload the page and send it again."
        )
    if isinstance(error, Malformed):
        return Problem(400, "malformed", error.template, remedies[400], error.values)
    if isinstance(error, TooManyWrongTokens):
        told, remedy = (
            "Too many wrong tokens came from this address.",
            "Send a valid one: it is always taken.",
        )
        return Problem(status, HTTP_CODES[status], told, remedy, {}, headers)
    detail = _DETAILS.get(status, HTTPStatus(status).phrase + ".")
    return Problem(status, HTTP_CODES.get(status, "error"), detail, remedies.get(status, ""), {}, headers)


_DETAILS = {
    400: "The request is not well formed.",
    404: "There is nothing at this address.",
    405: "This address does not take that method.",
    413: "The request is larger than what is taken.",
    415: "The request's content type or encoding is not one that is taken.",
    429: "There were too many requests in too short a time.",
}


def spoken(template: str, values: Mapping[str, object]) -> str:
    """``template`` in the language of the page, filled; values that are words of ours are translated too."""
    ours = {name: gettext(str(value)) for name, value in values.items() if name in OUR_WORDS and value}
    if part := PARTS_OF_CASES.get(str(values.get("part"))):
        ours["part"] = gettext(part)
    return fill(gettext(template), {**values, **ours})


def is_api() -> bool:
    """Whether the present request is one of the API's."""
    return request.path == "/api" or request.path.startswith("/api/")


def answer(problem: Problem) -> BaseResponse:
    """``problem`` as problem+json under /api, as a page elsewhere."""
    response = _json(problem) if is_api() else _page(problem)
    response.headers.update(problem.headers)
    return response


def _json(problem: Problem) -> Response:
    body: dict[str, Any] = {
        "type": f"/api/v1/docs#error-{problem.code}",
        "title": API_TITLES.get(problem.code, problem.title),
        "status": problem.status,
        "detail": fill(problem.detail, problem.values),
        "instance": request.path,
        "code": problem.code,
        "remedy": fill(problem.remedy, problem.values),
        "request_id": g.get("request_id", ""),
    }
    if "errors" in problem.values:
        body["errors"] = problem.values["errors"]
    elif field := problem.values.get("field"):
        place = problem.values.get("place")
        fault = body["detail"].removeprefix(f"{place}: ")
        body["errors"] = [{"field": f"{place}.{field}" if place else field, "detail": fault}]
    response = jsonify(body)
    response.status_code = problem.status
    response.mimetype = "application/problem+json"
    response.headers["Content-Language"] = "en"
    return response


def _page(problem: Problem) -> BaseResponse:
    if problem.code == NotAuthenticated.code and request.path != "/sign-in":
        return _to_sign_in()
    try:
        body = render_template(
            "error.html",
            status=problem.status,
            title=gettext(problem.title),
            detail=spoken(problem.detail, problem.values),
            remedy=spoken(problem.remedy, problem.values) if problem.remedy else "",
            code=problem.code,
            sent_from=_page_of("Referer").removeprefix("/") if request.method == "POST" else "",
            request_id=g.get("request_id", ""),
        )
    except Exception:  # the page itself may need what has just failed, such as a locked database
        _log.exception("the error page could not be made")
        body = _plain_page(problem)
    return make_response(body, problem.status)


def _plain_page(problem: Problem) -> str:
    detail, remedy = (fill(text, problem.values) for text in (problem.detail, problem.remedy))
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{escape(problem.title)}</title>"
        f"<h1>{escape(problem.title)}</h1><p>{escape(detail)}</p><p>{escape(remedy)}</p>"
    )


def _to_sign_in() -> BaseResponse:
    if request.headers.get("HX-Request"):
        # A redirect would put the sign-in form into the middle of the page.
        target = f"/sign-in?next={quote(_page_of('HX-Current-URL'))}"
        return make_response("", HTTPStatus.UNAUTHORIZED, {"HX-Redirect": target})
    # Where the form was sent from, what was typed can be restored.
    back = request.full_path.rstrip("?") if request.method == "GET" else _page_of("Referer")
    return redirect(f"/sign-in?next={quote(back)}")


def _page_of(header: str) -> str:
    """The page of this site that a form or a block was sent from; "/" when that is not known."""
    sent = urlsplit(request.headers.get(header, ""))
    if sent.netloc != request.host or not sent.path:
        return "/"
    return f"{sent.path}?{sent.query}" if sent.query else sent.path


def _answer_http(error: HTTPException) -> BaseResponse:
    if error.response is not None:
        return make_response(error.get_response())
    if isinstance(error, RequestRedirect):
        return make_response(error.get_response())
    return answer(of_http(error))


def _answer_surprise(error: Exception) -> BaseResponse:
    _log.exception("request %s failed", g.get("request_id", ""), exc_info=error)
    return answer(
        Problem(
            500,
            "internal",
            "The request failed; the log says why.",
            "Try again; if it lasts, give the request id to whoever runs kbsearch.",
        )
    )

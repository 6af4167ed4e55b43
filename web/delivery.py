"""How answers travel: versioned static files, compression, request ids and the access log."""

from __future__ import annotations

import gzip
import hashlib
import logging
import re
import secrets
import time
from functools import cache
from pathlib import Path
from typing import Any

from flask import Flask, Response, g, request

SMALLEST_GZIPPED = 600
"""Bytes; below one network packet compression gains nothing."""

_TEXT_TYPES = ("text/", "application/json", "application/problem+json", "application/javascript", "image/svg")
_REQUEST_ID = re.compile(r"[\w.-]{8,64}")
_log = logging.getLogger("kbsearch.access")


def install(app: Flask, *, trust_request_ids: bool) -> None:
    """Have ``app`` deliver its answers this way."""

    @app.before_request
    def begin() -> None:
        g.began = time.perf_counter()
        sent = request.headers.get("X-Request-ID", "") if trust_request_ids else ""
        g.request_id = sent if _REQUEST_ID.fullmatch(sent) else secrets.token_hex(8)

    @app.url_defaults
    def version_static(endpoint: str, values: dict[str, Any]) -> None:
        if (endpoint == "static" or endpoint.endswith(".static")) and "v" not in values:
            folder = app.static_folder if endpoint == "static" else _blueprint_folder(app, endpoint)
            version = _version(folder or "", str(values.get("filename", "")))
            if version:
                values["v"] = version

    # Last registered runs first: the log sees the size after compression.
    app.after_request(_log_request)
    app.after_request(_compress)
    app.after_request(_keep_static)


def _blueprint_folder(app: Flask, endpoint: str) -> str | None:
    return app.blueprints[endpoint.removesuffix(".static")].static_folder


def _version(folder: str, filename: str) -> str:
    path = Path(folder) / filename
    return _content_hash(path, path.stat().st_mtime_ns) if path.is_file() else ""


@cache
def _content_hash(path: Path, changed_ns: int) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()[:12]


def _keep_static(response: Response) -> Response:
    is_static = (request.endpoint or "").rpartition(".")[2] == "static"
    if is_static and response.status_code in {200, 304}:
        versioned = "v" in request.args
        kept = "public, max-age=31536000, immutable" if versioned else "no-cache"
        response.headers["Cache-Control"] = kept
    return response


def _compress(response: Response) -> Response:
    if not (response.mimetype or "").startswith(_TEXT_TYPES) or (
        response.is_streamed and not _is_file(response)
    ):
        return response
    response.vary.add("Accept-Encoding")
    accepted = request.accept_encodings.quality("gzip") > 0 and request.method != "HEAD"
    if not accepted or response.status_code != 200 or "Content-Encoding" in response.headers:  # noqa: PLR2004
        return response
    response.direct_passthrough = False
    body = response.get_data()
    if len(body) >= SMALLEST_GZIPPED:
        response.set_data(gzip.compress(body, compresslevel=6, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
        etag, weak = response.get_etag()
        if etag and not weak:
            response.set_etag(etag, weak=True)
    return response


def _is_file(response: Response) -> bool:
    return response.direct_passthrough


def _log_request(response: Response) -> Response:
    response.headers["X-Request-ID"] = g.get("request_id", "")
    took = 1000 * (time.perf_counter() - g.get("began", time.perf_counter()))
    size, code = response.headers.get("Content-Length", "-"), response.status_code
    _log.info(
        "%s %s %s %s bytes %.1f ms by %s %s",
        request.method, _place(response), code, size, took, _caller(), g.get("request_id", ""),
    )  # fmt: skip
    return response


def _place(response: Response) -> str:
    """The rule, not the address: addresses and queries may hold what a person typed.

    Of rows that are there the number is told, so that the log says what was changed.
    """
    if request.url_rule is None:
        return "(no such address)"
    rule = request.url_rule.rule
    if response.status_code < 400:  # noqa: PLR2004  # what is refused may be any number, a telephone's too
        for name, value in (request.view_args or {}).items():
            rule = rule.replace(f"<int:{name}>", str(value)) if isinstance(value, int) else rule
    return rule


def _caller() -> str:
    """Who called, by number; the numbers of people and tokens stand on their pages."""
    if person := g.get("person"):
        return f"person {person.id}"
    return f"token {g.token.id}" if g.get("token") else "nobody"

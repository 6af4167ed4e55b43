"""What protects every request: headers, forged-form checks, rate limits, limits of size, proxies."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Literal, cast

from flask import Blueprint, Flask, Response, g, request
from flask.json.provider import DefaultJSONProvider
from flask_limiter import Limiter
from flask_wtf import CSRFProtect
from limits import parse_many
from werkzeug.middleware.proxy_fix import ProxyFix

from kbsearch.config import Settings
from kbsearch.errors import ConfigurationError
from web.attempts import FailedAttempts, caller_of
from web.session import WRONG_TOKENS

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "object-src 'none'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
RETRY_AFTER_SECONDS = 5
SIGN_IN_PATH = "/sign-in"
YEAR_SECONDS = 365 * 24 * 3600
API_BODY_BYTES = 32 * 1024 * 1024
"""Largest body of an API call: 500 questions of the greatest length in four-byte letters fit."""


def configure(app: Flask, settings: Settings, *, testing: bool) -> None:
    """Set what Flask itself needs to know."""
    secure = settings.secure_cookies
    app.config.update(
        TESTING=testing,
        SECRET_KEY=settings.stored_key("secret_key"),
        # Browsers take a __Host- cookie only over TLS, for this host and from no subdomain.
        SESSION_COOKIE_NAME="__Host-kbsearch" if secure else "kbsearch",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=secure,
        SESSION_REFRESH_EACH_REQUEST=False,
        PERMANENT_SESSION_LIFETIME=timedelta(days=14),
        MAX_CONTENT_LENGTH=settings.max_upload_mb * 1024 * 1024,
        WTF_CSRF_ENABLED=not testing,
        WTF_CSRF_TIME_LIMIT=None,
        RATELIMIT_ENABLED=not testing,
    )
    provider = cast(DefaultJSONProvider, app.json)
    provider.ensure_ascii, provider.sort_keys = False, False  # Russian stays readable, and half as long
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=count, x_proto=count, x_host=count, x_prefix=count
        )


def protect_forms(app: Flask) -> CSRFProtect:
    """Refuse forms that did not come from our own pages."""
    return CSRFProtect(app)


def limit_rates(app: Flask, settings: Settings, calls: Iterable[Blueprint]) -> None:
    """Limit API ``calls`` by token, sign-in attempts and wrong tokens by address.

    Counts live in this process.

    Raises:
        ConfigurationError: a rate is not written as the setting asks.
    """
    api_rate, sign_in_rate = _rate(settings, "api_rate"), _rate(settings, "sign_in_rate")
    wrong_token_rate = _rate(settings, "wrong_token_rate")
    if not app.config["RATELIMIT_ENABLED"]:
        return
    app.extensions[WRONG_TOKENS] = FailedAttempts(wrong_token_rate)
    limiter = Limiter(
        _caller, app=app, storage_uri="memory://", headers_enabled=True, strategy="moving-window"
    )
    limit_call: Any = limiter.shared_limit(api_rate, scope="api")
    for blueprint in calls:
        limit_call(blueprint)
    limit_attempt: Any = limiter.limit(sign_in_rate, key_func=_address)
    for rule in app.url_map.iter_rules():
        if rule.rule == SIGN_IN_PATH and "POST" in (rule.methods or ()):
            app.view_functions[rule.endpoint] = limit_attempt(_own(app.view_functions[rule.endpoint]))


def _rate(settings: Settings, name: Literal["api_rate", "sign_in_rate", "wrong_token_rate"]) -> str:
    rate = str(getattr(settings, name))
    try:
        parse_many(rate)
    except ValueError as error:
        raise ConfigurationError(
            "Setting '{name}' is not a rate: '{rate}'.",
            remedy="Write it like '600/minute' or '10/second;1000/hour'.",
            name=name,
            rate=rate,
        ) from error
    return rate


def _own(view: Callable[..., Any]) -> Callable[..., Any]:
    # The limiter marks the function it is given, and blueprints share theirs between applications.
    @wraps(view)
    def own(**values: Any) -> Any:
        return view(**values)

    return own


def _caller() -> str:
    token = g.get("token")
    return f"token {token.id}" if token else _address()


def _address() -> str:
    return caller_of(request.remote_addr)


def add_headers(response: Response) -> Response:
    """Put the security headers on every response, and say what may be kept."""
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = str(RETRY_AFTER_SECONDS)
    elif response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        response.headers.pop("Retry-After", None)  # the limiter puts it on every answer
    if request.is_secure:
        response.headers.setdefault("Strict-Transport-Security", f"max-age={YEAR_SECONDS}")
    if "Cache-Control" not in response.headers:
        # Pages may be kept for "back", but must be asked for again; answers of the API not at all.
        kept = "no-store" if request.path.startswith("/api/") else "private, no-cache"
        response.headers["Cache-Control"] = kept
    return response

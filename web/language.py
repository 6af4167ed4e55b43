"""Which language and time zone a page speaks."""

from __future__ import annotations

from flask import Flask, request
from flask_babel import Babel

from web.errors import is_api
from web.session import current_person, kb

LANGUAGES = ("ru", "en")
LANGUAGE_COOKIE = "language"


def install(app: Flask) -> None:
    """Set Flask-Babel up."""
    Babel(app, locale_selector=select_language, timezone_selector=lambda: kb().settings.timezone)


def select_language() -> str:
    """The person's choice, else the cookie's, else the browser's, else the setting's; the API's is en."""
    if is_api():
        return "en"
    person = current_person()
    chosen = person.language if person else ""
    for candidate in (chosen, request.cookies.get(LANGUAGE_COOKIE, "")):
        if candidate in LANGUAGES:
            return candidate
    # Werkzeug's best_match prefers an exact "ru;q=0.5" to a "en-GB" that is wanted more.
    wanted = (tag.partition("-")[0].lower() for tag, quality in request.accept_languages if quality > 0)
    return next((tag for tag in wanted if tag in LANGUAGES), kb().settings.language)

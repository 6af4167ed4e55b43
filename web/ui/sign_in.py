"""Signing in and out, and the language of those who are not signed in yet."""

from __future__ import annotations

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from kbsearch.errors import NotAuthenticated
from kbsearch.models import Role
from web import session
from web.language import LANGUAGE_COOKIE, LANGUAGES
from web.security import YEAR_SECONDS
from web.session import current_person, kb, public, requires, safe_next
from web.ui import blueprint, words
from web.ui.forms import back, go, text_of


@blueprint.get("/sign-in", endpoint="sign_in")
@public
def sign_in_form() -> str | BaseResponse:
    """The form, or the way on for those who are signed in."""
    target = safe_next(request.args.get("next"))
    if current_person() is not None:
        return redirect(target)
    return render_template("sign_in.html", next=target, login="", error="")


@blueprint.post("/sign-in", endpoint="sign_in_post")
@public
def sign_in() -> tuple[str, int] | BaseResponse:
    """Begin a session."""
    target, login = safe_next(request.form.get("next")), text_of("login")
    try:
        person = kb().people.sign_in(login, request.form.get("password", ""))
    except NotAuthenticated as error:
        said = words.error(error)
        return render_template("sign_in.html", next=target, login=login, error=said), 401
    session.sign_in(person)
    return go(target)


@blueprint.post("/sign-out")
@requires(Role.MENTOR)
def sign_out() -> BaseResponse:
    """End the session."""
    session.sign_out()
    return go(url_for("ui.sign_in"))


@blueprint.post("/language")
@public
def choose_language() -> BaseResponse:
    """Remember the language, in a cookie and with the person."""
    language = text_of("language")
    response = back(url_for("ui.search_page"))
    if language in LANGUAGES:
        person = current_person()
        if person is not None:
            kb().people.change(person.id, language=language)
        remember(response, LANGUAGE_COOKIE, language)
    return response


def remember(response: BaseResponse, name: str, value: str) -> None:
    """Keep a choice in a cookie for a year."""
    secure = kb().settings.secure_cookies
    response.set_cookie(name, value, max_age=YEAR_SECONDS, secure=secure, httponly=True, samesite="Lax")

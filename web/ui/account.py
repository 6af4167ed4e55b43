"""One's own account: name, password, language, theme, keyboard; on a phone also the way to the rest."""

from __future__ import annotations

from flask import render_template, request, url_for
from flask_babel import force_locale
from werkzeug.wrappers import Response

from kbsearch.errors import KbsearchError, NotAuthenticated
from kbsearch.models import Role
from web import session
from web.language import LANGUAGE_COOKIE, LANGUAGES
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.context import KEYBOARD_COOKIE, THEME_COOKIE, THEMES
from web.ui.forms import back, go, say, text_of
from web.ui.sign_in import remember
from web.ui.texts import gettext


@blueprint.get("/account")
@requires(Role.MENTOR)
def account() -> str:
    """What one can set for oneself."""
    return render_template("account.html", themes=THEMES)


@blueprint.post("/account")
@requires(Role.MENTOR)
def change_account() -> Response:
    """Remember name, language, theme and keyboard."""
    person, language, theme = current_person(), text_of("language"), text_of("theme")
    response = go(url_for("ui.account"))
    if person is not None and language in LANGUAGES:
        kb().people.change(person.id, name=text_of("name") or None, language=language)
        remember(response, LANGUAGE_COOKIE, language)
    if theme in THEMES:
        remember(response, THEME_COOKIE, theme)
    remember(response, KEYBOARD_COOKIE, "on" if text_of("keyboard") else "off")
    with force_locale(language if language in LANGUAGES else "en"):
        say(gettext("Saved."))
    return response


@blueprint.post("/theme")
@requires(Role.MENTOR)
def choose_theme() -> Response:
    """Remember the theme."""
    response = back(url_for("ui.account"))
    if text_of("theme") in THEMES:
        remember(response, THEME_COOKIE, text_of("theme"))
    return response


@blueprint.post("/account/password")
@requires(Role.MENTOR)
def change_password() -> Response:
    """Set a new password; other sessions of this person end."""
    person = current_person()
    assert person is not None  # noqa: S101  # the access rule has seen to it
    try:
        kb().people.sign_in(person.login, request.form.get("current", ""))
        session.sign_in(kb().people.change(person.id, password=request.form.get("new", "")))
        say(gettext("The password is changed; you are signed out everywhere else."))
    except NotAuthenticated:
        say(gettext("The current password is wrong."), "bad")
    except KbsearchError as error:
        say(words.error(error), "bad")
    return go(url_for("ui.account"))

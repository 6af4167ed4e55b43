"""People and tokens, for admins."""

from __future__ import annotations

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from kbsearch.errors import Conflict, InvalidInput
from kbsearch.models import Role, Scope
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.forms import go, say, text_of
from web.ui.texts import gettext


@blueprint.get("/admin/people")
@requires(Role.ADMIN)
def people_page() -> str:
    """Everybody who may sign in."""
    return render_template("admin/people.html", people=kb().people.list(), roles=list(Role))


@blueprint.post("/admin/people")
@requires(Role.ADMIN)
def add_person() -> Response | tuple[str, int]:
    """Let somebody in; what was typed stays in the form when that cannot be done."""
    try:
        person = kb().people.create(
            text_of("login"), text_of("name"), request.form.get("password", ""), text_of("role")
        )
        say(gettext("%(name)s can sign in now.", name=person.name))
    except (InvalidInput, Conflict) as error:
        say(words.error(error), "bad")
        return people_page(), 422
    return go(url_for("ui.people_page"))


@blueprint.post("/admin/people/<int:person_id>")
@requires(Role.ADMIN)
def change_person(person_id: int) -> Response:
    """Change somebody's role or password, or whether they may sign in."""
    step = text_of("do")
    try:
        if step == "role":
            kb().people.change(person_id, role=text_of("role"))
        elif step == "password":
            kb().people.change(person_id, password=request.form.get("password", ""))
        elif step in {"activate", "deactivate"}:
            kb().people.change(person_id, active=step == "activate")
        say(gettext("Saved."))
    except (InvalidInput, Conflict) as error:
        say(words.error(error), "bad")
    return go(url_for("ui.people_page"))


@blueprint.get("/admin/tokens")
@requires(Role.ADMIN)
def tokens_page() -> str:
    """The tokens of programs."""
    return render_template("admin/tokens.html", tokens=kb().people.tokens(), scopes=list(Scope), secret="")


@blueprint.post("/admin/tokens")
@requires(Role.ADMIN)
def make_token() -> Response | tuple[str, dict[str, str]]:
    """Make a token; its secret is on this one page and nowhere else."""
    person = current_person()
    try:
        _, secret = kb().people.make_token(
            text_of("name"), request.form.getlist("scope"), created_by_id=person.id if person else None
        )
    except InvalidInput as error:
        say(words.error(error), "bad")
        return go(url_for("ui.tokens_page"))
    page = render_template(
        "admin/tokens.html", tokens=kb().people.tokens(), scopes=list(Scope), secret=secret
    )
    return page, {"Cache-Control": "no-store"}


@blueprint.post("/admin/tokens/<int:token_id>/revoke")
@requires(Role.ADMIN)
def revoke_token(token_id: int) -> Response:
    """Shut a token out."""
    kb().people.revoke_token(token_id)
    say(gettext("The token is revoked."))
    return go(url_for("ui.tokens_page"))

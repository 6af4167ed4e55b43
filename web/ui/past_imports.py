"""Past imports: the list of them, and undoing one after a look at what that would do."""

from __future__ import annotations

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.errors import Conflict
from kbsearch.models import Role
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.forms import go, say


@blueprint.get("/import/past")
@requires(Role.METHODOLOGIST)
def imports_page() -> str:
    """The latest imports, from the pages and from the command line."""
    return render_template("import/list.html", imports=kb().past_imports.latest(limit=50))


@blueprint.get("/import/past/<int:import_id>/undo")
@requires(Role.METHODOLOGIST)
def undo_page(import_id: int) -> str | Response:
    """What undoing the import would remove and what would stay; nothing is changed yet."""
    try:
        preview = kb().past_imports.preview(import_id)
    except Conflict as error:
        return _told(error)
    return render_template("import/undo.html", preview=preview, plan=preview.plan, record=preview.past.record)


@blueprint.post("/import/past/<int:import_id>/undo")
@requires(Role.METHODOLOGIST)
def undo_import(import_id: int) -> Response:
    """Let the worker undo it."""
    person = current_person()
    try:
        job = kb().past_imports.ask(import_id, person.id if person else None)
    except Conflict as error:
        return _told(error)
    return go(url_for("ui.job_page", job_id=job.id))


def _told(error: Conflict) -> Response:
    """Why it cannot be undone, on the list of imports."""
    say(words.error(error), "warn")
    return go(url_for("ui.imports_page"))

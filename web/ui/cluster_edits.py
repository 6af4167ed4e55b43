"""What people do to a cluster on its page, each with an undo."""

from __future__ import annotations

import re
from collections.abc import Callable

from flask import request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from kbsearch.errors import InvalidInput
from kbsearch.models import ClusterEdit, Role
from web.session import kb, requires
from web.ui import blueprint
from web.ui.duplicates import person_id
from web.ui.forms import back, go, say, text_of
from web.ui.texts import gettext

_NUMBER = re.compile(r"(\d{1,15})/?\s*$")


def number_in(name: str) -> int:
    """The number that the field ``name`` holds or, as the address of a page, ends in.

    Raises:
        InvalidInput: there is none.
    """
    text = text_of(name)
    if not text:
        raise InvalidInput("No number is given.", remedy="It stands in the address of its page.")
    found = _NUMBER.search(text)
    if not found:
        raise InvalidInput(
            "'{text}' is no number.", remedy="It stands in the address of its page.", text=text[:50]
        )
    return int(found.group(1))


def ticked() -> list[int]:
    """The questions that are ticked.

    Raises:
        BadRequest: one is no number.
    """
    values = request.form.getlist("question")
    if not all(value.isdecimal() and len(value) < 16 for value in values):  # noqa: PLR2004  # digits of an id
        raise BadRequest
    return [int(value) for value in values]


def _keep(cluster_id: int) -> tuple[ClusterEdit, str]:
    return kb().cluster_edits.keep(cluster_id, person_id()), gettext("Kept: no run will dissolve it.")


def _link(cluster_id: int) -> tuple[ClusterEdit, str]:
    edit = kb().cluster_edits.link(cluster_id, number_in("case"), person_id())
    return edit, gettext("Linked to the case.")


def _merge(cluster_id: int) -> tuple[ClusterEdit, str]:
    edit = kb().cluster_edits.merge(cluster_id, number_in("into"), person_id())
    return edit, gettext("Merged: runs will keep them together.")


def _split(cluster_id: int) -> tuple[ClusterEdit, str]:
    edit = kb().cluster_edits.split(cluster_id, ticked(), person_id(), text_of("label"))
    return edit, gettext("Split off: runs will keep them apart.")


def _move(cluster_id: int) -> tuple[ClusterEdit, str]:
    edit = kb().cluster_edits.move(ticked(), number_in("into"), person_id())
    return edit, gettext("Moved: they stay there whatever a run says.")


def _pin(cluster_id: int) -> tuple[ClusterEdit, str]:
    edit = kb().cluster_edits.pin(ticked(), cluster_id, person_id())
    return edit, gettext("Pinned: no run will take them out.")


def _dismiss(cluster_id: int) -> tuple[ClusterEdit, str]:
    edit = kb().cluster_edits.dismiss(ticked(), person_id())
    return edit, gettext("Dismissed: these are no questions.")


STEPS: dict[str, Callable[[int], tuple[ClusterEdit, str]]] = {
    "keep": _keep,
    "link": _link,
    "merge": _merge,
    "split": _split,
    "move": _move,
    "pin": _pin,
    "dismiss": _dismiss,
}


@blueprint.post("/clusters/<int:cluster_id>/edit")
@requires(Role.METHODOLOGIST)
def edit_cluster(cluster_id: int) -> Response:
    """Do to the cluster what the pressed button says."""
    step = STEPS.get(text_of("do"))
    if step is None:
        raise BadRequest
    edit, said = step(cluster_id)
    shown = cluster_id if edit.cluster_id is None or edit.kind == "move" else edit.cluster_id
    say(said, undo=undoing(edit.id, url_for("ui.cluster_page", cluster_id=cluster_id)))
    if text_of("review"):
        return go(url_for("ui.review_page", cluster=cluster_id))
    return go(url_for("ui.cluster_page", cluster_id=shown))


@blueprint.post("/clusters/<int:cluster_id>/name")
@requires(Role.METHODOLOGIST)
def rename_cluster(cluster_id: int) -> Response:
    """Give the cluster a name that runs leave alone."""
    edit = kb().cluster_edits.rename(cluster_id, text_of("label"), person_id())
    here = url_for("ui.cluster_page", cluster_id=cluster_id)
    say(gettext("Renamed. New runs will keep the name."), undo=undoing(edit.id, here))
    return go(here)


@blueprint.post("/clusters/edits/<int:edit_id>/undo")
@requires(Role.METHODOLOGIST)
def undo_edit(edit_id: int) -> Response:
    """Take an edit back."""
    kb().cluster_edits.undo(edit_id, person_id())
    say(gettext("Undone."))
    return back(url_for("ui.clusters_page"))


def undoing(edit_id: int, here: str) -> tuple[str, dict[str, str]]:
    """The address and fields that take an edit back and lead ``here``."""
    return url_for("ui.undo_edit", edit_id=edit_id), {"next": here}

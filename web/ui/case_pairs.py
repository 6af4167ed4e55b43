"""Cases that may be one: the list of likely pairs, merging, and telling apart."""

from __future__ import annotations

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.models import Role
from web.session import kb, requires
from web.ui import blueprint
from web.ui.duplicates import person_id
from web.ui.forms import back, go, number_of, say, text_of
from web.ui.texts import gettext

ROWS = 50


@blueprint.get("/cases/pairs")
@requires(Role.METHODOLOGIST)
def case_pairs_page() -> str:
    """Pairs of cases that one answer may serve, likeliest first."""
    course = text_of("course")
    pairs = kb().case_pairs.likely(limit=ROWS, course=course)
    return render_template("cases/pairs.html", pairs=pairs, course=course)


@blueprint.post("/cases/<int:case_id>/merge")
@requires(Role.METHODOLOGIST)
def merge_case(case_id: int) -> Response:
    """Merge the case into another one."""
    into = kb().cases.get(number_of("into"))
    pair = kb().case_pairs.merge(case_id, into.id, person_id())
    undo: tuple[str, dict[str, str]] = (url_for("ui.undo_merge", pair_id=pair.id), {})
    say(gettext("Merged into “%(title)s”; check its answer.", title=into.title), undo=undo)
    return go(url_for("ui.case_page", case_id=into.id))


@blueprint.post("/cases/merges/<int:pair_id>/undo")
@requires(Role.METHODOLOGIST)
def undo_merge(pair_id: int) -> Response:
    """Take a merge back."""
    pair = kb().case_pairs.undo_merge(pair_id, person_id())
    say(gettext("The merge is undone: there are two cases again."))
    return go(url_for("ui.case_page", case_id=pair.case_id))


@blueprint.post("/cases/<int:case_id>/apart")
@requires(Role.METHODOLOGIST)
def tell_cases_apart(case_id: int) -> Response:
    """Remember that two cases are no duplicates, or forget that."""
    other = number_of("other")
    if text_of("step") == "forget":
        kb().case_pairs.forget_apart(case_id, other)
        say(gettext("Forgotten: they are shown as a pair again."))
    else:
        kb().case_pairs.tell_apart(case_id, other, person_id())
        fields = {"other": str(other), "step": "forget", "next": text_of("next")}
        undo = (url_for("ui.tell_cases_apart", case_id=case_id), fields)
        say(gettext("Noted: the two are different cases."), undo=undo)
    return back(url_for("ui.case_pairs_page"))

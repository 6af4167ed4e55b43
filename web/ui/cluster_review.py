"""The review queue: one cluster at a time, decided with a key."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from kbsearch.errors import KbsearchError
from kbsearch.models import CaseState, ClusterEdit, ReviewVerdict, Role, utc_now
from kbsearch.services.cluster_review import has_case
from web.session import kb, requires
from web.ui import blueprint
from web.ui.cluster_edits import number_in
from web.ui.duplicates import person_id
from web.ui.forms import go, number_of, say, text_of
from web.ui.texts import gettext

SUGGESTED = 3
SHOWN = 6


@blueprint.get("/clusters/review")
@requires(Role.METHODOLOGIST)
def review_page() -> str:
    """The cluster to decide on next."""
    item = kb().reviews.next(cluster_id=number_of("cluster", 0) or None)
    if item is None:
        return render_template("clusters/review.html", item=None, last=kb().clusters.latest_run())
    words = " ".join([item.row.cluster.label, *(question.text[:300] for question in item.row.exemplars[:1])])
    return render_template(
        "clusters/review.html",
        item=item,
        shown=utc_now().isoformat(),
        row=item.row,
        written=kb().gaps.cases_of([item.row.cluster.id]).get(item.row.cluster.id),
        members=kb().clusters.get(item.row.cluster.id, questions=SHOWN).questions,
        cases=kb().search.search(words, limit=SUGGESTED).cases,
        nearest=kb().near_clusters.of(item.row.cluster.id, SUGGESTED),
    )


@blueprint.post("/clusters/review")
@requires(Role.METHODOLOGIST)
def decide_cluster() -> Response:
    """Do what the pressed button says, and go on to the next cluster."""
    cluster_id, step = number_of("cluster"), text_of("do").partition(":")[0]
    target = text_of("do").partition(":")[2]
    edits, who = kb().cluster_edits, person_id()
    if _decided_meanwhile(cluster_id):
        return go(url_for("ui.review_page"))
    if step == "case":
        return _write_case(cluster_id)
    if step == "split":
        return go(url_for("ui.cluster_page", cluster_id=cluster_id, all=1, review=1, _anchor="questions"))
    verdict, edit = ReviewVerdict.DONE, None
    review = kb().reviews
    if step == "link":
        edit = edits.link(cluster_id, _number(target) or number_in("case"), who)
    elif step == "dismiss":
        return _end(step, cluster_id, lambda: edits.dismiss_cluster(cluster_id, who))
    elif step == "merge":
        into = _number(target) or number_in("into")
        return _end(step, cluster_id, lambda: edits.merge(cluster_id, into, who))
    elif step in {"fine", "later"}:
        verdict = ReviewVerdict(step)
    else:
        raise BadRequest
    noted = review.decide(cluster_id, verdict, edit_id=edit.id if edit else None, person_id=who)
    return _next(step, noted.id, edit.id if edit else None)


def _decided_meanwhile(cluster_id: int) -> bool:
    """Whether somebody else decided on the cluster since the page was shown; says so."""
    try:
        shown = datetime.fromisoformat(text_of("shown"))
    except ValueError:
        return False
    other = kb().reviews.by_another(cluster_id, shown, person_id()) if shown.tzinfo else None
    if other is None:
        return False
    names = kb().cases.names([other.person_id])
    who = names.get(other.person_id or 0, gettext("Somebody"))
    say(
        gettext("%(name)s decided on that cluster while you looked at it. Here is the next one.", name=who),
        "warn",
    )
    return True


def _end(step: str, cluster_id: int, edit: Callable[[], ClusterEdit]) -> Response:
    """Decide by an edit that ends the cluster, which has no size to be noted afterwards."""
    noted = kb().reviews.decide(cluster_id, ReviewVerdict.DONE, person_id=person_id())
    try:
        edited = edit()
    except KbsearchError:
        kb().reviews.undo(noted.id)  # nothing was done, so the cluster still waits
        raise
    return _next(step, noted.id, edited.id)


def _number(text: str) -> int | None:
    return int(text) if text.isdecimal() and len(text) < 16 else None  # noqa: PLR2004  # digits of an id


def _write_case(cluster_id: int) -> Response:
    row = kb().clusters.get(cluster_id, questions=0).row
    if row.case is not None and has_case(row):
        say(gettext("There is a case for this cluster already: this one."), "warn")
        return go(url_for("ui.case_page", case_id=row.case.id))
    case = kb().cases.create_from_cluster(cluster_id, person_id=person_id())
    noted = kb().reviews.decide(cluster_id, ReviewVerdict.DONE, person_id=person_id())
    undo = (url_for("ui.undo_review", review_id=noted.id), {"case": str(case.id)})
    say(
        gettext("A draft with the students' words and the mentors' replies. Edit it into an answer."),
        undo=undo,
    )
    return go(url_for("ui.edit_case", case_id=case.id))


def _put_away(case_id: int, cluster_id: int) -> None:
    """Archive the case that was written for the cluster, unless it is more than a draft by now."""
    case = kb().cases.get(case_id)
    if case.cluster_id == cluster_id and case.state == CaseState.DRAFT:
        kb().cases.move(case_id, CaseState.ARCHIVED, person_id=person_id())


def _next(step: str, review_id: int, edit_id: int | None) -> Response:
    said = {
        "link": gettext("Linked to the case."),
        "merge": gettext("Merged: runs will keep them together."),
        "dismiss": gettext("Dismissed: these are no questions."),
        "fine": gettext("Fine as it is. It comes back when it grows."),
        "later": gettext("Put off for a week."),
    }[step]
    fields = {"edit": str(edit_id)} if edit_id else {}
    say(said, undo=(url_for("ui.undo_review", review_id=review_id), fields))
    return go(url_for("ui.review_page"))


@blueprint.post("/clusters/review/<int:review_id>/undo")
@requires(Role.METHODOLOGIST)
def undo_review(review_id: int) -> Response:
    """Take a decision back, with its edit, and show the cluster again."""
    if request.form.get("edit"):
        kb().cluster_edits.undo(number_of("edit"), person_id())
    review = kb().reviews.undo(review_id)
    if request.form.get("case"):
        _put_away(number_of("case"), review.cluster_id)
    say(gettext("Undone."))
    return go(url_for("ui.review_page", cluster=review.cluster_id))

"""What the last run proposes, to be accepted whole or line by line."""

from __future__ import annotations

from flask import render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from kbsearch.models import Role
from web.session import kb, requires
from web.ui import blueprint
from web.ui.duplicates import person_id
from web.ui.forms import go, number_of, say
from web.ui.texts import gettext, ngettext


@blueprint.get("/clusters/diff")
@requires(Role.MENTOR)
def cluster_diff() -> str:
    """The last run's diff: what is born, grows, splits, is merged or ends."""
    proposal = kb().proposals.latest()
    job = kb().proposal_work.accepting(proposal.run.id) if proposal else None
    return render_template("clusters/diff.html", proposal=proposal, job=job)


@blueprint.post("/clusters/diff")
@requires(Role.METHODOLOGIST)
def decide_on_diff() -> Response:
    """Accept or reject the line of the pressed button, or all that are open.

    What a job accepts, and whatever is decided meanwhile, leads to that job's page.
    """
    run_id = number_of("run")
    step, _, line = request.form.get("do", "").partition(":")
    if step not in {"accept", "reject", "reopen"} or (line and not (line.isdecimal() and len(line) < 16)):  # noqa: PLR2004  # digits of an id
        raise BadRequest
    lines = [int(line)] if line else None
    job = kb().proposal_work.accepting(run_id)
    if job is not None:
        return go(url_for("ui.job_page", job_id=job.id))
    if step == "accept":
        return _accept(run_id, lines)
    if step == "reject":
        count = kb().proposals.reject(run_id, lines, person_id())
        undo = (
            url_for("ui.decide_on_diff"),
            {"run": str(run_id), "do": f"reopen:{line}" if line else "reopen"},
        )
        say(ngettext("%(num)d change rejected.", "%(num)d changes rejected.", count), undo=undo)
    else:
        kb().proposals.reopen(run_id, lines)
        say(gettext("Undone."))
    return go(url_for("ui.cluster_diff"))


def _accept(run_id: int, lines: list[int] | None) -> Response:
    done = kb().proposal_work.accept(run_id, lines, person_id())
    if not isinstance(done, int):
        return go(url_for("ui.job_page", job_id=done.id))
    say(ngettext("%(num)d change accepted.", "%(num)d changes accepted.", done))
    return go(url_for("ui.cluster_diff"))

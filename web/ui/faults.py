"""Faults of the platform: the list, one with its report, closing it with one answer, dismissing it."""

from __future__ import annotations

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.errors import InvalidInput
from kbsearch.models import FaultState, Role
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.charts import shares
from web.ui.fault_parts import part_of
from web.ui.forms import address, go, number_of, say, text_of
from web.ui.questions import Pages
from web.ui.texts import gettext, ngettext

ROWS = 30
SHOWN = 20
"""Questions of a fault that are listed before "show all"."""


@blueprint.get("/faults")
@requires(Role.MENTOR)
def faults_page() -> str:
    """All faults, latest first."""
    state, offset = text_of("state"), number_of("offset", 0)
    state = state if state in set(FaultState) else ""
    rows = kb().faults.list(state=state, limit=ROWS + 1, offset=offset)
    pages = Pages(
        address(offset=max(0, offset - ROWS) or "") if offset else "",
        address(offset=offset + ROWS) if len(rows) > ROWS else "",
    )
    return render_template("faults/list.html", rows=rows[:ROWS], pages=pages, state=state)


@blueprint.get("/faults/<int:fault_id>")
@requires(Role.MENTOR)
def fault_page(fault_id: int) -> str:
    """One fault: the report, its questions, and what can be done."""
    return _page(fault_id)


def _page(fault_id: int, error: str = "", answer: str = "") -> str:
    detail = kb().faults.get(fault_id)
    parts = shares([count for _, count in detail.report.hourly])
    return render_template(
        "faults/view.html",
        detail=detail,
        part=part_of(detail.report, detail.questions),
        fault=detail.fault,
        report=detail.report,
        busiest=next(
            (hour.isoformat() for hour, n in detail.report.hourly if n == detail.report.busiest), None
        ),
        hours=list(zip(detail.report.hourly, parts, strict=True)),
        webhook=bool(kb().settings.fault_webhook_url),
        everything=text_of("all"),
        shown=SHOWN,
        address=address,
        error=error,
        answer=answer,
    )


@blueprint.post("/faults/<int:fault_id>/close")
@requires(Role.METHODOLOGIST)
def close_fault(fault_id: int) -> Response | tuple[str, int]:
    """Close the fault: one answer for all that wait."""
    try:
        count = kb().faults.close(fault_id, text_of("answer"), _person_id())
    except InvalidInput as error:
        return _page(fault_id, words.error(error), text_of("answer")), 422
    told = ngettext("Closed: %(num)d question is answered.", "Closed: %(num)d questions are answered.", count)
    say(told, undo=(url_for("ui.reopen_fault", fault_id=fault_id), {}))
    return go(url_for("ui.fault_page", fault_id=fault_id))


@blueprint.post("/faults/<int:fault_id>/question")
@requires(Role.METHODOLOGIST)
def sort_fault_question(fault_id: int) -> Response:
    """Take a question out of the fault, or put it back."""
    question_id, step = number_of("question_id"), text_of("step")
    if step == "back":
        kb().faults.put_back(fault_id, question_id)
        say(gettext("The question belongs to the fault again."))
    else:
        kb().faults.take_out(fault_id, question_id)
        undo = (
            url_for("ui.sort_fault_question", fault_id=fault_id),
            {"question_id": str(question_id), "step": "back"},
        )
        say(gettext("Taken out: closing the fault will not answer this question."), undo=undo)
    return go(url_for("ui.fault_page", fault_id=fault_id))


@blueprint.post("/faults/<int:fault_id>/dismiss")
@requires(Role.METHODOLOGIST)
def dismiss_fault(fault_id: int) -> Response:
    """It was no fault."""
    kb().faults.dismiss(fault_id, _person_id())
    told = gettext("Dismissed. A burst as strong within two days will not be reported.")
    say(told, undo=(url_for("ui.reopen_fault", fault_id=fault_id), {}))
    return go(url_for("ui.faults_page"))


@blueprint.post("/faults/<int:fault_id>/reopen")
@requires(Role.METHODOLOGIST)
def reopen_fault(fault_id: int) -> Response:
    """Take closing or dismissing back."""
    kb().faults.reopen(fault_id)
    say(gettext("The fault is open again; so are the questions that were answered by closing it."))
    return go(url_for("ui.fault_page", fault_id=fault_id))


@blueprint.post("/faults/<int:fault_id>/send")
@requires(Role.MENTOR)
def send_fault(fault_id: int) -> Response:
    """Send the report by webhook."""
    kb().faults.send(fault_id, _person_id())
    say(gettext("The report is on its way; its outcome will stand below."))
    return go(url_for("ui.fault_page", fault_id=fault_id))


def _person_id() -> int | None:
    person = current_person()
    return person.id if person else None

"""Messages set aside as small talk: the list, and taking one back."""

from __future__ import annotations

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.models import AsideReason, Role
from web.session import current_person, kb, requires
from web.ui import blueprint
from web.ui.forms import address, go, number_of, say, text_of, wants_block
from web.ui.questions import Pages
from web.ui.texts import gettext

ROWS = 50


@blueprint.get("/clusters/aside")
@requires(Role.MENTOR)
def asides_page() -> str:
    """What is in no cluster because it asks nothing."""
    asked, kept, offset = text_of("reason"), bool(text_of("kept")), number_of("offset", 0)
    reason = asked if asked in set(AsideReason) else ""
    page = kb().asides.list(reason=reason, kept=kept, limit=ROWS, offset=offset)
    pages = Pages(
        address(offset=max(0, offset - ROWS) or "") if offset else "",
        address(offset=offset + ROWS) if offset + ROWS < page.total else "",
    )
    block = "clusters/_asides.html" if wants_block("list") else "clusters/asides.html"
    return render_template(
        block, page=page, pages=pages, reason=reason, kept=kept, reason_name=reason_name, address=address
    )


@blueprint.post("/clusters/aside/<int:question_id>/keep")
@requires(Role.METHODOLOGIST)
def keep_aside(question_id: int) -> Response:
    """Say that the message is a question."""
    person = current_person()
    kb().asides.keep(question_id, person_id=person.id if person else None)
    _say(
        gettext("It is a question from now on, and joins a cluster where it fits one."),
        "set_aside_again",
        question_id,
    )
    return go(url_for("ui.asides_page"))


@blueprint.post("/clusters/aside/<int:question_id>/back")
@requires(Role.METHODOLOGIST)
def set_aside_again(question_id: int) -> Response:
    """Set the message aside again."""
    kb().asides.set_aside(question_id)
    _say(gettext("Set aside again."), "keep_aside", question_id)
    return go(url_for("ui.asides_page"))


def _say(text: str, undone_by: str, question_id: int) -> None:
    say(text, undo=(url_for(f"ui.{undone_by}", question_id=question_id), {}))


def reason_name(reason: str) -> str:
    """Why a message is set aside, in words."""
    named: dict[str, str] = {
        AsideReason.THANKS: gettext("thanks"),
        AsideReason.GREETING: gettext("greets or introduces"),
        AsideReason.SOLVED: gettext("says that it worked out"),
        AsideReason.WITHDRAWN: gettext("takes its question back"),
        AsideReason.AGREEMENT: gettext("agrees or acknowledges"),
        AsideReason.WISH: gettext("wishes or congratulates"),
        AsideReason.FEELING: gettext("shares a feeling"),
        AsideReason.REACTION: gettext("laughter or emoji"),
        AsideReason.TALK: gettext("reads like chat"),
    }
    return named.get(reason, reason)

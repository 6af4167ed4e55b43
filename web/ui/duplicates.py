"""Questions that repeat earlier ones: linking, unlinking, and answering them alike."""

from __future__ import annotations

import re

from flask import url_for
from werkzeug.wrappers import Response

from kbsearch.errors import InvalidInput
from kbsearch.models import Role
from web.session import current_person, kb, requires
from web.ui import blueprint
from web.ui.forms import go, say, text_of
from web.ui.texts import gettext

_NUMBER = re.compile(r"(\d{1,15})/?\s*$")


def person_id() -> int | None:
    """Who is signed in."""
    person = current_person()
    return person.id if person else None


@blueprint.post("/questions/<int:question_id>/link")
@requires(Role.MENTOR)
def link_question(question_id: int) -> Response:
    """Say that the question asks the same as another one, named by its number or address."""
    later = kb().duplicates.link(question_id, _number(text_of("to")), person_id())
    undo = (url_for("ui.unlink_question", question_id=later), {"back": str(question_id)})
    say(gettext("Linked: the two ask the same."), undo=undo)
    return go(url_for("ui.question_page", question_id=question_id))


@blueprint.post("/questions/<int:question_id>/unlink")
@requires(Role.MENTOR)
def unlink_question(question_id: int) -> Response:
    """Say that the question does not ask what it is linked to."""
    other = kb().duplicates.unlink(question_id, person_id())
    undo = (url_for("ui.link_question", question_id=question_id), {"to": str(other)})
    say(gettext("Unlinked: it is a question of its own."), undo=undo)
    back = text_of("back")
    page = int(back) if back.isdecimal() and len(back) < 16 else question_id  # noqa: PLR2004  # digits of an id
    return go(url_for("ui.question_page", question_id=page))


@blueprint.post("/questions/<int:question_id>/likewise")
@requires(Role.MENTOR)
def answer_likewise(question_id: int) -> Response:
    """Answer the question the way the ones that it repeats were answered."""
    kb().duplicates.answer_likewise(question_id)
    undo = (url_for("ui.change_question", question_id=question_id), {"step": "reopen"})
    say(gettext("Answered likewise."), undo=undo)
    return go(url_for("ui.question_page", question_id=question_id))


def _number(text: str) -> int:
    found = _NUMBER.search(text)
    if not found:
        raise InvalidInput(
            "'{text}' is no number of a question.", remedy="It stands on its page.", text=text[:50]
        )
    return int(found.group(1))

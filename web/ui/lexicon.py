"""The lexicon: what students say, what it means, and a box to try how a question is understood."""

from __future__ import annotations

from typing import Any

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.errors import InvalidInput, NotFound
from kbsearch.models import Role
from kbsearch.services.lexicon import Everyday, LexiconRow
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.forms import address, go, number_of, say, text_of, wants_block
from web.ui.questions import Pages
from web.ui.texts import gettext

MAX_TRIED = 2_000
ROWS = 50


@blueprint.get("/lexicon")
@requires(Role.METHODOLOGIST)
def lexicon_page() -> str:
    """All entries, the form for one, and the box to try them."""
    tried = text_of("try")[:MAX_TRIED]
    template = "lexicon/list.html"
    if wants_block("list"):
        template = "lexicon/_list.html"
    elif wants_block("understood"):
        template = "lexicon/_understood.html"
    rows, offset = kb().lexicon.rows(text_of("q")), number_of("offset", 0)
    shown = rows[offset : offset + ROWS]
    pages = Pages(
        address(offset=max(0, offset - ROWS) or "") if offset else "",
        address(offset=offset + ROWS) if offset + ROWS < len(rows) else "",
        f"{shown[0].said} … {shown[-1].said}" if shown else "",
    )
    return render_template(
        template,
        rows=shown,
        pages=pages,
        text=text_of("q"),
        said=text_of("said"),
        means=text_of("means"),
        before=text_of("before"),
        doubtful=bool(text_of("doubtful")),
        tried=tried,
        understood=kb().lexicon.understood(tried) if tried else None,
    )


@blueprint.post("/lexicon")
@requires(Role.METHODOLOGIST)
def save_entry() -> Response:
    """Add an entry or change one; with ``before`` its saying was another."""
    said, means, before = text_of("said"), text_of("means"), text_of("before")
    typed = {"said": said[:100], "means": means[:300], "before": before[:100]}
    earlier = _known(before or said)
    replaced = _known(said)
    try:
        row = kb().lexicon.save(said, means, sure=bool(text_of("sure")), person_id=_person_id())
        if before and before != row.said:
            _forget(before)
    except Everyday:
        return go(_form(**typed, doubtful="1"))
    except InvalidInput as error:
        say(words.error(error), "bad")
        return go(_form(**typed))
    told = gettext("From now on “%(said)s” is understood as “%(means)s”.", said=row.said, means=row.means)
    if replaced and replaced.means != row.means:
        told += " " + gettext("Until now it was “%(means)s”.", means=replaced.means)
    say(told, undo=_undoing(row, earlier))
    return go(url_for("ui.lexicon_page"))


@blueprint.post("/lexicon/remove")
@requires(Role.METHODOLOGIST)
def remove_entry() -> Response:
    """Delete an entry of the school, or switch one off that came with kbsearch."""
    row = kb().lexicon.remove(text_of("said"), person_id=_person_id())
    undo = (url_for("ui.save_entry"), _fields(row))
    if row.origin == "own":
        say(gettext("“%(said)s” is deleted.", said=row.said), undo=undo)
    else:
        say(gettext("“%(said)s” is switched off.", said=row.said), undo=undo)
    return go(url_for("ui.lexicon_page"))


@blueprint.post("/lexicon/bring-back")
@requires(Role.METHODOLOGIST)
def bring_back_entry() -> Response:
    """Make an entry again what came with kbsearch."""
    before = kb().lexicon.get(text_of("said"))
    row = kb().lexicon.bring_back(before.said)
    undo = None
    if before.origin == "changed":
        undo = (url_for("ui.save_entry"), _fields(before))
    say(gettext("“%(said)s” is as it came with kbsearch.", said=row.said), undo=undo)
    return go(url_for("ui.lexicon_page"))


def _form(**fields: str) -> str:
    """The address of the form with ``fields`` filled in."""
    filled: dict[str, Any] = {name: value for name, value in fields.items() if value}
    return url_for("ui.lexicon_page", **filled, _anchor="entry")


def _known(said: str) -> LexiconRow | None:
    """The entry that holds for ``said``; None when there is none, or it is switched off."""
    try:
        row = kb().lexicon.get(said)
    except NotFound:
        return None
    return None if row.origin == "off" else row


def _undoing(row: LexiconRow, earlier: LexiconRow | None) -> tuple[str, dict[str, str]]:
    """What brings the ``earlier`` entry back in the place of ``row``, or takes ``row`` away if none was."""
    if earlier is None:
        return url_for("ui.remove_entry"), {"said": row.said}
    return url_for("ui.save_entry"), _fields(earlier) | {"before": row.said}


def _fields(row: LexiconRow) -> dict[str, str]:
    """What saves ``row`` again, everyday words or not: it was an entry before."""
    return {"said": row.said, "means": row.means, "sure": "1"}


def _forget(said: str) -> None:
    try:
        kb().lexicon.remove(said, person_id=_person_id())
    except NotFound:
        return  # somebody else removed it meanwhile: what was wanted


def _person_id() -> int | None:
    person = current_person()
    return person.id if person else None

"""Cases: the list, one case, its life and its history."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.errors import NotAllowed
from kbsearch.models import TRANSITIONS, Case, CaseState, QuestionState, Revision, Role
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.context import school
from web.ui.diff import FieldDiff, compare
from web.ui.forms import address, go, number_of, say, text_of, wants_block
from web.ui.questions import Pages
from web.ui.texts import gettext

if TYPE_CHECKING:
    from kbsearch.services.case_pairs import LikeCase

ROWS = 30
MENTORS_MAY_EDIT = (CaseState.DRAFT, CaseState.IN_REVIEW)
MENTORS_MAY_ENTER = (CaseState.DRAFT, CaseState.IN_REVIEW)


def role() -> Role:
    """The role of who is signed in."""
    person = current_person()
    return Role(person.role) if person else Role.MENTOR


def steps(case: Case) -> list[CaseState]:
    """The states to which this person may bring ``case``."""
    allowed = TRANSITIONS[CaseState(case.state)]
    if role().includes(Role.METHODOLOGIST):
        return list(allowed)
    return [state for state in allowed if may_edit(case) and state in MENTORS_MAY_ENTER]


def may_edit(case: Case) -> bool:
    """Whether this person may change ``case`` as it stands."""
    return role().includes(Role.METHODOLOGIST) or case.state in MENTORS_MAY_EDIT


def check_may_edit(case: Case) -> None:
    """Refuse to let a mentor change what students see.

    Raises:
        NotAllowed: this person may not change ``case`` as it stands.
    """
    if not may_edit(case):
        raise NotAllowed(
            "A published case is changed by a methodologist.",
            remedy="Ask a methodologist, or send what is wrong as feedback.",
        )


@blueprint.get("/cases")
@requires(Role.MENTOR)
def cases_page() -> str:
    """Cases by state, course and words."""
    state, course, text, offset = text_of("state"), text_of("course"), text_of("q"), number_of("offset", 0)
    state = state if state in set(CaseState) else ""
    page = kb().cases.list(state=state, course=course, text=text, limit=ROWS, offset=offset)
    pages = Pages(
        address(offset=max(0, offset - ROWS) or "") if offset else "",
        address(offset=offset + ROWS) if offset + ROWS < page.total else "",
    )
    return render_template(
        "cases/_list.html" if wants_block("list") else "cases/list.html",
        page=page,
        pages=pages,
        counts=kb().cases.counts(course=course, text=text),
        state=state,
        course=course,
        text=text,
        address=address,
    )


@blueprint.get("/cases/<int:case_id>")
@requires(Role.MENTOR)
def case_page(case_id: int) -> str:
    """One case as its readers see it, and what may be done with it."""
    case = kb().cases.get(case_id)
    return render_template(
        "cases/view.html",
        case=case,
        steps=steps(case),
        may_edit=may_edit(case),
        saved=text_of("saved"),
        alike=_alike(case),
        merged=kb().case_pairs.merged_into(case_id),
        tab="view",
    )


def _alike(case: Case) -> list[LikeCase]:
    """Cases that may be the same, for those who can do something about it."""
    if not may_edit(case) or case.state == CaseState.ARCHIVED:
        return []
    return kb().case_pairs.like(case.title, course=case.course_code, but=case.id)


@blueprint.get("/c/<slug>")
@requires(Role.MENTOR)
def case_by_slug(slug: str) -> Response:
    """The lasting address of a case."""
    return go(url_for("ui.case_page", case_id=kb().cases.by_slug(slug).id))


@blueprint.post("/cases/<int:case_id>/state")
@requires(Role.MENTOR)
def move_case(case_id: int) -> Response:
    """Bring a case to another state."""
    case, person, target = kb().cases.get(case_id), current_person(), text_of("state")
    if target == case.state:  # clicked twice, or in two tabs: what was wanted is so
        say(gettext("The case is now: %(state)s.", state=words.case_state(case.state)))
        return go(url_for("ui.case_page", case_id=case_id))
    if (
        target in set(CaseState)
        and target not in steps(case)
        and target in TRANSITIONS[CaseState(case.state)]
    ):
        raise NotAllowed("Publishing and archiving is for methodologists.", remedy="Send it to review.")
    moved = kb().cases.move(case_id, target, person_id=person.id if person else None)
    answer_its_questions(moved)
    undo = None
    if CaseState(case.state) in TRANSITIONS[CaseState(moved.state)]:
        undo = (url_for("ui.move_case", case_id=case_id), {"state": str(case.state)})
    elif moved.state == CaseState.ARCHIVED:
        undo = (url_for("ui.unarchive_case", case_id=case_id), {})
    said = gettext("The case is now: %(state)s.", state=words.case_state(moved.state))
    say(said, undo=undo)
    return go(url_for("ui.case_page", case_id=case_id))


def answer_its_questions(case: Case) -> None:
    """The open questions that a case was written from are answered by it once students can be shown it."""
    if case.state != CaseState.PUBLISHED or case.cluster_id is not None:
        return
    ids = [variant.question_id for variant in kb().cases.get(case.id).variants if variant.question_id]
    for question in kb().questions.by_ids(ids):
        if question.state == QuestionState.OPEN:
            kb().questions.answer(question.id, case.id)


@blueprint.post("/cases/<int:case_id>/unarchive")
@requires(Role.METHODOLOGIST)
def unarchive_case(case_id: int) -> Response:
    """Undo that a case was archived."""
    person = current_person()
    case = kb().cases.unarchive(case_id, person_id=person.id if person else None)
    say(gettext("The case is now: %(state)s.", state=words.case_state(case.state)))
    return go(url_for("ui.case_page", case_id=case_id))


@blueprint.get("/cases/<int:case_id>/history")
@requires(Role.MENTOR)
def case_history(case_id: int) -> str:
    """The revisions of a case, each with what it changed."""
    case = kb().cases.get(case_id)
    newest_first = list(reversed(case.revisions))
    wanted = number_of("revision", newest_first[0].number if newest_first else 0)
    chosen = next((revision for revision in newest_first if revision.number == wanted), None)
    return render_template(
        "cases/history.html",
        case=case,
        revisions=newest_first,
        chosen=chosen,
        changes=_changes(case, chosen),
        names=kb().cases.names(revision.person_id for revision in case.revisions),
        may_edit=may_edit(case),
        tab="history",
    )


def _changes(case: Case, revision: Revision | None) -> list[FieldDiff]:
    if revision is None:
        return []
    earlier = [other for other in case.revisions if other.number < revision.number]
    before: dict[str, Any] = earlier[-1].snapshot if earlier else {}
    return compare(in_words(before), in_words(revision.snapshot))


def in_words(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    """``snapshot`` with names in place of codes."""
    names: dict[str, Callable[[Any], Any]] = {
        "state": words.case_state,
        "course": school().course,
        "lessons": lambda codes: [school().lesson(code) for code in codes],
        "language": words.language,
    }
    named = {field: names[field](value) for field, value in snapshot.items() if value and field in names}
    return {**snapshot, **named}


@blueprint.post("/cases/<int:case_id>/restore")
@requires(Role.MENTOR)
def restore_case(case_id: int) -> Response:
    """Bring an earlier revision back."""
    case, person = kb().cases.get(case_id), current_person()
    check_may_edit(case)
    number = number_of("revision")
    kb().cases.restore(case_id, number, person_id=person.id if person else None)
    before = str(case.revisions[-1].number)
    undo = (url_for("ui.restore_case", case_id=case_id), {"revision": before})
    say(gettext("Revision %(number)s is back.", number=number), undo=undo)
    return go(url_for("ui.case_page", case_id=case_id))

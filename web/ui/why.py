"""Why a case was found for a question, or was not, and mending it."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import render_template, url_for
from werkzeug.wrappers import Response

from kbsearch.errors import NotFound
from kbsearch.models import Case, Role
from kbsearch.privacy.masking import mask
from web.session import kb, requires
from web.ui import blueprint
from web.ui.cases import check_may_edit, may_edit
from web.ui.duplicates import person_id
from web.ui.forms import address, go, number_of, say, text_of
from web.ui.search import Asked
from web.ui.texts import gettext


@blueprint.get("/why")
@requires(Role.MENTOR)
def why_page() -> str:
    """The figures of a question and the case that a mentor names, or cases to choose from."""
    asked, named = Asked.of_request(), text_of("case")[:300]
    question_id = number_of("question", 0)
    question = kb().questions.get(question_id) if question_id else None
    text = question.text if question else asked.text
    case = _named(named)
    found = None
    if case is not None and question is not None:
        found = kb().why.why_question(question.id, case.id)
    elif case is not None and text:
        found = kb().why.why(text, case.id, course=asked.course, lesson=asked.lesson, language=asked.language)
    return render_template(
        "why.html",
        asked=asked,
        text=text,
        question=question,
        named=named,
        found=found,
        offered=[] if found or not named else kb().why.candidates(named),
        may_mend=found is not None and may_edit(found.case),
        address=address,
    )


def _named(name: str) -> Case | None:
    """The case with this short name, number, address or title."""
    path = urlsplit(name).path.rstrip("/").rsplit("/", 1)[-1] if "/" in name else name
    cases = kb().cases
    try:
        return cases.get(int(path)) if path.isdecimal() and len(path) < 16 else cases.by_slug(path)  # noqa: PLR2004
    except NotFound:
        alike = kb().why.candidates(name) if name else []
        return alike[0] if len(alike) == 1 else None


@blueprint.post("/why/phrasing")
@requires(Role.MENTOR)
def mend_case() -> Response:
    """Keep the words that did not find the case as one of its phrasings."""
    asked, case, question_id = Asked.of_request(), kb().cases.get(number_of("case")), number_of("question", 0)
    check_may_edit(case)
    question = kb().questions.get(question_id) if question_id else None
    text = question.text if question else mask(asked.text).text
    here = url_for(
        "ui.why_page",
        case=case.slug,
        **({"question": question_id} if question_id else {"q": asked.text, "course": asked.course}),
    )
    if kb().cases.add_wording(case.id, text, question_id or None, person_id()):
        undo = (url_for("ui.forget_wording", case_id=case.id), {"text": text, "next": here})
        say(gettext("The case will be found by these words too."), undo=undo)
    else:
        say(gettext("The case has these words already, or nearly the same."), "warn")
    return go(here)

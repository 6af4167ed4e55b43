"""Questions: the list, one question with what answers it, and asking a new one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from flask import render_template, request, url_for
from werkzeug.wrappers import Response

from kbsearch.errors import InvalidInput
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import FeedbackAction, Question, QuestionState, Role, Surface
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.forms import address, go, number_of, say, text_of, wants_block
from web.ui.search import MAX_QUERY, record, withdrawing
from web.ui.texts import gettext

if TYPE_CHECKING:
    from kbsearch.services.search import CaseHit
    from kbsearch.services.suggestions import SuggestionView

ROWS = 30


@dataclass(frozen=True, slots=True)
class Pages:
    """Where "previous" and "next" lead; "" when there is no such page."""

    previous: str = ""
    next: str = ""
    label: str = ""


@blueprint.get("/questions")
@requires(Role.MENTOR)
def questions_page() -> str:
    """Questions, latest first, by state and course, or those that a search finds."""
    state, course, text = text_of("state"), text_of("course"), text_of("q")[:MAX_QUERY]
    state = state if state in set(QuestionState) else ""
    if text:
        found = kb().search.search(text, course=course, limit=ROWS).questions
        rows = [hit.question for hit in found if state in ("", hit.question.state)]
        pages = Pages()
    else:
        before = number_of("before", 0) or None
        rows = kb().questions.latest(state=state, course=course, limit=ROWS + 1, before_id=before)
        pages = _pages(rows)
    block = "questions/_list.html" if wants_block("list") else "questions/list.html"
    return render_template(
        block, rows=rows[:ROWS], pages=pages, state=state, course=course, text=text, address=address
    )


def _pages(rows: list[Question]) -> Pages:
    more = address(before=rows[ROWS - 1].id) if len(rows) > ROWS else ""
    return Pages(address(before="") if request.args.get("before") else "", more)


@blueprint.get("/questions/<int:question_id>")
@requires(Role.MENTOR)
def question_page(question_id: int) -> str:
    """A question with its replies, three suggestions and questions like it."""
    question = kb().questions.get(question_id)
    suggestion = _suggested(question, store=False)
    case = kb().cases.by_ids([question.case_id]) if question.case_id else []
    return render_template(
        "questions/view.html",
        question=question,
        case=case[0] if case else None,
        suggestion=suggestion,
        nearest=[] if suggestion.matches else _nearest(question),
        similar=kb().search.similar_questions(question_id, limit=5),
        following=next(iter(_waiting(before_id=question_id)), None),
        repeat=kb().duplicates.of([question_id]).get(question_id),
        group=kb().duplicates.group(question_id),
        may_keep=case and question.id not in {variant.question_id for variant in case[0].variants},
    )


def _waiting(before_id: int) -> list[Question]:
    return kb().questions.latest(state="open", asking=True, limit=1, before_id=before_id)


def _nearest(question: Question) -> Sequence[CaseHit]:
    """The nearest cases, for when none is likely enough to be suggested."""
    return kb().search.search(question.text[:MAX_QUERY], course=question.course_code, limit=3).cases


def _suggested(question: Question, *, store: bool) -> SuggestionView:
    return kb().suggestions.suggest(
        question.text,
        course=question.course_code,
        lesson=question.lesson_code,
        question_id=question.id,
        surface=Surface.QUESTION,
        store=store,
    )


@blueprint.post("/questions/<int:question_id>/state")
@requires(Role.MENTOR)
def change_question(question_id: int) -> Response:
    """Answer the question with a case, dismiss it, reopen it, or note that nothing fits."""
    questions, step = kb().questions, text_of("step")
    here = url_for("ui.question_page", question_id=question_id)
    undo = (url_for("ui.change_question", question_id=question_id), {"step": "reopen"})
    if step == "answer":
        given = _answer(questions.get(question_id), number_of("case_id"))
        say(gettext("Marked as answered by the case."), undo=withdrawing(given, here) or undo)
        _keep_when_confirmed(question_id)
    elif step == "dismiss":
        _dismiss(question_id)
        say(gettext("Dismissed: it wants no answer."), undo=undo)
    elif step == "reopen":
        _reopen(question_id)
        say(gettext("The question is open again."))
    elif step == "nothing":
        suggestion = _suggested(questions.get(question_id), store=True)
        given = record(suggestion, FeedbackAction.NOTHING_FITS, None)
        say(gettext("Noted: no case answers this yet."), undo=withdrawing(given, here))
    return go(here)


def _dismiss(question_id: int) -> None:
    """Dismiss the question, which leaves its cluster at once; nothing when it is dismissed already."""
    if kb().questions.get(question_id).state != QuestionState.DISMISSED:
        kb().cluster_edits.dismiss([question_id], _person_id())


def _reopen(question_id: int) -> None:
    """Open the question; one that was dismissed goes back into its cluster.

    Who said that the case answers it says so no longer.
    """
    kb().suggestions.withdraw_answers(question_id, _person_id())
    if kb().questions.get(question_id).state == QuestionState.DISMISSED:
        kb().cluster_edits.reopen(question_id, _person_id())
    kb().questions.reopen(question_id)


def _person_id() -> int | None:
    person = current_person()
    return person.id if person else None


def _answer(question: Question, case_id: int) -> int | None:
    given = record(_suggested(question, store=True), FeedbackAction.ACCEPTED, case_id)
    kb().questions.answer(question.id, case_id)
    return given


def _keep_when_confirmed(question_id: int) -> None:
    """The words of a question join its case by themselves once enough people agree on it."""
    case_id = kb().cases.add_confirmed_wording(question_id, kb().settings.variant_confirmations)
    if case_id is not None:
        said = gettext("Several people agree, so the case will be found by these words too.")
        say(said, undo=_forgetting(case_id, question_id))


def _forgetting(case_id: int, question_id: int) -> tuple[str, dict[str, str]]:
    here = url_for("ui.question_page", question_id=question_id)
    text = kb().questions.get(question_id).text
    return url_for("ui.forget_wording", case_id=case_id), {"text": text, "next": here}


@blueprint.post("/questions/<int:question_id>/variant")
@requires(Role.MENTOR)
def keep_as_variant(question_id: int) -> Response:
    """Keep the question's words as one more phrasing of its case."""
    question, person = kb().questions.get(question_id), current_person()
    person_id = person.id if person else None
    if question.case_id is not None:
        if kb().cases.add_wording(question.case_id, question.text, question_id, person_id):
            undo = _forgetting(question.case_id, question_id)
            say(gettext("The case will be found by these words too."), undo=undo)
        else:
            say(gettext("The case has these words already, or nearly the same."), "warn")
    return go(url_for("ui.question_page", question_id=question_id))


@blueprint.get("/questions/new")
@requires(Role.MENTOR)
def new_question() -> str:
    """The form to take in a question by hand."""
    return render_template("questions/new.html", error="", text=text_of("q"), course=text_of("course"))


@blueprint.post("/questions/new")
@requires(Role.MENTOR)
def take_question() -> Response | tuple[str, int]:
    """Take the question in and show what answers it."""
    text, course, lesson = text_of("text"), text_of("course"), text_of("lesson")
    try:
        taken = kb().questions.receive(
            IncomingQuestion(text=text, source="form", course=course, lesson=lesson), strict_course=True
        )
    except InvalidInput as error:
        page = render_template(
            "questions/new.html", error=words.error(error), text=text, course=course, lesson=lesson
        )
        return page, 422
    return go(url_for("ui.question_page", question_id=taken.question_id))

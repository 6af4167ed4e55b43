"""The search page, and what people say about what it found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qs, urlsplit

from flask import render_template, request, url_for
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from kbsearch.models import FeedbackAction, Role
from web.session import current_person, kb, requires, safe_next
from web.ui import blueprint
from web.ui.context import school
from web.ui.forms import address, back, number_of, say, text_of, wants_block
from web.ui.texts import gettext

if TYPE_CHECKING:
    from kbsearch.services.search import CaseHit, SearchPage
    from kbsearch.services.suggestions import SuggestionView

MAX_QUERY = 4_000
"""Characters of a query that are looked at: a question with a long traceback fits."""

ROWS = 10
WAITING = 5


@dataclass(frozen=True, slots=True)
class Asked:
    """What the person asked for: it is all in the address."""

    text: str
    course: str = ""
    lesson: str = ""
    language: str = ""

    @classmethod
    def of_request(cls) -> Self:
        """From the address or the form."""
        language = text_of("language")
        return cls(
            text=text_of("q").replace("\x00", " ")[:MAX_QUERY],
            course=text_of("course"),
            lesson=_lesson_of(text_of("course"), text_of("lesson")),
            language=language if language in {"ru", "en"} else "",
        )


def _lesson_of(course: str, lesson: str) -> str:
    """``lesson``, or nothing when ``course`` was changed and has no such lesson."""
    known = {each.code for each in school().lessons_of(course)}
    return lesson if course and (lesson in known or not known) else ""


@blueprint.get("/")
@requires(Role.MENTOR)
def search_page() -> str:
    """Cases and past questions for a text; without a text, what waits."""
    asked = Asked.of_request()
    if not asked.text:
        return _start(asked)
    page = _found(asked)
    block = next((name for name in ("results", "detail") if wants_block(name)), "page")
    return render_template(
        f"search/{block}.html",
        asked=asked,
        page=page,
        chosen=_chosen(page),
        address=address,
        other_course=block == "results" and _has_other_course(asked),
    )


def _has_other_course(asked: Asked) -> bool:
    """Whether the page that asks for a block shows another course, and so other lessons to choose from."""
    shown = parse_qs(urlsplit(request.headers.get("HX-Current-URL", "")).query)
    return shown.get("course", [""])[0] != asked.course


def _found(asked: Asked) -> SearchPage:
    return kb().search.search(
        asked.text, course=asked.course, lesson=asked.lesson, language=asked.language, limit=ROWS
    )


def _start(asked: Asked) -> str:
    block = wants_block("results")
    template = "search/start.html" if block else "search/page.html"
    waiting = kb().questions.latest(state="open", asking=True, limit=WAITING)
    return render_template(
        template, asked=asked, page=None, waiting=waiting, other_course=block and _has_other_course(asked)
    )


def _chosen(page: SearchPage) -> CaseHit | None:
    """The hit that the address names, else the best one."""
    wanted = request.args.get("case", "")
    best = page.cases[0] if page.cases else None
    return next((hit for hit in page.cases if str(hit.case.id) == wanted), best)


@blueprint.post("/feedback")
@requires(Role.MENTOR)
def give_feedback() -> Response | str:
    """Record that a case helped, was wrong or was copied, or that nothing fits.

    Only now is a suggestion stored: looking leaves no trace.
    """
    asked, action = Asked.of_request(), _action()
    case_id = None if action == FeedbackAction.NOTHING_FITS else number_of("case_id")
    given = record(_kept(asked), action, case_id)
    said = _thanks(action)
    if request.headers.get("HX-Request"):
        unanswered = action == FeedbackAction.NOTHING_FITS
        return render_template("_thanks.html", said=said, unanswered=unanswered, asked=asked, given=given)
    here = url_for("ui.search_page", q=asked.text, course=asked.course, lesson=asked.lesson)
    say(said, undo=withdrawing(given, safe_next(text_of("next"), here)))
    return back(here)


def withdrawing(given: int | None, here: str) -> tuple[str, dict[str, str]] | None:
    """What takes the feedback ``given`` back and leads ``here``; None when none was stored."""
    return (url_for("ui.withdraw_feedback", feedback_id=given), {"next": here}) if given else None


@blueprint.post("/feedback/<int:feedback_id>/undo")
@requires(Role.MENTOR)
def withdraw_feedback(feedback_id: int) -> Response | str:
    """Take back what this person said, and what followed from it."""
    person = current_person()
    kb().suggestions.withdraw(feedback_id, person_id=person.id if person else None)
    said = gettext("Taken back: it does not count.")
    if request.headers.get("HX-Request"):
        return render_template("_thanks.html", said=said)
    say(said)
    return back(url_for("ui.search_page"))


def _kept(asked: Asked) -> SuggestionView:
    """The rows that the person sees, stored in their order."""
    page = _found(asked)
    return kb().suggestions.keep_shown(
        asked.text,
        page.cases,
        course=asked.course,
        lesson=asked.lesson,
        degraded=page.degraded,
        milliseconds=page.milliseconds,
    )


def record(view: SuggestionView, action: FeedbackAction, case_id: int | None) -> int | None:
    """Keep the feedback; its id, or None when it was not stored.

    A case that was chosen without having been shown answers nevertheless; one that is not shown any more
    cannot be judged otherwise.
    """
    person = current_person()
    if case_id is not None and case_id not in {match.case.id for match in view.matches}:
        if action not in (FeedbackAction.ACCEPTED, FeedbackAction.ANSWERED):
            return None
        action = FeedbackAction.ANSWERED
    if not view.id:
        return None
    person_id = person.id if person else None
    return kb().suggestions.feedback(view.id, action, case_id=case_id, person_id=person_id).id


def _action() -> FeedbackAction:
    try:
        return FeedbackAction(text_of("action"))
    except ValueError:
        raise BadRequest from None


def _thanks(action: FeedbackAction) -> str:
    if action == FeedbackAction.NOTHING_FITS:
        return gettext("Noted: no case answers this yet.")
    if action == FeedbackAction.REJECTED:
        return gettext("Noted: this case does not answer it.")
    return gettext("Noted: it helped.")

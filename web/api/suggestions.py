"""Search, suggestions and feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, jsonify

from kbsearch.errors import NotFound
from kbsearch.models import LIVE_STATES, Scope
from web.api.contract import api_blueprint, fitting, needs, reading, writing
from web.api.requests import FeedbackBody, FeedbackUndoBody, SearchQuery, SuggestBody, WhyQuery
from web.api.responses import (
    CaseHitOut,
    ExcludedOut,
    FeedbackOut,
    LimitsOut,
    MatchOut,
    QuestionHitOut,
    RetrieverOut,
    SearchOut,
    SuggestionOut,
    WhyOut,
    case_out,
    highlights_out,
    question_out,
    reasons_out,
    repeat_out,
    reply_out,
)
from web.session import current_token, kb, requires_token

if TYPE_CHECKING:
    from kbsearch.services.duplicates import Repeat
    from kbsearch.services.search import CaseHit, QuestionHit

blueprint = api_blueprint("answers", "Finding cases, suggesting answers, and learning what became of them.")


@blueprint.get("/search", responses={200: SearchOut, **reading(413)}, security=needs(Scope.READ))
@requires_token(Scope.READ)
def search(query: SearchQuery) -> Response:
    """Search cases, and similar past questions with how they were answered.

    Quotes, minus and field names (`title:`, `tags:`) are understood.
    """
    kb().questions.check_place(query.course, query.lesson)
    page = kb().search.search(
        fitting(query.q),
        course=query.course,
        lesson=query.lesson,
        language=query.language,
        limit=query.limit,
    )
    found = SearchOut(
        cases=[_case_hit(hit) for hit in page.cases],
        questions=[_question_hit(hit) for hit in page.questions],
        degraded=page.degraded,
        reranked=page.reranked,
        did_you_mean=page.did_you_mean,
        syntax=page.syntax,
        milliseconds=round(page.milliseconds, 2),
    )
    return jsonify(found.model_dump(mode="json"))


def _case_hit(hit: CaseHit) -> CaseHitOut:
    return CaseHitOut(
        case=case_out(hit.case),
        score=round(hit.score, 4),
        probability=round(hit.probability, 4),
        highlights=highlights_out(hit.highlights),
        reasons=reasons_out(hit.reasons),
    )


def _question_hit(hit: QuestionHit) -> QuestionHitOut:
    return QuestionHitOut(
        question=question_out(hit.question),
        score=round(hit.score, 4),
        times_asked=hit.asked,
        case=case_out(hit.case) if hit.case else None,
        reply=reply_out(hit.reply) if hit.reply else None,
        highlights=highlights_out(hit.highlights),
    )


@blueprint.post("/suggest", responses={200: SuggestionOut, **writing(404)}, security=needs(Scope.READ))
@requires_token(Scope.READ)
def suggest(body: SuggestBody) -> Response:
    """Suggest an answer to a question.

    `answer`: one of the matches answers it, with the promised precision.  `suggest`: one of them may.
    `abstain`: none is good enough; say so, and let a person answer.
    """
    kb().questions.check_place(body.course, body.lesson)
    if body.question_id is not None:
        kb().questions.get(body.question_id)
    suggestion = suggestion_for(
        fitting(body.text), course=body.course, lesson=body.lesson, question_id=body.question_id
    )
    return jsonify(suggestion.model_dump(mode="json"))


def suggestion_for(text: str, *, course: str, lesson: str, question_id: int | None) -> SuggestionOut:
    """A new, stored suggestion for ``text``, as the API shows it."""
    view = kb().suggestions.suggest(text, course=course, lesson=lesson, question_id=question_id)
    matches = [
        MatchOut(
            case=case_out(match.case),
            probability=round(match.probability, 4),
            reasons=reasons_out(match.reasons),
        )
        for match in view.matches
    ]
    return SuggestionOut(
        suggestion_id=view.id,
        decision=view.decision,
        matches=matches,
        limits=LimitsOut.model_validate(view.limits) if view.limits else None,
        degraded=view.degraded,
        reranked=view.reranked,
        model_version=view.model_version,
        milliseconds=round(view.milliseconds, 2),
        repeats=repeat_out(earlier(text, course=course, lesson=lesson, question_id=question_id)),
    )


def earlier(text: str, *, course: str, lesson: str, question_id: int | None) -> Repeat | None:
    """What ``text`` repeats: by its link when it is stored and indexed, else looked for now."""
    duplicates = kb().duplicates
    if question_id is None:
        return duplicates.earlier(text, course=course, lesson=lesson)
    linked = duplicates.of([question_id]).get(question_id)
    return linked or duplicates.earlier(text, course=course, lesson=lesson, but=question_id)


@blueprint.get("/why", responses={200: WhyOut, **reading(404, 413)}, security=needs(Scope.READ))
@requires_token(Scope.READ)
def why(query: WhyQuery) -> Response:
    """Tell why a published case was found for a text, or was not."""
    kb().questions.check_place(query.course, query.lesson)
    found = kb().why.why(
        fitting(query.q), query.case, course=query.course, lesson=query.lesson, language=query.language
    )
    if found.case.state not in LIVE_STATES:
        raise NotFound("There is no published case {id}.", remedy="It may be a draft.", id=found.case.id)
    same = ("verdict", "rank", "candidates", "answer_from", "scope", "shared", "missing", "nearest")
    told = WhyOut(
        **{name: getattr(found, name) for name in (*same, "variant_would_help", "degraded")},
        **{
            name: round(getattr(found, name), 4) for name in ("score", "probability", "threshold", "likeness")
        },
        case=case_out(found.case),
        retrievers=[RetrieverOut.model_validate(view) for view in found.retrievers],
        filters=[ExcludedOut.model_validate(one) for one in found.filters],
        before=[case_out(rival.case) for rival in found.rivals],
    )
    return jsonify(told.model_dump(mode="json"))


@blueprint.post("/feedback", responses={201: FeedbackOut, **writing(404)}, security=needs(Scope.WRITE))
@requires_token(Scope.WRITE)
def feedback(body: FeedbackBody) -> tuple[Response, int]:
    """Tell what became of a suggestion."""
    stored = kb().suggestions.feedback(
        body.suggestion_id,
        body.action,
        case_id=body.case_id,
        token_id=current_token().id,
        comment=body.comment,
    )
    return jsonify(FeedbackOut.model_validate(stored).model_dump(mode="json")), 201


@blueprint.post("/feedback/undo", responses={200: FeedbackOut, **writing(404)}, security=needs(Scope.WRITE))
@requires_token(Scope.WRITE)
def withdraw_feedback(body: FeedbackUndoBody) -> Response:
    """Take back feedback that this token gave, and what followed from it; again changes nothing.

    The question goes back to the state of before, unless it is answered by somebody else's word, too.
    """
    withdrawn = kb().suggestions.withdraw(body.feedback_id, token_id=current_token().id)
    return jsonify(FeedbackOut.model_validate(withdrawn).model_dump(mode="json"))

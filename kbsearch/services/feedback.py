"""Feedback on suggestions: checked, stored once, and what follows from it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kbsearch.errors import InvalidInput, NotFound
from kbsearch.models import (
    Case,
    Collection,
    Feedback,
    FeedbackAction,
    Outbox,
    Question,
    QuestionState,
    Suggestion,
)
from kbsearch.services.verdicts import CHOSEN, STANDING


def store_feedback(session: Session, given: Feedback) -> Feedback:
    """Store ``given`` in the caller's transaction, or return the same one that was stored before.

    Raises:
        NotFound: there is no such suggestion or case.
        InvalidInput: the action is unknown, or the case is not one of those that were shown.
    """
    suggestion = _locked(session, given.suggestion_id)
    given.action = _action(given.action)
    _check_case(session, suggestion, given)
    given.rank = next((m.rank for m in suggestion.matches if m.case_id == given.case_id), 0)
    if known := _same(session, given):
        return known
    session.add(given)
    if given.action in CHOSEN and suggestion.question_id is not None:
        _answer(session, suggestion.question_id, given)
    session.flush()
    return given


def _locked(session: Session, suggestion_id: str) -> Suggestion:
    query = select(Suggestion).options(selectinload(Suggestion.matches)).with_for_update()
    suggestion = session.scalar(query.where(Suggestion.id == suggestion_id))
    if suggestion is None:
        raise NotFound(
            "There is no suggestion '{id}'.",
            remedy="Use the id that came with the suggestion; one that was not stored has none.",
            id=suggestion_id,
        )
    return suggestion


def _action(name: str) -> FeedbackAction:
    try:
        return FeedbackAction(name)
    except ValueError as error:
        raise InvalidInput(
            "There is no action '{action}'.",
            remedy="Use one of: {known}.",
            action=name,
            known=", ".join(FeedbackAction),
        ) from error


def _check_case(session: Session, suggestion: Suggestion, given: Feedback) -> None:
    if given.action == FeedbackAction.NOTHING_FITS:
        if given.case_id is not None:
            raise InvalidInput("'nothing_fits' names no case.", remedy="Leave out the case.", field="case_id")
        return
    if given.action == FeedbackAction.ANSWERED and given.case_id is not None:
        if session.get(Case, given.case_id) is None:
            raise NotFound("There is no case {id}.", remedy="It may have been deleted.", id=given.case_id)
        return
    shown = [match.case_id for match in suggestion.matches]
    known = ", ".join(map(str, shown)) or "none"
    if given.case_id is None:
        raise InvalidInput(
            "This feedback names no case.",
            remedy="Name one of those that were shown: {shown}.",
            shown=known,
            field="case_id",
        )
    if given.case_id not in shown:
        raise InvalidInput(
            "Case {case} was not shown with this suggestion.",
            remedy="Name one of those that were: {shown}.",
            case=given.case_id,
            shown=known,
            field="case_id",
        )


def _same(session: Session, given: Feedback) -> Feedback | None:
    return session.scalar(
        select(Feedback).where(
            Feedback.suggestion_id == given.suggestion_id,
            Feedback.action == given.action,
            Feedback.case_id.is_not_distinct_from(given.case_id),
            Feedback.person_id.is_not_distinct_from(given.person_id),
            Feedback.token_id.is_not_distinct_from(given.token_id),
            STANDING,
        )
    )


def _answer(session: Session, question_id: int, given: Feedback) -> None:
    question = session.get(Question, question_id)
    if question is None or (question.state, question.case_id) == (QuestionState.ANSWERED, given.case_id):
        return
    given.before = {"state": question.state, "case_id": question.case_id}
    question.state, question.case_id = QuestionState.ANSWERED, given.case_id
    session.add(Outbox(collection=Collection.QUESTIONS, entity_id=question_id))

"""Feedback that its giver takes back: what followed from it goes with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import takewhile

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from kbsearch.errors import NotFound
from kbsearch.models import (
    Case,
    Feedback,
    GoldenPair,
    GoldenSource,
    Question,
    QuestionState,
    Suggestion,
    Variant,
    utc_now,
)
from kbsearch.services.case_drafts import draft_of
from kbsearch.services.case_writing import Edit, locked, rewritten
from kbsearch.services.intake import text_key
from kbsearch.services.question_states import set_state
from kbsearch.services.verdicts import CHOSEN, STANDING
from kbsearch.services.wordings import NOTE, confirmations


def withdraw_feedback(
    session: Session, feedback_id: int, *, person_id: int | None, token_id: int | None, confirming: int
) -> Feedback:
    """Mark the feedback as withdrawn, in the caller's transaction; what is withdrawn already stays so.

    With it goes what followed: that its question was answered, a phrasing that fewer than ``confirming``
    people settle on now, a golden pair that nobody confirms any more.

    Raises:
        NotFound: there is no such feedback, or somebody else gave it.
    """
    given = _given(session, feedback_id, person_id, token_id)
    if given.withdrawn_at is not None:
        return given
    suggestion = session.get_one(Suggestion, given.suggestion_id)
    for one in (given, *_said_again(session, given, suggestion)):
        one.withdrawn_at = utc_now()
        session.flush()
        if one.action in CHOSEN and one.case_id is not None:
            _unanswer(session, one)
    if given.action in CHOSEN and given.case_id is not None:
        _unphrase(session, given.case_id, suggestion, person_id, confirming)
        _ungild(session, given.case_id, suggestion)
    return given


def own_answers(session: Session, question_id: int, person_id: int) -> Sequence[int]:
    """Ids of the person's standing feedback that the case of the question answers it."""
    query = _chosen_for(question_id).join(Question, Question.id == Suggestion.question_id)
    own = query.where(Feedback.person_id == person_id, Feedback.case_id == Question.case_id)
    return session.scalars(own.with_only_columns(Feedback.id)).all()


def _given(session: Session, feedback_id: int, person_id: int | None, token_id: int | None) -> Feedback:
    given = session.get(Feedback, feedback_id, with_for_update=True)
    if given is None or (given.person_id, given.token_id) != (person_id, token_id):
        raise NotFound(
            "There is no feedback {id} of yours.",
            remedy="Only who gave it can take it back.",
            id=feedback_id,
        )
    return given


def _said_again(session: Session, given: Feedback, suggestion: Suggestion) -> Sequence[Feedback]:
    """The same word of the same person, whose key was pressed twice; programs speak for many askers."""
    if given.person_id is None:
        return ()
    query = (
        select(Feedback)
        .join(Suggestion, Suggestion.id == Feedback.suggestion_id)
        .where(Feedback.id != given.id, Feedback.person_id == given.person_id, STANDING)
        .where(Feedback.action == given.action, Feedback.case_id.is_not_distinct_from(given.case_id))
        .where(Suggestion.text == suggestion.text, Suggestion.course_code == suggestion.course_code)
        .where(Suggestion.question_id.is_not_distinct_from(suggestion.question_id))
    )
    return session.scalars(query).all()


def _unanswer(session: Session, gone: Feedback) -> None:
    """Give the question the state of before, unless somebody else, or something later, has a say in it."""
    question = session.scalar(_question_of(gone))
    if question is None or gone.before is None:
        return
    others = session.scalars(_chosen_for(question.id)).all()
    alike = [one for one in others if one.case_id == gone.case_id]
    if alike:
        alike[-1].before = alike[-1].before or gone.before
        return
    answered = {"state": QuestionState.ANSWERED, "case_id": gone.case_id}
    for one in others:
        if one.before == answered:
            one.before = gone.before
    if (question.state, question.case_id) == (QuestionState.ANSWERED, gone.case_id):
        set_state(session, [question.id], QuestionState(gone.before["state"]), gone.before["case_id"])


def _question_of(given: Feedback) -> Select[Question]:
    query = select(Question).join(Suggestion, Suggestion.question_id == Question.id)
    return query.where(Suggestion.id == given.suggestion_id)


def _chosen_for(question_id: int) -> Select[Feedback]:
    """Standing feedback by which the question was answered, oldest first."""
    query = select(Feedback).join(Suggestion, Suggestion.id == Feedback.suggestion_id)
    chosen = query.where(Suggestion.question_id == question_id, Feedback.action.in_(CHOSEN), STANDING)
    return chosen.order_by(Feedback.id)


def _unphrase(
    session: Session, case_id: int, suggestion: Suggestion, person_id: int | None, confirming: int
) -> None:
    """Take the words off the case that joined it by themselves and are no longer confirmed."""
    question = session.get(Question, suggestion.question_id) if suggestion.question_id else None
    if question is None or confirmations(session, question, case_id) >= confirming:
        return
    case = locked(session, case_id)
    alike = select(Question.id).where(
        Question.text_key == question.text_key, Question.course_code == question.course_code
    )
    texts = select(Variant.text).where(Variant.case_id == case_id, Variant.question_id.in_(alike))
    gone = [text for text in session.scalars(texts) if _joined_by_itself(case, text)]
    if gone:
        before = draft_of(case)
        left = tuple(text for text in before.variants if text not in gone)
        rewritten(session, case, replace(before, variants=left), Edit(person_id))


def _joined_by_itself(case: Case, text: str) -> bool:
    """Whether the phrasing came, last, with a revision that no person made."""
    with_it = list(takewhile(lambda one: text in one.snapshot.get("variants", ()), reversed(case.revisions)))
    return bool(with_it) and with_it[-1].person_id is None and with_it[-1].note == NOTE


def _ungild(session: Session, case_id: int, suggestion: Suggestion) -> None:
    """Delete the golden pair that grew from feedback of which none is left; it may grow again."""
    key = text_key(suggestion.text)
    chosen = (
        select(Suggestion.text)
        .join(Feedback, Feedback.suggestion_id == Suggestion.id)
        .where(Feedback.case_id == case_id, Feedback.action.in_(CHOSEN))
        .where(Feedback.person_id.is_not(None), STANDING)
    )
    if any(text_key(text) == key for text in session.scalars(chosen)):
        return
    pairs = select(GoldenPair).where(GoldenPair.text_key == key, GoldenPair.case_id == case_id)
    grown = pairs.where(GoldenPair.source == GoldenSource.FEEDBACK, GoldenPair.removed_at.is_(None))
    for pair in session.scalars(grown):
        session.delete(pair)

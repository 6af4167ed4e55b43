"""Wordings of answered questions as variants of their case: kept once, and confirmed by people."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.models import Case, Feedback, FeedbackAction, Question, Suggestion
from kbsearch.services.case_drafts import MAX_VARIANT, MAX_VARIANTS, cleaned, draft_of, with_variant
from kbsearch.services.case_writing import Edit, rewritten
from kbsearch.services.verdicts import CHOSEN, STANDING
from kbsearch.text.asking import LONG, asking_part
from kbsearch.text.chatter import strip_chatter
from kbsearch.text.quotes import without_quotes
from kbsearch.text.words import stems

NEARLY = 0.9
"""From this share of common stems on (Jaccard) two wordings say nothing new to each other."""
NOTE = "variant"


def is_known(text: str, wordings: Iterable[str]) -> bool:
    """Whether one of ``wordings`` is ``text`` but for greetings, order, endings and a word in ten."""
    asked = _stems(text)
    return any(_likeness(asked, _stems(wording)) >= NEARLY for wording in wordings)


def phrasing_in(text: str) -> str:
    """What of a message is a phrasing: nothing that it quotes, and of a long one the sentences that ask.

    The story around a question is like other stories, whatever they ask: as a phrasing it would draw
    them all.
    """
    return asking_part(without_quotes(text))


def bare_wording(text: str) -> str:
    """What of a message a case begins with: its phrasing without greetings and thanks."""
    return strip_chatter(phrasing_in(text))


def is_story(text: str) -> bool:
    """Whether ``text`` is a long message of which no sentence can be told that asks."""
    return len(phrasing_in(text)) > LONG


def _stems(text: str) -> frozenset[str]:
    return frozenset(stems(strip_chatter(text)))


def _likeness(one: frozenset[str], other: frozenset[str]) -> float:
    together = len(one | other)
    return len(one & other) / together if together else 1.0


def keep_wording(
    session: Session, case: Case, text: str, question_id: int | None, person_id: int | None
) -> bool:
    """Add ``text`` (masked) to the variants of ``case``; False when it says nothing new or cannot be one.

    Of a long message the asking sentences are kept, see `phrasing_in`.
    """
    before, text = draft_of(case), phrasing_in(text)
    too_much = len(text) > MAX_VARIANT or len(before.variants) >= MAX_VARIANTS
    if too_much or is_known(text, (before.title, *before.variants)):
        return False
    rewritten(
        session,
        case,
        cleaned(with_variant(before, text)),
        Edit(person_id, NOTE, sources={text.strip(): question_id}),
    )
    return True


def confirmations(session: Session, question: Question, case_id: int) -> int:
    """How many people settled on the case for this wording; 0 when anybody refused it or took another."""
    asked = (
        select(Feedback.person_id, Feedback.action, Feedback.case_id)
        .join(Suggestion, Suggestion.id == Feedback.suggestion_id)
        .join(Question, Question.id == Suggestion.question_id)
        .where(Question.text_key == question.text_key, Question.course_code == question.course_code)
        .where(Feedback.person_id.is_not(None), STANDING)
    )
    agreeing: set[int | None] = set()
    for person_id, action, chosen in session.execute(asked):
        if action in CHOSEN and chosen == case_id:
            agreeing.add(person_id)
        elif action in CHOSEN or (action == FeedbackAction.REJECTED and chosen == case_id):
            return 0
    return len(agreeing)

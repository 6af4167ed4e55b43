"""What feedback says of the first case of a suggestion: right, wrong, or nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from kbsearch.models import Decision, Feedback, FeedbackAction, Match, Suggestion

CHOSEN = (FeedbackAction.ACCEPTED, FeedbackAction.EDITED, FeedbackAction.ANSWERED)
"""Somebody settled on the case; a copy may still have been looked at and thrown away."""
STANDING = Feedback.withdrawn_at.is_(None)
"""Of feedback only what was not taken back counts."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One actor's word on the first case of an answer, whose ``probability`` was in [0, 1].

    ``actor``: "person:3", "token:1", or "" for nobody known.
    """

    suggestion_id: str
    course: str
    language: str
    probability: float
    right: bool
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Word:
    """One feedback: what was done with the case at ``rank`` (0: none, or one that was not shown)."""

    action: str
    rank: int
    at: datetime


def actor_of(person_id: int | None, token_id: int | None) -> str:
    """A name for who gave feedback; "" for nobody known."""
    if person_id is not None:
        return f"person:{person_id}"
    return f"token:{token_id}" if token_id is not None else ""


def verdict_of(words: Iterable[Word]) -> bool | None:
    """Whether the first case was right, by all that one actor did; None when that says nothing.

    The last word counts: what was chosen, rejected or missed.  Without any, a copy of the first case speaks
    for it, and copies of others only against it.
    """
    ordered = sorted(words, key=lambda word: word.at)
    for word in reversed(ordered):
        if word.action in CHOSEN:
            return word.rank == 1
        if word.action == FeedbackAction.NOTHING_FITS or (
            word.action == FeedbackAction.REJECTED and word.rank == 1
        ):
            return False
    copied = {word.rank for word in ordered if word.action == FeedbackAction.COPIED}
    return 1 in copied if copied else None


def verdicts_on_answers(session: Session, since: datetime, *which: ColumnElement[bool]) -> list[Verdict]:
    """Verdicts on answers, also on those held back, that got feedback since ``since``; oldest first.

    An actor who asks the same and sees the same case first has one word: the last.  ``which``: conditions on
    feedback; without any, what stands.
    """
    query = (
        select(
            Suggestion.id,
            Suggestion.text,
            Suggestion.course_code,
            Suggestion.language,
            Match.case_id,
            Match.probability,
            Feedback.action,
            Feedback.rank,
            Feedback.person_id,
            Feedback.token_id,
            Feedback.created_at,
        )
        .join(Feedback, Feedback.suggestion_id == Suggestion.id)
        .join(Match, and_(Match.suggestion_id == Suggestion.id, Match.rank == 1))
        .where(or_(Suggestion.decision == Decision.ANSWER, Suggestion.held_back))
        .where(Feedback.created_at >= since, *(which or (STANDING,)))
    )
    return _verdicts(session.execute(query).all())


def _verdicts(rows: Sequence[Any]) -> list[Verdict]:
    spoken: defaultdict[tuple[object, ...], list[Any]] = defaultdict(list)
    for row in rows:
        actor = actor_of(row.person_id, row.token_id)
        asked = (row.text, row.course_code, row.case_id)
        spoken[(actor or row.id, *asked)].append(row)
    found = []
    for said in spoken.values():
        last = max(said, key=lambda row: row.created_at)
        right = verdict_of(Word(row.action, row.rank, row.created_at) for row in said)
        if right is not None:
            found.append(_verdict(last, right))
    return sorted(found, key=lambda verdict: verdict.at)


def _verdict(one: Any, right: bool) -> Verdict:
    return Verdict(
        suggestion_id=one.id,
        course=one.course_code,
        language=one.language,
        probability=one.probability,
        right=right,
        actor=actor_of(one.person_id, one.token_id),
        at=one.created_at,
    )

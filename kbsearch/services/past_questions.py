"""Finding past questions that ask the same, with how they were answered."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kbsearch.matching.candidates import Pool, Wanted, gather
from kbsearch.matching.matcher import LIVE
from kbsearch.matching.model import load_model
from kbsearch.matching.queries import QueryEncoder, prepare
from kbsearch.models import Case, Question, QuestionState, Reply
from kbsearch.ports import Filters, Highlight, SearchBackend
from kbsearch.services.live_cases import load_live

ASKED = (str(QuestionState.OPEN), str(QuestionState.ANSWERED))
"""Dismissed ones are no questions."""
NEAR = 0.35
"""A past question that shares no word must be at least this like, as a cosine."""


@dataclass(frozen=True, slots=True)
class QuestionHit:
    """A past question with what answered it: a live case, else the best reply, else neither."""

    question: Question
    score: float
    case: Case | None
    reply: Reply | None
    highlights: tuple[Highlight, ...] = ()


def find_questions(
    index: SearchBackend, encoder: QueryEncoder, text: str, filters: Filters, pool: int
) -> Pool | None:
    """The candidates for ``text``, or None when it has no words.

    Raises:
        IndexUnavailable: the text index cannot be read.
    """
    query = prepare(text)
    if query.is_empty:
        return None
    wanted = Wanted(filters, limit=pool, by_pieces=False)
    return load_model().ranked(gather(index, encoder, query, wanted))


def load_hits(
    session: Session, pool: Pool | None, limit: int, without: int | None = None
) -> list[QuestionHit]:
    """The ``limit`` best questions of ``pool`` with their cases and replies, in three queries."""
    if pool is None:
        return []
    worth = (pool.worded | (pool.column("cosine") >= NEAR)) & (pool.ids != (without or 0))
    ids, scores = pool.ids[worth].tolist(), pool.score[worth].tolist()
    best = dict(zip(ids[:limit], scores[:limit], strict=True))
    query = select(Question).options(selectinload(Question.replies)).where(Question.id.in_(best))
    found = {q.id: q for q in session.scalars(query) if q.state in ASKED}
    cases = load_live(session, {q.case_id for q in found.values() if q.case_id is not None}, LIVE)
    kept = [found[one] for one in best if one in found]
    return [
        QuestionHit(q, best[q.id], cases.get(q.case_id) if q.case_id else None, best_reply(q)) for q in kept
    ]


def best_reply(question: Question) -> Reply | None:
    """The accepted reply, else the first by a mentor, else none."""
    replies = sorted(question.replies, key=lambda reply: (not reply.accepted, not reply.by_mentor))
    return next((reply for reply in replies if reply.accepted or reply.by_mentor), None)

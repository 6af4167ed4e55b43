"""Finding past questions that ask the same, with how they were answered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kbsearch.matching.candidates import Pool, Wanted, gather
from kbsearch.matching.matcher import LIVE
from kbsearch.matching.model import load_model
from kbsearch.matching.queries import QueryEncoder, prepare
from kbsearch.models import Case, Question, QuestionState, Reply
from kbsearch.ports import Filters, Highlight, SearchBackend
from kbsearch.services.group_answers import GroupAnswer, answers_of, best_reply
from kbsearch.services.link_rows import roots_of
from kbsearch.services.live_cases import load_live
from kbsearch.text.layout import repair_layout

ASKED = (str(QuestionState.OPEN), str(QuestionState.ANSWERED))
"""Dismissed ones are no questions."""
NEAR = 0.35
"""A past question that shares no word must be at least this like, as a cosine."""


@dataclass(frozen=True, slots=True)
class QuestionHit:
    """A past question with what answered it or one like it: a live case, else the best reply, else neither.

    ``asked``: how often it was asked, by all questions that repeat each other.
    """

    question: Question
    score: float
    case: Case | None
    reply: Reply | None
    highlights: tuple[Highlight, ...] = ()
    asked: int = 1

    @property
    def wording(self) -> str:
        """What the question says, readable where it was typed in the wrong keyboard layout."""
        return repair_layout(self.question.text)


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
    """The ``limit`` best questions of ``pool`` with their cases and replies, in a few queries.

    Of questions that repeat each other only the best one is there, answered as any of them was.
    """
    if pool is None:
        return []
    worth = (pool.worded | (pool.column("cosine") >= NEAR)) & (pool.ids != (without or 0))
    ids, scores = pool.ids[worth].tolist(), pool.score[worth].tolist()
    roots = roots_of(session, [*ids, without or 0])
    best = _one_of_each(roots, dict(zip(ids, scores, strict=True)), limit, without)
    query = select(Question).options(selectinload(Question.replies)).where(Question.id.in_(best))
    found = {q.id: q for q in session.scalars(query) if q.state in ASKED}
    cases = load_live(session, {q.case_id for q in found.values() if q.case_id is not None}, LIVE)
    answers = answers_of(session, {roots[one] for one in found})
    return [_hit(found[one], best[one], cases, answers[roots[one]]) for one in best if one in found]


def _one_of_each(
    roots: Mapping[int, int], scores: Mapping[int, float], limit: int, without: int | None
) -> dict[int, float]:
    """The ids with their scores, the first of each group; none of the group of ``without``."""
    seen = {roots[without]} if without else set()
    best: dict[int, float] = {}
    for one, score in scores.items():
        if roots[one] not in seen and len(best) < limit:
            seen.add(roots[one])
            best[one] = score
    return best


def _hit(question: Question, score: float, cases: Mapping[int, Case], answer: GroupAnswer) -> QuestionHit:
    case = cases.get(question.case_id) if question.case_id else None
    reply = best_reply(question)
    if case is None and (answer.case or not reply):
        case, reply = answer.case, answer.reply
    return QuestionHit(question, score, case, reply, asked=answer.size)

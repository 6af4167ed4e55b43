"""How questions that ask the same were answered: a group's case, else its best reply."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, selectinload

from kbsearch.models import Case, FaultQuestion, Question, QuestionLink, QuestionState, Reply
from kbsearch.services.link_rows import ACTIVE, sizes_of
from kbsearch.services.live_cases import load_live
from kbsearch.services.row_chunks import chunks


@dataclass(frozen=True, slots=True)
class GroupAnswer:
    """What answered a group of ``size`` questions: a live case, else the best reply, else neither.

    ``question``: the first one of the group that was answered so; None when none was.
    """

    size: int
    question: Question | None = None
    case: Case | None = None
    reply: Reply | None = None

    @property
    def answered(self) -> bool:
        """Whether any of the group was answered by a case or a reply."""
        return self.case is not None or self.reply is not None


def answers_of(session: Session, roots: Collection[int]) -> dict[int, GroupAnswer]:
    """How the group of each of ``roots`` was answered, in a few queries for all of them."""
    sizes = sizes_of(session, roots)
    found: dict[int, GroupAnswer] = {}
    for some in chunks(sorted(roots)):
        answered = _answered(session, some)
        cases = load_live(session, {question.case_id for _, question in answered if question.case_id})
        for root, question in sorted(answered, key=lambda pair: (pair[1].case_id not in cases, pair[1].id)):
            case = cases.get(question.case_id) if question.case_id else None
            reply = None if case else best_reply(question)
            if root not in found and (case or reply):
                found[root] = GroupAnswer(sizes[root], question, case, reply)
    return {root: found.get(root, GroupAnswer(sizes[root])) for root in roots}


def _answered(session: Session, roots: Sequence[int]) -> list[tuple[int, Question]]:
    """The answered questions of the groups of ``roots``, each with its root and its replies."""
    query = (
        select(QuestionLink.root_id, Question)
        .outerjoin(QuestionLink, (QuestionLink.question_id == Question.id) & ACTIVE)
        .options(selectinload(Question.replies))
        .where(
            or_(Question.id.in_(roots), QuestionLink.root_id.in_(roots)),
            Question.state == QuestionState.ANSWERED,
            Question.id.not_in(select(FaultQuestion.question_id).where(FaultQuestion.reply_id.is_not(None))),
        )
    )
    return [(root or question.id, question) for root, question in session.execute(query)]


def best_reply(question: Question) -> Reply | None:
    """The accepted reply, else the first by a mentor, else none."""
    replies = sorted(question.replies, key=lambda reply: (not reply.accepted, not reply.by_mentor))
    return next((reply for reply in replies if reply.accepted or reply.by_mentor), None)

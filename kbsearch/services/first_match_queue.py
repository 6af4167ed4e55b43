"""Which questions wait to be asked for their first match, and what changed since they were."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, exists, func, or_, select
from sqlalchemy.orm import Session

from kbsearch.matching.queries import bare_text
from kbsearch.models import Aside, Case, CaseState, FirstMatch, Outbox, Question, QuestionState, Variant

MANY = 100
"""When more cases changed than this, everything is asked again."""
WORDINGS = 12
"""Wordings of a changed case that near questions are looked for with."""


def is_indexing(session: Session) -> bool:
    """Whether the indexes do not hold everything yet: that comes first, and both cores may be needed."""
    return session.scalar(select(Outbox.id).where(Outbox.failed_at.is_(None)).limit(1)) is not None


def changed_cases(session: Session) -> list[int]:
    """Cases that changed since questions were last asked."""
    asked = session.scalar(select(func.max(FirstMatch.checked_at)))
    if asked is None:
        return []
    return list(session.scalars(select(Case.id).where(Case.updated_at > asked).limit(MANY + 1)))


def waiting(basis: str) -> Select[Any]:
    """Ids of the questions that wait, those that were asked before first, then the oldest."""
    asks_nothing = exists().where(Aside.question_id == Question.id, Aside.kept_at.is_(None))
    outdated = or_(FirstMatch.question_id.is_(None), FirstMatch.model_version != basis)
    return (
        select(Question.id)
        .outerjoin(FirstMatch, FirstMatch.question_id == Question.id)
        .where(Question.state != QuestionState.DISMISSED, outdated, ~asks_nothing)
        .order_by(FirstMatch.question_id.is_(None), Question.id)
    )


def wordings_of(session: Session, case_id: int) -> list[str]:
    """Title and phrasings of a case that anybody may find, without greetings."""
    case = session.get(Case, case_id)
    if case is None or case.state != CaseState.PUBLISHED:
        return []
    texts = select(Variant.text).where(Variant.case_id == case_id).order_by(Variant.position)
    return [bare_text(text) for text in (case.title, *session.scalars(texts.limit(WORDINGS - 1)))]

"""Reads and sets the states of many questions in a few statements."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from kbsearch.models import Collection as Indexed
from kbsearch.models import Outbox, Question, QuestionState
from kbsearch.services.row_chunks import chunks


def states_of(session: Session, questions: Sequence[int]) -> dict[str, tuple[str, int | None]]:
    """Each question's id, as JSON keys are, with its state and the case that answers it."""
    found: dict[str, tuple[str, int | None]] = {}
    for some in chunks(questions):
        query = select(Question.id, Question.state, Question.case_id).where(Question.id.in_(some))
        found.update({str(row.id): (str(row.state), row.case_id) for row in session.execute(query)})
    return found


def dismissed_of(session: Session, questions: Sequence[int]) -> list[int]:
    """Those of ``questions`` that are dismissed."""
    found: list[int] = []
    for some in chunks(questions):
        query = select(Question.id).where(Question.id.in_(some), Question.state == QuestionState.DISMISSED)
        found.extend(session.scalars(query))
    return found


def set_state(
    session: Session, questions: Collection[int], state: QuestionState, case_id: int | None
) -> None:
    """Give all the questions one state and case, and ask the worker to bring them up to date."""
    for some in chunks(sorted(questions)):
        change = update(Question).where(Question.id.in_(some)).values(state=state, case_id=case_id)
        session.execute(change)
        session.execute(insert(Outbox), [{"collection": Indexed.QUESTIONS, "entity_id": one} for one in some])

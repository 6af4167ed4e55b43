"""Which run holds the current memberships: what pages show, and what edits and new questions change."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.models import Run, RunState


def current_run(session: Session, course: str = "") -> Run | None:
    """The newest accepted run of the scope (a course, or "" for the whole school); None before the first.

    Runs that are only proposed, and those that were rejected, are no one's business but the proposal's.
    """
    query = select(Run).where(
        Run.course == course, Run.state == RunState.ACCEPTED, Run.finished_at.is_not(None)
    )
    return session.scalar(query.order_by(Run.id.desc()).limit(1))

"""The run whose clusters count now."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.models import Run, RunState
from kbsearch.services.current_run import current_run


def newest_run(session: Session) -> Run | None:
    """The current run over the whole school, else the newest over a course; None when there is none."""
    whole = current_run(session)
    if whole is not None:
        return whole
    accepted = select(Run).where(Run.state == RunState.ACCEPTED, Run.finished_at.is_not(None))
    return session.scalar(accepted.order_by(Run.id.desc()).limit(1))

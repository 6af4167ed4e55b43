"""Questions that spoke of a fault of the platform that is over: no case has to answer them any more."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import and_, case, func, select
from sqlalchemy.orm import Session

from kbsearch.models import Fault, FaultQuestion, FaultState, Membership, Question, QuestionState

RECENT = timedelta(days=28)
FEWEST = 3
"""Questions that make a cluster; fewer than these besides a past fault do not recur."""


class PastFault(NamedTuple):
    """Questions of a cluster that belong to closed faults: all, and those of the last 28 days."""

    size: int = 0
    recent: int = 0

    def is_all_of(self, size: int) -> bool:
        """Whether hardly anything else is asked in a cluster of ``size`` questions."""
        return bool(self.size) and size - self.size < FEWEST


NO_FAULT = PastFault()


def past_faults_of(
    session: Session, run_id: int, cluster_ids: Collection[int], now: datetime
) -> dict[int, PastFault]:
    """What closed faults left in those of the clusters that hold such questions."""
    inside = (Question.asked_at > now - RECENT) & (Question.asked_at <= now)
    query = (
        select(Membership.cluster_id, func.count(), func.sum(case((inside, 1), else_=0)))
        .select_from(Fault)
        .join(FaultQuestion, FaultQuestion.fault_id == Fault.id)
        .join(Question, Question.id == FaultQuestion.question_id)
        # Inner, SQLite would begin with all memberships of the run instead of the few questions of faults.
        .outerjoin(Membership, and_(Membership.question_id == Question.id, Membership.run_id == run_id))
        .where(
            Fault.state == FaultState.CLOSED,
            FaultQuestion.probability > 0,
            Question.state != QuestionState.DISMISSED,
        )
        .group_by(Membership.cluster_id)
    )
    wanted = set(cluster_ids)
    return {row[0]: PastFault(row[1], row[2]) for row in session.execute(query) if row[0] in wanted}

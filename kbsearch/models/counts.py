"""What pages count of clusters, kept, so that no page has to read every question."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import Delete, ForeignKey, delete, event, inspect, select
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Mapper, mapped_column

from kbsearch.models.base import Base, utc_now
from kbsearch.models.clusters import Membership
from kbsearch.models.questions import Question


class ClusterCount(Base):
    """What was counted of a cluster in a run.  Deleted when a question of it changes or comes or goes.

    ``weekly``: questions of each of 16 weeks, oldest first, the last ending when it was counted; ``last_7``
    and ``last_28``: its last one and the sum of its last four, for those who read many clusters.
    ``answered``: by a reply or by a case.  ``courses``: code ("" for none) → questions, answered ones, and
    then as in ``weekly``.  ``lessons``: code → questions.  ``case_id``: the case that answered most of them,
    where that is clearly one.
    """

    __tablename__ = "cluster_count"

    cluster_id: Mapped[int] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), index=True)
    size: Mapped[int]
    answered: Mapped[int]
    weekly: Mapped[list[int]]
    last_7: Mapped[int]
    last_28: Mapped[int]
    courses: Mapped[dict[str, Any]]
    lessons: Mapped[dict[str, Any]]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    counted_at: Mapped[datetime] = mapped_column(default=utc_now)


def counts_with(question_ids: Collection[int]) -> Delete:
    """Deletes what was counted of the clusters that hold one of the questions."""
    counted = select(ClusterCount.run_id).distinct()
    inside = select(Membership.cluster_id).where(
        Membership.run_id.in_(counted), Membership.question_id.in_(question_ids)
    )
    return delete(ClusterCount).where(ClusterCount.cluster_id.in_(inside))


@event.listens_for(Question, "after_update")
def _forget_counts(mapper: Mapper[Question], connection: Connection, question: Question) -> None:
    attributes = inspect(question).attrs
    if any(attributes[name].history.has_changes() for name in ("state", "case_id")):
        connection.execute(counts_with([question.id]))

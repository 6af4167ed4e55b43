"""What people did to clusters: edits, which every later run keeps, and reviews."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class EditKind(StrEnum):
    """What a person can do to a cluster."""

    RENAME = "rename"
    KEEP = "keep"
    LINK = "link"
    MERGE = "merge"
    SPLIT = "split"
    MOVE = "move"
    PIN = "pin"
    DISMISS = "dismiss"


class ClusterEdit(Base):
    """One thing that a person did to a cluster.  It stands, and binds every run, until it is undone.

    ``cluster_id``: where the questions are afterwards (merge: the cluster that stays; split: the new one;
    move and pin: the one they belong to); rename, keep, link: the cluster itself; dismiss: none.
    ``other_id``: merge: the cluster that ended; split: the one they left.
    ``questions``: ids; merge: of the cluster that ended; split, move, pin, dismiss: those that were chosen.
    ``rest``: ids; merge: of the cluster that stayed; split: those that stayed behind.
    ``label``: rename: the name.  ``case_id``: link: the case.  ``before``: what undoing brings back.
    """

    __tablename__ = "cluster_edit"
    __table_args__ = (
        Index("ix_cluster_edit_cluster", "cluster_id", "undone_at"),
        Index("ix_cluster_edit_other", "other_id", "undone_at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[EditKind] = mapped_column(String(20))
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id", ondelete="SET NULL"))
    questions: Mapped[list[int]] = mapped_column(default=list)
    rest: Mapped[list[int]] = mapped_column(default=list)
    label: Mapped[str] = mapped_column(String(300), default="")
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    before: Mapped[dict[str, Any]] = mapped_column(default=dict)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class ReviewVerdict(StrEnum):
    """How a cluster left the review queue: by an edit or a case, as it is, or for another time."""

    DONE = "done"
    FINE = "fine"
    LATER = "later"


class ClusterReview(Base):
    """A person's decision on a cluster in the review queue.

    ``size`` and ``weekly`` (questions a week over 28 days) then: it comes back when it has grown since.
    """

    __tablename__ = "cluster_review"
    __table_args__ = (Index("ix_cluster_review_cluster", "cluster_id", "undone_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    cluster_id: Mapped[int] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"))
    verdict: Mapped[ReviewVerdict] = mapped_column(String(20))
    edit_id: Mapped[int | None] = mapped_column(ForeignKey("cluster_edit.id", ondelete="SET NULL"))
    size: Mapped[int] = mapped_column(default=0)
    weekly: Mapped[float] = mapped_column(default=0.0)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    undone_at: Mapped[datetime | None]

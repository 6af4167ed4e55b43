"""What a run proposes to change.  Nothing here is shown as a cluster until somebody accepts it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base


class ChangeKind(StrEnum):
    """What a line of a proposal does to a cluster; ``same``: nothing but its keywords and strengths."""

    SAME = "same"
    BORN = "born"
    GROWN = "grown"
    SHRUNK = "shrunk"
    SPLIT = "split"
    MERGED = "merged"
    GONE = "gone"


class LineDecision(StrEnum):
    """What was decided on a line of a proposal."""

    OPEN = "open"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


class ProposalLine(Base):
    """One change that a run proposes, to be accepted or rejected alone.

    ``number``: which of the run's clusters it is about; None when the cluster ends.  ``cluster_id``: that
    cluster where it lives already (born, split: since the line was accepted; merged, gone: the one that
    ends).  ``other_id``: split: the cluster most of it comes from; merged: the one it goes into.
    ``label`` and ``keywords``: as the run would call it.  ``joined`` and ``left``: questions that come and
    go.  ``examples``: ids of up to three of them.  ``theme``: of the cluster: ``number`` in the run, ``id``
    (None: it is new), ``label``, ``keywords``, ``overlap``; empty when it has none.
    """

    __tablename__ = "proposal_line"
    __table_args__ = (Index("ix_proposal_line_run", "run_id", "decision"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    kind: Mapped[ChangeKind] = mapped_column(String(20))
    number: Mapped[int | None]
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"))
    other_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id", ondelete="SET NULL"))
    label: Mapped[str] = mapped_column(String(300), default="")
    keywords: Mapped[list[str]] = mapped_column(default=list)
    overlap: Mapped[float] = mapped_column(default=0.0)
    joined: Mapped[int] = mapped_column(default=0)
    left: Mapped[int] = mapped_column(default=0)
    examples: Mapped[list[int]] = mapped_column(default=list)
    theme: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    decision: Mapped[LineDecision] = mapped_column(String(20), default=LineDecision.OPEN)
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class ProposedPlace(Base):
    """Where a run would put a question: in its cluster ``number``, or in none.

    ``line_id``: the line that moves it there; None when it stays where it is.  ``from_id``: the cluster it
    was in when the run was stored.
    """

    __tablename__ = "proposed_place"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(
        ForeignKey("question.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    line_id: Mapped[int | None] = mapped_column(
        ForeignKey("proposal_line.id", ondelete="CASCADE"), index=True
    )
    number: Mapped[int | None]
    from_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id", ondelete="SET NULL"))
    strength: Mapped[float] = mapped_column(default=1.0)
    exemplar_rank: Mapped[int | None]

"""Faults of the platform: bursts of questions that speak of one, and what people did about them."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class FaultState(StrEnum):
    """``open``: nobody has decided yet.  ``closed``: it is over.  ``dismissed``: it was none."""

    OPEN = "open"
    CLOSED = "closed"
    DISMISSED = "dismissed"


class DeliveryState(StrEnum):
    """Where a delivery by webhook stands."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Fault(Base):
    """A burst of questions that speak of a broken platform.

    ``started_at`` and ``last_at``: when its first and its last question were asked.  ``evidence``: what the
    test against chance saw when it was found: count, hours, expected, share, p.  ``answer``: the one answer
    that its waiting questions were closed with.
    """

    __tablename__ = "fault"
    __table_args__ = (Index("ix_fault_state", "state", "last_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    state: Mapped[FaultState] = mapped_column(String(20), default=FaultState.OPEN)
    started_at: Mapped[datetime]
    last_at: Mapped[datetime]
    found_at: Mapped[datetime] = mapped_column(default=utc_now)
    evidence: Mapped[dict[str, Any]] = mapped_column(default=dict)
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_at: Mapped[datetime | None]
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class FaultQuestion(Base):
    """A question that belongs to a fault, by how likely (``probability`` in [0, 1]).

    ``reply_id``: the reply that closing the fault gave it; None when it was not waiting then.
    """

    __tablename__ = "fault_question"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    fault_id: Mapped[int] = mapped_column(ForeignKey("fault.id", ondelete="CASCADE"), index=True)
    probability: Mapped[float]
    reply_id: Mapped[int | None] = mapped_column(ForeignKey("reply.id", ondelete="SET NULL"), index=True)


class FaultSignal(Base):
    """How likely a question speaks of a broken platform, in [0, 1]; kept to count the past often."""

    __tablename__ = "fault_signal"
    __table_args__ = (Index("ix_fault_signal_asked_at", "asked_at", "probability"),)

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    asked_at: Mapped[datetime]
    probability: Mapped[float]


class FaultDelivery(Base):
    """A fault's report on its way to the webhook.  ``outcome``: what came back, or why it failed."""

    __tablename__ = "fault_delivery"
    __table_args__ = (Index("ix_fault_delivery_due", "state", "due_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    fault_id: Mapped[int] = mapped_column(ForeignKey("fault.id", ondelete="CASCADE"), index=True)
    state: Mapped[DeliveryState] = mapped_column(String(20), default=DeliveryState.WAITING)
    attempts: Mapped[int] = mapped_column(default=0)
    outcome: Mapped[str] = mapped_column(String(300), default="")
    due_at: Mapped[datetime] = mapped_column(default=utc_now)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    sent_at: Mapped[datetime | None]
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))

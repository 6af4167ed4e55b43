"""Messages that are set aside as small talk, and what people said to that."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class AsideReason(StrEnum):
    """Why a message is taken for small talk."""

    THANKS = "thanks"
    GREETING = "greeting"
    SOLVED = "solved"
    WITHDRAWN = "withdrawn"
    AGREEMENT = "agreement"
    WISH = "wish"
    FEELING = "feeling"
    REACTION = "reaction"
    TALK = "talk"


class Aside(Base):
    """A message that is set aside: it asks nothing, so it is in no cluster.

    ``reason``: what speaks for small talk.  ``probability`` in [0, 1].  ``kept_at``: a person said that it is
    a question all the same, and by whom; it is clustered from then on.
    """

    __tablename__ = "aside"
    __table_args__ = (Index("ix_aside_kept", "kept_at", "question_id"),)

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    reason: Mapped[AsideReason] = mapped_column(String(20))
    probability: Mapped[float]
    judged_at: Mapped[datetime] = mapped_column(default=utc_now)
    kept_at: Mapped[datetime | None]
    kept_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))

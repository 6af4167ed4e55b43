"""What is known of kbsearch's own quality: golden pairs, measurements, models that learned, kept promises."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class GoldenSource(StrEnum):
    """Where a golden pair comes from."""

    FEEDBACK = "feedback"
    ANSWERED = "answered"
    ADDED = "added"


class GoldenPair(Base):
    """A question's masked ``text`` and a case that truly answers it.

    ``text_key``: as `Question.text_key`; a text and a case make one pair.  A pair that a person removed keeps
    its row (``removed_at``), so that it does not come back by itself.
    """

    __tablename__ = "golden_pair"
    __table_args__ = (UniqueConstraint("text_key", "case_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(Text)
    text_key: Mapped[str] = mapped_column(String(64))
    course_code: Mapped[str] = mapped_column(String(100), default="")
    lesson_code: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    question_id: Mapped[int | None] = mapped_column(
        ForeignKey("question.id", ondelete="SET NULL"), index=True
    )
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    source: Mapped[GoldenSource] = mapped_column(String(20))
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    removed_at: Mapped[datetime | None]


class QualityMeasurement(Base):
    """One measurement.  ``figures``: by scope ("all", "course:x", "language:ru"), as docs/quality.md lists.

    ``ranks``: golden pair id → rank of its case, 0 beyond the fifth.  ``change``: against the measurement
    before, paired: counts, p and whether it is lower.  ``occasion``: night, person, learn or command.
    """

    __tablename__ = "quality_measurement"

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)
    model_version: Mapped[str] = mapped_column(String(100))
    occasion: Mapped[str] = mapped_column(String(20))
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    ranks: Mapped[dict[str, Any]] = mapped_column(default=dict)
    change: Mapped[dict[str, Any]] = mapped_column(default=dict)


class ModelVersion(Base):
    """A ranker with its calibration, fitted on judgements.  At most one row is ``active``; none: the shipped.

    ``parent``: name of the version that it was fitted from.  ``model``: as the ranker writes itself.
    ``figures``: n, p and both versions' figures on held-out judgements.  ``provenance``: what it saw.
    """

    __tablename__ = "model_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    parent: Mapped[str] = mapped_column(String(100))
    model: Mapped[dict[str, Any]]
    figures: Mapped[dict[str, Any]] = mapped_column(default=dict)
    provenance: Mapped[dict[str, Any]] = mapped_column(default=dict)
    active: Mapped[bool] = mapped_column(default=False, index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    activated_at: Mapped[datetime | None]


class PromiseState(StrEnum):
    """What became of the promise in a scope.

    A scope that was ever *kept* has feedback enough to be judged alone.
    """

    KEPT = "kept"
    LOWERED = "lowered"
    RECOVERED = "recovered"
    RESTORED = "restored"


class PromiseEvent(Base):
    """Coverage of ``answer`` was lowered in a scope, or given back: by evidence, or by ``person_id``.

    A person lowers only what a person gave back: then ``created_at`` is when evidence had lowered it.

    A scope is a course, a language, or everything when both are "".  ``right`` of ``count`` answers were
    right; ``lower`` and ``upper`` bound that precision at any time of looking.  ``floor``: the probability
    from which on the scope answers now; above 1 it never does.
    """

    __tablename__ = "promise_event"
    __table_args__ = (Index("ix_promise_event_scope", "course_code", "language", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    course_code: Mapped[str] = mapped_column(String(100), default="")
    language: Mapped[str] = mapped_column(String(8), default="")
    state: Mapped[PromiseState] = mapped_column(String(20))
    target: Mapped[float]
    count: Mapped[int] = mapped_column(default=0)
    right: Mapped[int] = mapped_column(default=0)
    lower: Mapped[float] = mapped_column(default=0.0)
    upper: Mapped[float] = mapped_column(default=1.0)
    floor: Mapped[float] = mapped_column(default=0.0)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))

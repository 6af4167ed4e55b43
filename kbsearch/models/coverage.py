"""How far the knowledge base and the programme cover what is asked, as the worker found it."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class Colour(StrEnum):
    """How sure matching is on a cluster's questions; `kbsearch.insights.coverage` has the thresholds."""

    GREEN = "green"
    YELLOW = "yellow"
    RED = "red"


class CoverageSample(Base):
    """The first match of a question in a cluster's sample: ``case_id`` (None: none), its ``probability``."""

    __tablename__ = "coverage_sample"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    cluster_id: Mapped[int] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"), index=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    probability: Mapped[float]
    model_version: Mapped[str] = mapped_column(String(100))
    checked_at: Mapped[datetime] = mapped_column(default=utc_now)


class FirstMatch(Base):
    """The published case that comes first for a question: ``case_id`` (None: none), its ``probability``.

    ``checked_at``: when asking began; cases that changed later may not have been looked at.
    ``model_version``: the model and, while cases are few, how few (see `Matcher.basis`).
    """

    __tablename__ = "first_match"

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    probability: Mapped[float]
    model_version: Mapped[str] = mapped_column(String(100))
    checked_at: Mapped[datetime] = mapped_column(default=utc_now, index=True)


class Coverage(Base):
    """How far a cluster is covered.

    ``sampled`` questions were asked of the matcher; ``sure`` of them have a published case that is likely
    enough, ``same_case`` of these one and the same, ``case_id``.  ``in_check_id``: the case that would cover
    it if it did not need a check.  ``lesson_code``: the lesson nearest to its exemplars ("" without an
    outline), that teaches it with ``lesson_probability`` in [0, 1]; ``in_programme``: whether a lesson does,
    None when nobody can tell.
    """

    __tablename__ = "coverage"

    cluster_id: Mapped[int] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"), primary_key=True)
    colour: Mapped[Colour] = mapped_column(String(10))
    sampled: Mapped[int]
    sure: Mapped[int]
    same_case: Mapped[int]
    case_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    in_check_id: Mapped[int | None] = mapped_column(ForeignKey("case.id", ondelete="SET NULL"), index=True)
    lesson_code: Mapped[str] = mapped_column(String(100), default="")
    lesson_probability: Mapped[float] = mapped_column(default=0.0)
    in_programme: Mapped[bool | None]
    model_version: Mapped[str] = mapped_column(String(100))
    checked_at: Mapped[datetime] = mapped_column(default=utc_now)


class InferredLesson(Base):
    """The lesson that a question without one most likely belongs to, by the outlines, when that is sure."""

    __tablename__ = "inferred_lesson"
    __table_args__ = (Index("ix_inferred_lesson_lesson", "lesson_code", "question_id"),)

    question_id: Mapped[int] = mapped_column(ForeignKey("question.id", ondelete="CASCADE"), primary_key=True)
    lesson_code: Mapped[str] = mapped_column(String(100))
    probability: Mapped[float]
    inferred_at: Mapped[datetime] = mapped_column(default=utc_now)

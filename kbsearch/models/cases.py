"""Cases, their variants and their revisions."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from kbsearch.models.base import Base, utc_now


class CaseState(StrEnum):
    """The life of a case.  Only ``published`` and ``needs_check`` cases are shown to students."""

    DRAFT = "draft"
    IN_REVIEW = "in_review"
    PUBLISHED = "published"
    NEEDS_CHECK = "needs_check"
    ARCHIVED = "archived"


LIVE_STATES = (CaseState.PUBLISHED, CaseState.NEEDS_CHECK)

TRANSITIONS: dict[CaseState, tuple[CaseState, ...]] = {
    CaseState.DRAFT: (CaseState.IN_REVIEW, CaseState.PUBLISHED, CaseState.ARCHIVED),
    CaseState.IN_REVIEW: (CaseState.DRAFT, CaseState.PUBLISHED, CaseState.ARCHIVED),
    CaseState.PUBLISHED: (CaseState.NEEDS_CHECK, CaseState.DRAFT, CaseState.ARCHIVED),
    CaseState.NEEDS_CHECK: (CaseState.PUBLISHED, CaseState.DRAFT, CaseState.ARCHIVED),
    CaseState.ARCHIVED: (CaseState.DRAFT,),
}


class Case(Base):
    """A curated answer.  ``version`` counts saved changes and guards against lost edits.

    ``slug`` is the stable public name ("" never; made from the title when not given).  ``lessons`` and
    ``tags`` are lists of codes and words.  ``cluster_id`` is the cluster it was written for, if any.
    ``published_at``: last; ``first_published_at``: since when its effect is measured.
    """

    __tablename__ = "case"

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(String(200), unique=True)
    title: Mapped[str] = mapped_column(String(500))
    answer: Mapped[str] = mapped_column(Text)
    course_code: Mapped[str] = mapped_column(String(100), default="", index=True)
    lessons: Mapped[list[str]] = mapped_column(default=list)
    tags: Mapped[list[str]] = mapped_column(default=list)
    language: Mapped[str] = mapped_column(String(8), default="")
    state: Mapped[CaseState] = mapped_column(String(20), default=CaseState.DRAFT, index=True)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    updated_at: Mapped[datetime] = mapped_column(default=utc_now)
    published_at: Mapped[datetime | None]
    first_published_at: Mapped[datetime | None]
    verified_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column()
    variants: Mapped[list[Variant]] = relationship(
        back_populates="case", order_by="Variant.position", cascade="all, delete-orphan"
    )
    revisions: Mapped[list[Revision]] = relationship(
        back_populates="case", order_by="Revision.number", cascade="all, delete-orphan"
    )
    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012  # SQLAlchemy's own way


class Variant(Base):
    """A phrasing of the question that a case answers, taken from a student's question or written."""

    __tablename__ = "variant"

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), index=True)
    position: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    question_id: Mapped[int | None] = mapped_column(
        ForeignKey("question.id", ondelete="SET NULL"), index=True
    )
    case: Mapped[Case] = relationship(back_populates="variants")


class Revision(Base):
    """One version of a case, whole.  ``snapshot``: title, answer, variants, course, lessons, tags, state.

    ``import_id``: the import that made it.
    """

    __tablename__ = "revision"
    __table_args__ = (UniqueConstraint("case_id", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"))
    number: Mapped[int]
    snapshot: Mapped[dict[str, Any]]
    note: Mapped[str] = mapped_column(String(500), default="")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    import_id: Mapped[int | None] = mapped_column(ForeignKey("import.id"))
    case: Mapped[Case] = relationship(back_populates="revisions")

"""Imports, so that what one brought is known and can be taken back."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class ImportState(StrEnum):
    """Where an import stands.  ``failed``: it broke off; what it had stored till then is stored."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNDONE = "undone"


class Import(Base):
    """One taking in of a file or folder.  Questions, replies and revisions that it brought name it.

    ``name``: the file, as who took it in knows it.  ``format``: what it was read as.  ``taken``: counts as
    `kbsearch.services.imports.ImportReport` has them.  ``seen_at``: its last sign of life.
    ``first_question_id`` and ``last_question_id`` enclose the questions that it brought, so that they are
    found without a look at all others; ``last_case_id``: the highest id of a case that it brought.
    ``undone``: what undoing it did, see `kbsearch.services.import_undoing.Outcome`.
    """

    __tablename__ = "import"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(300), default="")
    format: Mapped[str] = mapped_column(String(20), default="")
    state: Mapped[ImportState] = mapped_column(String(20), default=ImportState.RUNNING)
    job_id: Mapped[int | None] = mapped_column(ForeignKey("job.id", ondelete="SET NULL"), index=True)
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    taken: Mapped[dict[str, Any]] = mapped_column(default=dict)
    first_question_id: Mapped[int | None]
    last_question_id: Mapped[int | None]
    last_case_id: Mapped[int | None]
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    seen_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
    undone: Mapped[dict[str, Any]] = mapped_column(default=dict)
    undone_at: Mapped[datetime | None]
    undone_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))


class SchoolPart(StrEnum):
    """What an import may tell of the school: each part of a course is replaced whole."""

    OUTLINE = "outline"
    COHORTS = "cohorts"
    STUDENTS = "students"


class SchoolChange(Base):
    """What an import told of one part of a course, and what was known before, so that it can come back.

    ``week``: the Monday that a number of students is of; None for other parts.  ``told``: the fingerprint of
    what the import told, see `kbsearch.services.school_changes`.  ``changed``: whether that was new; only
    then ``before`` is kept, what was known till then (None: nothing).  Of one part the later row has the
    higher id.
    """

    __tablename__ = "school_change"
    __table_args__ = (Index("ix_school_change_part", "course_code", "part", "week"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    import_id: Mapped[int] = mapped_column(ForeignKey("import.id", ondelete="CASCADE"), index=True)
    part: Mapped[SchoolPart] = mapped_column(String(20))
    course_code: Mapped[str] = mapped_column(String(100))
    week: Mapped[date | None]
    changed: Mapped[bool]
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    told: Mapped[str] = mapped_column(String(64))

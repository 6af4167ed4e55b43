"""Imports, so that what one brought is known and can be taken back."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, String
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

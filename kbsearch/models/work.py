"""Work that waits: outbox rows for the index, and jobs for longer tasks."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, false
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class Collection(StrEnum):
    """The two searchable collections."""

    CASES = "cases"
    QUESTIONS = "questions"


class Outbox(Base):
    """Asks the worker to bring one row of a collection up to date in the index.

    Written in the transaction that changes the row and deleted after the index holds the change.  It does
    not say what to do: the worker looks at the database then, so doing it twice is harmless.

    ``indexed``: the index holds the change; what follows from it is still to be found (a question's repeats
    and cluster).
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_due", "failed_at", "id"), {"sqlite_autoincrement": True})

    id: Mapped[int] = mapped_column(primary_key=True)
    collection: Mapped[Collection] = mapped_column(String(20))
    entity_id: Mapped[int]
    indexed: Mapped[bool] = mapped_column(default=False, server_default=false())
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str] = mapped_column(Text, default="")
    failed_at: Mapped[datetime | None]


class JobKind(StrEnum):
    """Longer tasks."""

    IMPORT = "import"
    CLUSTER = "cluster"
    REBUILD = "rebuild"
    MEASURE = "measure"
    LEARN = "learn"
    COVERAGE = "coverage"
    ACCEPT = "accept"
    UNDO = "undo"


class JobState(StrEnum):
    """Where a job stands."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Job(Base):
    """A longer task with its progress.  ``heartbeat_at`` going stale means its worker died.

    ``error``: why it failed, in English.  ``failure``: the same as ``message`` and ``remedy`` (templates) and
    ``details`` (what fills them), for pages in other languages; empty in jobs of before there was such.
    """

    __tablename__ = "job"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[JobKind] = mapped_column(String(20))
    state: Mapped[JobState] = mapped_column(String(20), default=JobState.WAITING, index=True)
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    result: Mapped[dict[str, Any]] = mapped_column(default=dict)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    stage: Mapped[str] = mapped_column(String(100), default="")
    error: Mapped[str] = mapped_column(Text, default="")
    failure: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    started_at: Mapped[datetime | None]
    heartbeat_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]

"""Results that are dear to compute, kept in memory as long as what they were computed from stays the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.models import Case, ClusterEdit, Import, Question, Run

T = TypeVar("T")
HOUR = timedelta(hours=1)


class KeptResult(Generic[T]):
    """The last result.  Who asks while it is computed waits for it, rather than computing it as well."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: tuple[Hashable, T] | None = None

    def of(self, key: Hashable, compute: Callable[[], T]) -> T:
        """The result for ``key``, computed unless it is the last one."""
        with self._lock:
            if self._kept is None or self._kept[0] != key:
                self._kept = (key, compute())
            return self._kept[1]


def state_of_questions(session: Session, now: datetime) -> Hashable:
    """A key that differs when a run, question, edit or case came, an import was undone, or an hour went by.

    Questions that are dismissed, or join a cluster, later are seen within the hour.
    """
    newest = (func.max(Run.decided_at), func.max(Run.id))
    edits = (func.max(ClusterEdit.id), func.max(ClusterEdit.undone_at))
    return (
        tuple(session.execute(select(*newest)).one()),
        session.scalar(select(func.max(Question.id))),
        session.scalar(select(func.max(Import.undone_at))),
        tuple(session.execute(select(*edits)).one()),
        session.scalar(select(func.max(Case.updated_at))),
        int(now.timestamp() // HOUR.total_seconds()),
    )

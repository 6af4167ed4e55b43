"""What maintenance tells about the indexes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class CollectionStatus:
    """The state of one index.  ``problem`` is "" when it can be searched by text and vector.

    ``waiting`` and ``failed`` count outbox rows; ``oldest_seconds`` is the age of the oldest that waits.
    ``unread``: documents that the second encoder has yet to read; they are found meanwhile.
    """

    collection: str
    in_database: int
    in_index: int
    unread: int
    waiting: int
    failed: int
    oldest_seconds: float | None
    generation: str
    model_id: str
    committed_at: datetime | None
    bytes: int
    problem: str


@dataclass(frozen=True, slots=True)
class IndexStatus:
    """The state of both indexes, the encoder that the settings name, and the second one ("": none)."""

    model_id: str
    second_id: str
    collections: tuple[CollectionStatus, ...]

    @property
    def waiting(self) -> int:
        """Outbox rows that wait."""
        return sum(one.waiting for one in self.collections)

    @property
    def failed(self) -> int:
        """Outbox rows that failed at least once."""
        return sum(one.failed for one in self.collections)

    @property
    def problems(self) -> tuple[str, ...]:
        """What is wrong, in English; empty when nothing is."""
        return tuple(one.problem for one in self.collections if one.problem)


@dataclass(frozen=True, slots=True)
class CollectionCheck:
    """How an index differs from the database.

    ``missing``: not in the index; ``extra``: only in the index; ``stale``: with another content there.
    Rows that still wait in the outbox are no difference: ``waiting`` counts them.
    """

    collection: str
    missing: tuple[int, ...] = ()
    extra: tuple[int, ...] = ()
    stale: tuple[int, ...] = ()
    waiting: int = 0
    problem: str = ""

    @property
    def differing(self) -> tuple[int, ...]:
        """All ids that differ."""
        return self.missing + self.extra + self.stale

    @property
    def ok(self) -> bool:
        """Whether the index is whole and holds what the database holds."""
        return not self.problem and not self.differing


@dataclass(frozen=True, slots=True)
class CheckReport:
    """The outcome of a check.  ``mended``: the differences were given to the worker, damage was rebuilt."""

    collections: tuple[CollectionCheck, ...]
    mended: bool = False

    @property
    def ok(self) -> bool:
        """Whether nothing was wrong."""
        return all(one.ok for one in self.collections)

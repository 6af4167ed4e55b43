"""The outbox pipeline: brings the indexes up to date with the database.

A row of the outbox is deleted only after the index holds the change, so a worker that is killed anywhere
does some work twice and loses none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Collection as AnyCollection
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import Update, delete, func, or_, select, update

from indexer.ahead import AheadEmbedder
from indexer.bisecting import each_that_works
from indexer.loading import drafts, encoded
from kbsearch.database import Database
from kbsearch.models import Collection, Outbox, utc_now
from kbsearch.ports import Embedder, Progress, SearchBackend, silent

RETRY_AFTER = timedelta(minutes=1)
"""A row that failed is tried again after so long, times the number of attempts."""
MAX_ATTEMPTS = 5
BULK = 2_048
"""Rows at a time when nobody waits for a single one: fewer, larger commits."""


@dataclass(frozen=True, slots=True)
class Due:
    """A row of the outbox that waits."""

    id: int
    collection: Collection
    entity_id: int


class IndexPipeline:
    """Works off the outbox.  ``compare`` is told which questions were indexed, before their rows go."""

    def __init__(
        self,
        database: Database,
        cases: SearchBackend,
        questions: SearchBackend,
        embedder: Embedder,
        compare: Callable[[Sequence[int]], object] | None = None,
    ) -> None:
        self._database = database
        self._indexes = {Collection.CASES: cases, Collection.QUESTIONS: questions}
        self._embedder = AheadEmbedder(embedder)
        self._later: list[Due] = []
        self._compare = compare

    def drain(self, limit: int = 512) -> int:
        """Work off the oldest ``limit`` due rows, cases before questions; returns how many there were.

        A row whose document cannot be encoded or indexed is marked with the error and tried again later;
        it does not hold up the others.

        Raises:
            EncoderUnavailable: the encoder fails whatever the text; the rows wait.
            IndexUnavailable: the index cannot be written; the rows wait.
            StorageUnavailable: the database or the disk refuses; the rows wait.
        """
        waiting = self._due(2 * limit)
        due, self._later = waiting[:limit], waiting[limit:]
        for collection in Collection:
            rows = [row for row in due if row.collection == collection]
            if rows:
                failures = self._work_off(collection, sorted({row.entity_id for row in rows}))
                self._settle(rows, failures)
        return len(due)

    def drain_all(self, progress: Progress = silent) -> int:
        """Work off everything that is due now and meanwhile; returns how many rows there were."""
        done = 0
        while worked := self.drain(BULK):
            done += worked
            progress(done, done + self.waiting(), "indexing")
        return done

    def waiting(self) -> int:
        """How many rows wait, those that failed for good left out."""
        with self._database.reading() as session:
            statement = select(func.count()).select_from(Outbox).where(Outbox.attempts < MAX_ATTEMPTS)
            return session.scalar(statement) or 0

    def _due(self, limit: int) -> list[Due]:
        now = utc_now()
        waited = [
            (Outbox.attempts == attempts) & (Outbox.failed_at < now - RETRY_AFTER * attempts)
            for attempts in range(1, MAX_ATTEMPTS)
        ]
        statement = select(Outbox.id, Outbox.collection, Outbox.entity_id)
        statement = statement.where(or_(Outbox.failed_at.is_(None), *waited))
        with self._database.reading() as session:
            rows = session.execute(statement.order_by(Outbox.collection, Outbox.id).limit(limit))
            return [Due(row_id, Collection(collection), entity_id) for row_id, collection, entity_id in rows]

    def _work_off(self, collection: Collection, ids: Sequence[int]) -> dict[int, str]:
        """Index ``ids``; returns the error of each that failed on its own."""
        failures = each_that_works(ids, lambda some: self._index(collection, some), self._embedder)
        indexed = [one for one in ids if one not in failures]
        if self._compare is None or collection != Collection.QUESTIONS or not indexed:
            return failures
        return failures | each_that_works(indexed, self._compare, self._embedder)

    def _index(self, collection: Collection, ids: Sequence[int]) -> None:
        with self._database.reading() as session:
            found = drafts(session, collection, ids)
        gone = set(ids).difference(draft.document.id for draft in found)
        index = self._indexes[collection]
        documents = encoded(found, self._embedder) if found else []
        self._encode_ahead()
        if documents:
            index.upsert(documents)
        if gone:
            index.delete(gone)

    def _encode_ahead(self) -> None:
        """Begin to encode what comes after these rows: one core writes while the other one encodes."""
        later, self._later = self._later, []
        if later:
            collection = later[0].collection
            ids = [row.entity_id for row in later if row.collection == collection]
            self._embedder.begin(lambda: self._texts(collection, ids))

    def _texts(self, collection: Collection, ids: Sequence[int]) -> list[str]:
        with self._database.reading() as session:
            return [text for draft in drafts(session, collection, ids) for text in draft.texts]

    def _settle(self, rows: Sequence[Due], failures: dict[int, str]) -> None:
        failed: defaultdict[str, list[int]] = defaultdict(list)
        for row in rows:
            if row.entity_id in failures:
                failed[failures[row.entity_id]].append(row.id)
        finished = [row.id for row in rows if row.entity_id not in failures]
        with self._database.writing() as session:
            session.execute(delete(Outbox).where(Outbox.id.in_(finished)))
            for reason, row_ids in failed.items():
                session.execute(_mark_failed(row_ids, reason))


def _mark_failed(ids: AnyCollection[int], reason: str) -> Update:
    return (
        update(Outbox)
        .where(Outbox.id.in_(ids))
        .values(attempts=Outbox.attempts + 1, failed_at=utc_now(), error=reason[:2_000])
    )

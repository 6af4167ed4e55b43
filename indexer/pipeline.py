"""The outbox pipeline: brings the indexes up to date with the database.

A row of the outbox is deleted only after the index holds the change and what follows from it is done, so a
worker that is killed anywhere does some work twice and loses none.  What waits to be found comes before what
follows: an import is searchable first and looked through for repeats then.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Sequence
from collections.abc import Collection as AnyCollection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from sqlalchemy import Update, delete, func, or_, select, update

from indexer.ahead import AheadEmbedder
from indexer.bisecting import each_that_works
from indexer.loading import Draft, drafts, encoded
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.models import Collection, Outbox, utc_now
from kbsearch.ports import Document, Embedder, Progress, SearchBackend, silent

_log = logging.getLogger(__name__)

RETRY_AFTER = timedelta(minutes=1)
"""A row that failed is tried again after so long, times the number of attempts."""
MAX_ATTEMPTS = 5
READ_AT_ONCE = 8
"""So many cases the second encoder reads before they are found; of more it reads what is there later."""
BULK = 2_048
"""Rows at a time when nobody waits for a single one: fewer, larger commits."""


@dataclass(frozen=True, slots=True)
class Due:
    """A row of the outbox that waits."""

    id: int
    collection: Collection
    entity_id: int


class IndexPipeline:
    """Works off the outbox.

    ``follow`` is told which questions were indexed, before their rows go.  ``second``: the encoder of second
    opinions on cases.
    """

    def __init__(
        self,
        database: Database,
        cases: SearchBackend,
        questions: SearchBackend,
        embedder: Embedder,
        follow: Callable[[Sequence[int]], object] | None = None,
        *,
        second: Embedder | None = None,
    ) -> None:
        self._database = database
        self._indexes = {Collection.CASES: cases, Collection.QUESTIONS: questions}
        self._embedder = AheadEmbedder(embedder)
        self._later: list[Due] = []
        self._followed = follow
        self._second = {Collection.CASES: second, Collection.QUESTIONS: None}

    def drain(self, limit: int = 512) -> int:
        """`index`, and `follow` once no more rows wait to be indexed; returns how many rows there were.

        Raises:
            EncoderUnavailable, IndexUnavailable, StorageUnavailable: as `index`.
        """
        found = self.index(limit)
        return found if found == limit else max(found, self.follow(limit))

    def index(self, limit: int) -> int:
        """Index the oldest ``limit`` due rows, cases before questions; returns how many there were.

        A row whose document cannot be encoded or indexed is marked with the error and tried again later;
        it does not hold up the others.

        Raises:
            EncoderUnavailable: the encoder fails whatever the text; the rows wait.
            IndexUnavailable: the index cannot be written; the rows wait.
            StorageUnavailable: the database or the disk refuses; the rows wait.
        """
        waiting = self._due(2 * limit, indexed=False)
        due, self._later = waiting[:limit], waiting[limit:]
        for collection in Collection:
            rows = [row for row in due if row.collection == collection]
            if rows:
                failures = each_that_works(_ids(rows), partial(self._index, collection), self._embedder)
                self._settle(rows, failures, last=not self._leads_on(collection))
        return len(due)

    def follow(self, limit: int) -> int:
        """Do what follows for the oldest ``limit`` rows that are indexed; returns how many there were.

        Without anything to do they are left to a pipeline that has.

        Raises:
            EncoderUnavailable, IndexUnavailable, StorageUnavailable: as `index`.
        """
        if self._followed is None:
            return 0
        rows = self._due(limit, indexed=True)
        if rows:
            self._settle(rows, each_that_works(_ids(rows), self._followed, self._embedder), last=True)
        return len(rows)

    def drain_all(self, progress: Progress = silent) -> int:
        """Work off everything that is due now and meanwhile; returns how many rows were indexed."""
        done = 0
        while True:
            indexed = self._through(self.index, progress, "indexing")
            if not indexed + self._through(self.follow, progress, "comparing questions"):
                return done
            done += indexed

    def waiting(self, *, indexed: bool | None = None) -> int:
        """How many rows wait, those that failed for good left out; only those that are ``indexed`` or not."""
        statement = select(func.count()).select_from(Outbox).where(Outbox.attempts < MAX_ATTEMPTS)
        if indexed is not None:
            statement = statement.where(Outbox.indexed.is_(indexed))
        with self._database.reading() as session:
            return session.scalar(statement) or 0

    def _through(self, step: Callable[[int], int], progress: Progress, stage: str) -> int:
        done = 0
        while worked := step(BULK):
            done += worked
            progress(done, done + self.waiting(indexed=step == self.follow), stage)
        return done

    def _leads_on(self, collection: Collection) -> bool:
        return self._followed is not None and collection == Collection.QUESTIONS

    def _due(self, limit: int, *, indexed: bool) -> list[Due]:
        now = utc_now()
        waited = [
            (Outbox.attempts == attempts) & (Outbox.failed_at < now - RETRY_AFTER * attempts)
            for attempts in range(1, MAX_ATTEMPTS)
        ]
        statement = select(Outbox.id, Outbox.collection, Outbox.entity_id)
        statement = statement.where(Outbox.indexed.is_(indexed), or_(Outbox.failed_at.is_(None), *waited))
        with self._database.reading() as session:
            rows = session.execute(statement.order_by(Outbox.collection, Outbox.id).limit(limit))
            return [Due(row_id, Collection(collection), entity_id) for row_id, collection, entity_id in rows]

    def _index(self, collection: Collection, ids: Sequence[int]) -> None:
        with self._database.reading() as session:
            found = drafts(session, collection, ids)
        gone = set(ids).difference(draft.document.id for draft in found)
        index = self._indexes[collection]
        documents = self._encoded(found, collection) if found else []
        self._encode_ahead()
        if documents:
            index.upsert(documents)
        if gone:
            index.delete(gone)

    def _encoded(self, found: Sequence[Draft], collection: Collection) -> list[Document]:
        if (second := self._second[collection]) and len(found) <= READ_AT_ONCE:
            try:
                return encoded(found, self._embedder, second)
            except EncoderUnavailable as error:
                _log.warning("not read a second time: %s", error)
        return encoded(found, self._embedder)

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

    def _settle(self, rows: Sequence[Due], failures: dict[int, str], *, last: bool) -> None:
        """Note what became of ``rows``: those that are done go when it was the ``last`` step."""
        failed: defaultdict[str, list[int]] = defaultdict(list)
        for row in rows:
            if row.entity_id in failures:
                failed[failures[row.entity_id]].append(row.id)
        finished = Outbox.id.in_([row.id for row in rows if row.entity_id not in failures])
        done = delete(Outbox).where(finished) if last else update(Outbox).where(finished).values(indexed=True)
        with self._database.writing() as session:
            session.execute(done)
            for reason, row_ids in failed.items():
                session.execute(_mark_failed(row_ids, reason))


def _ids(rows: Sequence[Due]) -> list[int]:
    return sorted({row.entity_id for row in rows})


def _mark_failed(ids: AnyCollection[int], reason: str) -> Update:
    return (
        update(Outbox)
        .where(Outbox.id.in_(ids))
        .values(attempts=Outbox.attempts + 1, failed_at=utc_now(), error=reason[:2_000])
    )

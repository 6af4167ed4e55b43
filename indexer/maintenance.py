"""Looks after the indexes: status, rebuild beside the running one, check against the database."""

from __future__ import annotations

from collections.abc import Collection as AnyCollection
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import func, select

from indexer.embedded import EmbeddedIndex
from indexer.loading import drafts, encoded, expected, wanted_ids
from indexer.rebuilding import rebuild
from indexer.reports import CheckReport, CollectionCheck, CollectionStatus, IndexStatus
from kbsearch.database import Database
from kbsearch.errors import ConfigurationError, IndexUnavailable
from kbsearch.models import Collection, Outbox, utc_now
from kbsearch.ports import Embedder, Progress, SearchBackend, silent

READ_LATER = 32
"""Cases that the second encoder reads at a time: two seconds, for which all that is to be indexed waits."""
FEW = 500
"""So many cases a command waits for, which is up to a minute."""
MANY_SEGMENTS = 16
"""From so many on some are merged between what is read: each slice leaves one, and searches look into all."""


class IndexMaintenance:
    """Status, rebuild and check of the indexes of cases and questions."""

    def __init__(
        self, database: Database, cases: SearchBackend, questions: SearchBackend, embedder: Embedder
    ) -> None:
        self._database = database
        self._embedder = embedder
        self._indexes = {
            Collection.CASES: _maintained(cases),
            Collection.QUESTIONS: _maintained(questions),
        }
        self._tried: dict[int, int] = {}
        """Fingerprints of cases that the second encoder was given."""

    def status(self) -> IndexStatus:
        """Counts, ages and sizes; quick."""
        second = self._indexes[Collection.CASES].second
        second_id = second.model_id if second else ""
        return IndexStatus(self._embedder.model_id, second_id, tuple(map(self._status, Collection)))

    def rebuild(
        self, progress: Progress = silent, only: Sequence[Collection] = tuple(Collection)
    ) -> IndexStatus:
        """Build each index anew beside the running one and swap it in; searches go on meanwhile.

        Raises:
            IndexUnavailable: another rebuild is running.
            EncoderUnavailable: the encoder cannot be loaded; the running index stays.
            StorageUnavailable: the disk is full; the running index stays.
        """
        for collection in only:
            rebuild(self._database, collection, self._indexes[collection], self._embedder, progress)
        return self.status()

    def check(self, mend: bool = False) -> CheckReport:
        """Compare index and database, by id and by content; reads every file of the index.

        With ``mend`` the differences are put into the outbox, and a damaged or lost index is rebuilt.
        """
        checks = tuple(map(self._check, Collection))
        if mend:
            for one in checks:
                self._mend(one)
        return CheckReport(checks, mended=mend and not all(one.ok for one in checks))

    def lost(self) -> list[Collection]:
        """Collections whose index is gone although there is more to find than what waits in the outbox."""
        return [
            collection
            for collection, index in self._indexes.items()
            if not index.exists() and self._in_database(collection) > self._waiting(collection)[0]
        ]

    def without_second_opinions(self) -> list[Collection]:
        """Collections that were indexed without the second encoder that is set, or with another one.

        Raises:
            EncoderUnavailable: it cannot be loaded: a rebuild would change nothing.
        """
        found = [name for name, index in self._indexes.items() if not index.has_second_opinions()]
        for name in found:
            if second := self._indexes[name].second:
                second.encode(["?"], "query")
        return found

    def require_present(self) -> None:
        """Tell a lost index from one in which nothing fits.

        Raises:
            IndexUnavailable: an index is gone.
            StorageUnavailable: the database cannot be read, or was never set up.
        """
        for collection in self.lost():
            raise _gone(self._indexes[collection])

    def read_again(self, limit: int = READ_LATER) -> int:
        """Let the second encoder read ``limit`` of the cases that it has not read; returns how many it read.

        What has no letters or digits at all is tried once.

        Raises:
            EncoderUnavailable: it fails.
        """
        index = self._indexes[Collection.CASES]
        unread = set(index.unread().tolist())
        if index.second is None or not unread:
            return 0
        known = {key: mark for key, mark in index.fingerprints().items() if key in unread}
        due = [key for key, mark in sorted(known.items()) if self._tried.get(key) != mark][:limit]
        with self._database.reading() as session:
            found = drafts(session, Collection.CASES, due)
        if found:
            index.upsert(encoded(found, self._embedder, index.second))
            if len(index.newest().segments) >= MANY_SEGMENTS:
                index.writer.compact()
        self._tried |= {key: known[key] for key in due}
        return len(due)

    def read_all(self, progress: Progress = silent) -> None:
        """`read_again` until nothing is left.

        Raises:
            EncoderUnavailable: the second encoder fails.
        """
        done, total = 0, len(self._indexes[Collection.CASES].unread())
        while read := self.read_again():
            done += read
            progress(done, max(done, total), "reading cases once more")
        while done and self.compact():
            pass

    def read_few(self, progress: Progress = silent, most: int = FEW) -> int:
        """`read_all` where no more than ``most`` are unread; returns how many are left to the worker.

        Raises:
            EncoderUnavailable: the second encoder fails.
        """
        index = self._indexes[Collection.CASES]
        if self.without_second_opinions():
            return index.count()
        if (unread := len(index.unread())) > most:
            return unread
        self.read_all(progress)
        return 0

    def compact(self) -> bool:
        """Merge some small segments; returns whether there may be more to merge."""
        return sum(index.writer.compact() for index in self._indexes.values()) > 0

    def _status(self, collection: Collection) -> CollectionStatus:
        index = self._indexes[collection]
        waiting, failed, oldest = self._waiting(collection)
        name, count, unread, model_id, problem = index.generations.current_name(), 0, 0, "", ""
        try:
            if collection in self.lost():
                raise _gone(index)
            count = index.count()
            unread = len(index.unread()) if index.has_second_opinions() else count
            model_id = index.generations.open(name).manifest.model_id if name else ""
            index.ping()
        except IndexUnavailable as error:
            problem = error.message
        files = _files(index.folder / name) if name else []
        return CollectionStatus(
            collection=str(collection),
            in_database=self._in_database(collection),
            in_index=count,
            unread=unread,
            waiting=waiting,
            failed=failed,
            oldest_seconds=oldest.total_seconds() if oldest else None,
            generation=name,
            model_id=model_id,
            committed_at=_newest(files),
            bytes=sum(size for _, size, _ in files),
            problem=problem,
        )

    def _in_database(self, collection: Collection) -> int:
        with self._database.reading() as session:
            wanted = wanted_ids(collection).order_by(None).subquery()
            return session.scalar(select(func.count()).select_from(wanted)) or 0

    def _waiting(self, collection: Collection) -> tuple[int, int, timedelta | None]:
        counts = select(func.count(), func.count(Outbox.failed_at), func.min(Outbox.created_at))
        with self._database.reading() as session:
            mine = counts.where(Outbox.collection == collection, Outbox.indexed.is_(False))
            total, failed, oldest = session.execute(mine).one()
        return total - failed, failed, utc_now() - oldest if oldest else None

    def _check(self, collection: Collection) -> CollectionCheck:
        index = self._indexes[collection]
        try:
            if collection in self.lost():
                raise _gone(index)
            index.verify()
            first = self._compared(collection)
            # What changed while the database was read looks different but is not: look at it once more.
            return self._compared(collection, first.differing) if first.differing else first
        except IndexUnavailable as error:
            return CollectionCheck(str(collection), problem=error.message)

    def _compared(self, collection: Collection, ids: AnyCollection[int] | None = None) -> CollectionCheck:
        pending = self._pending(collection)
        known = self._indexes[collection].fingerprints()
        if ids is not None:
            known = {key: value for key, value in known.items() if key in set(ids)}
        wanted = expected(self._database, collection, ids)
        both = wanted.keys() & known.keys()
        return CollectionCheck(
            str(collection),
            missing=_sorted(wanted.keys() - known.keys() - pending),
            extra=_sorted(known.keys() - wanted.keys() - pending),
            stale=_sorted({key for key in both if wanted[key] != known[key]} - pending),
            waiting=len(pending),
        )

    def _pending(self, collection: Collection) -> set[int]:
        with self._database.reading() as session:
            mine = (Outbox.collection == collection) & Outbox.indexed.is_(False)
            return set(session.scalars(select(Outbox.entity_id).where(mine)))

    def _mend(self, check: CollectionCheck) -> None:
        collection = Collection(check.collection)
        if check.problem:
            self.rebuild(only=[collection])
            return
        rows = [Outbox(collection=collection, entity_id=key) for key in check.differing]
        with self._database.writing() as session:
            session.add_all(rows)


def _maintained(index: SearchBackend) -> EmbeddedIndex:
    if isinstance(index, EmbeddedIndex):
        return index
    raise ConfigurationError(
        "The index of kind {kind} is not looked after by kbsearch.", kind=type(index).__name__
    )


def _gone(index: EmbeddedIndex) -> IndexUnavailable:
    return IndexUnavailable(
        "The search index in {folder} is gone.",
        remedy="Run `kbsearch index rebuild`; a running worker does so on its own.",
        folder=str(index.folder),
    )


def _sorted(ids: set[int]) -> tuple[int, ...]:
    return tuple(sorted(ids))


def _files(folder: Path) -> list[tuple[str, int, float]]:
    """Name, size and time of change of the files in ``folder`` that are still there."""
    found: list[tuple[str, int, float]] = []
    for path in folder.glob("*"):
        try:
            state = path.stat()
        except FileNotFoundError:
            continue
        found.append((path.name, state.st_size, state.st_mtime))
    return found


def _newest(files: Sequence[tuple[Any, ...]]) -> datetime | None:
    times = [changed for name, _, changed in files if name.endswith(".toc")]
    return datetime.fromtimestamp(max(times), UTC) if times else None

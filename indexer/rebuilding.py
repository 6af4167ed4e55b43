"""Rebuild: the next generation is written beside the current one, brought up to date, and swapped in."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from indexer import writing
from indexer.bisecting import each_that_works
from indexer.embedded import EmbeddedIndex
from indexer.generations import Generation
from indexer.loading import chunks, drafts, encoded, expected
from indexer.locks import locked
from indexer.newest import open_view
from indexer.view import View
from kbsearch.database import Database
from kbsearch.errors import IndexUnavailable
from kbsearch.models import Collection
from kbsearch.ports import Embedder, Progress

CHUNK = 2_048
SETTLED = 512
"""So few differences are brought up to date while other writers wait."""
ROUNDS = 5


def rebuild(
    database: Database, collection: Collection, index: EmbeddedIndex, embedder: Embedder, progress: Progress
) -> None:
    """Build ``index`` anew from the database; searches and the worker go on with the old one meanwhile.

    A rebuild that is killed leaves a folder that the next one removes.  At the end everything that changed
    meanwhile is caught up by comparing fingerprints, while no other writer can come between.  The second
    encoder reads the documents later (`IndexMaintenance.read_again`), for it takes many times as long.

    Raises:
        IndexUnavailable: another rebuild of it is running.
        EncoderUnavailable: the encoder cannot be loaded.
        StorageUnavailable: the disk or the database refuses.
    """
    with locked(index.folder / "REBUILD.lock", 0) as mine:
        if not mine:
            raise IndexUnavailable(
                "Another rebuild of the {collection} is running.",
                remedy="Wait for it; `kbsearch index status` shows the state.",
                collection=str(collection),
            )
        index.generations.prune()
        generation = index.writer.begin_generation()
        build = _Build(database, collection, generation, embedder)
        try:
            build.fill(progress)
            index.soft_words.learn(build.view)
            index.writer.replace(generation, build.catch_up)
        except BaseException:
            shutil.rmtree(generation.folder, ignore_errors=True)
            raise


class _Build:
    """A generation in the making; nobody else writes to it."""

    def __init__(
        self, database: Database, collection: Collection, generation: Generation, embedder: Embedder
    ) -> None:
        self._database = database
        self._collection = collection
        self._generation = generation
        self._embedder = embedder
        self.view: View = open_view(generation)

    def fill(self, progress: Progress) -> None:
        """Write all that the database holds, then what changed meanwhile, until little is left."""
        pieces = list(chunks(self._database, self._collection, CHUNK))
        total, done = sum(map(len, pieces)), 0
        stage = f"indexing {self._collection}"
        progress(done, total, stage)
        for ids in pieces:
            self._write(ids)
            done += len(ids)
            progress(done, total, stage)
        for _ in range(ROUNDS):
            differing = self._differing()
            if len(differing) <= SETTLED:
                break
            self._write(differing)

    def catch_up(self) -> None:
        """Write what differs now."""
        self._write(self._differing())

    def _differing(self) -> list[int]:
        known = self.view.contents()
        wanted = expected(self._database, self._collection)
        return sorted(key for key in wanted.keys() | known.keys() if wanted.get(key) != known.get(key))

    def _write(self, ids: Sequence[int]) -> None:
        for start in range(0, len(ids), CHUNK):
            each_that_works(ids[start : start + CHUNK], self._write_batch, self._embedder)

    def _write_batch(self, ids: Sequence[int]) -> None:
        with self._database.reading() as session:
            found = drafts(session, self._collection, ids)
        gone = set(ids).difference(draft.document.id for draft in found)
        documents = encoded(found, self._embedder) if found else []
        writing.write(self._generation, self.view, documents, gone)
        self.view = open_view(self._generation, self.view.segments)

"""Writing to a collection: one writer at a time, to the generation that is current or to the next one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace

from indexer import writing
from indexer.generations import Generation, Generations, Manifest, check_model
from indexer.locks import locked
from indexer.newest import Newest
from indexer.soft_words import SoftWords
from indexer.store import Store
from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.ports import Document, Embedder

WAIT_SECONDS = 30.0
"""How long a writer waits for another one."""

_log = logging.getLogger(__name__)


class CollectionWriter:
    """Writes to the collection that ``generations`` belong to; writers of all processes take turns.

    ``newest`` is told of each write.  ``embedder`` and ``second`` tell whose vectors a new generation is for,
    ``words`` learns the words of what is written.
    """

    def __init__(
        self,
        generations: Generations,
        newest: Newest,
        embedder: Embedder,
        second: Embedder | None,
        words: SoftWords,
        *,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self._generations = generations
        self._newest = newest
        self._embedder = embedder
        self._second = second
        self._words = words
        self._wait_seconds = wait_seconds
        self._writing = threading.RLock()

    def write(self, documents: Sequence[Document], deleted: Collection[int]) -> None:
        """Replace ``documents`` and remove the ids ``deleted`` in one commit.

        Raises:
            IndexUnavailable: another writer is busy too long, the index is damaged or of another model.
            StorageUnavailable: the disk is full or cannot be written.
        """
        if not documents and not self._exists():
            return
        with self._turn():
            if not self._exists():
                self._generations.make_current(self.begin_generation())
            view = self._newest.get()
            check_model(view.generation, self._embedder.model_id)
            if view.generation:
                writing.write(view.generation, view, documents, deleted)
                self._learn_words()

    def compact(self) -> bool:
        """Merge some small segments into one; returns whether there is more to do."""
        if not self._exists():
            return False
        with self._turn():
            view = self._newest.get()
            self._learn_words()
            return view.generation is not None and writing.compact(view.generation, view)

    def begin_generation(self) -> Generation:
        """A new, empty generation beside the current one; the caller holds the lock that guards it.

        It has no room for second opinions while their encoder cannot be loaded: what it cannot read is found.
        """
        manifest = Manifest(self._embedder.model_id, self._embedder.dimension)
        if self._second:
            try:
                size = self._second.dimension
                manifest = replace(manifest, second_id=self._second.model_id, second_dimension=size)
            except EncoderUnavailable as error:
                _log.warning("%s is indexed without second opinions: %s", self._generations.folder, error)
        generation = self._generations.create(manifest)
        Store(generation.folder).create()
        return generation

    def replace(self, generation: Generation, catch_up: Callable[[], None]) -> None:
        """Make ``generation`` the current one, after ``catch_up`` while no other writer can come between."""
        with self._turn():
            catch_up()
            self._generations.make_current(generation)
            self._generations.prune()

    def _exists(self) -> bool:
        return bool(self._generations.current_name())

    def _learn_words(self) -> None:
        if self._words.kept:
            self._words.learn(self._newest.get())

    @contextmanager
    def _turn(self) -> Iterator[None]:
        folder = self._generations.folder
        with self._writing, locked(folder / "WRITER.lock", self._wait_seconds) as mine:
            if not mine:
                raise IndexUnavailable(
                    "Another program has been writing to the search index in {folder} for {seconds} seconds.",
                    remedy="Wait for it or stop it: only one `kbsearch worker` or rebuild works at a time.",
                    folder=str(folder),
                    seconds=round(self._wait_seconds),
                )
            try:
                yield
            finally:
                self._newest.written()

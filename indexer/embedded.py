"""The embedded search backend: Whoosh, derived arrays and mapped vectors in one folder."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np

from indexer import advanced, writing
from indexer.asked import AskedSource
from indexer.bm25 import Near
from indexer.generations import Generation, Generations, Manifest, damaged
from indexer.highlighting import highlight
from indexer.locks import locked
from indexer.near_words import WordEncoder, bridges
from indexer.nearness import Scores
from indexer.newest import Newest
from indexer.second_opinion import SecondReader
from indexer.segments import verify_segment
from indexer.spelling import Speller
from indexer.store import Store
from indexer.view import View
from indexer.word_vectors import append
from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.ports import (
    Document,
    Embedder,
    Filters,
    Floats,
    Highlight,
    Hits,
    Ints,
    NearWord,
    SecondOpinion,
    TextQuery,
)
from kbsearch.text.words import stems, words

WAIT_SECONDS = 30.0
"""How long a writer waits for another one."""
NO_FILTERS = Filters()

_log = logging.getLogger(__name__)


class EmbeddedIndex:
    """One collection in ``folder``; made when the first document is written.

    Any number of threads and processes may search; writers take turns.  Each search sees the newest commit,
    whoever made it.  ``embedder`` tells which model's vectors belong here.  ``asked`` tells what is asked,
    when these are no questions.  ``soft``: vectors of the words are kept, for queries in which near words
    count.  ``second``: the encoder of second opinions; what was indexed without it has none until a rebuild.
    """

    def __init__(
        self,
        folder: Path,
        embedder: Embedder,
        *,
        asked: AskedSource | None = None,
        soft: bool = False,
        second: Embedder | None = None,
        wait_seconds: float = WAIT_SECONDS,
    ) -> None:
        self.folder = folder
        self.generations = Generations(folder)
        self.second = second
        self._embedder = embedder
        self._reader = SecondReader(second, self.view) if second else None
        self._asked = asked
        self._soft = soft
        self._words = WordEncoder(embedder)
        self._wait_seconds = wait_seconds
        self._writing = threading.RLock()
        self._newest = Newest(self.generations)

    # Reading

    @property
    def model_id(self) -> str:
        """The model whose vectors belong here."""
        return self._embedder.model_id

    def view(self) -> View:
        """The newest state, or what other processes had left a moment ago.

        Raises:
            IndexUnavailable: the index is damaged.
        """
        return self._newest.recent()

    def newest(self) -> View:
        """The newest state, for those that write on.

        Raises:
            IndexUnavailable: the index is damaged.
        """
        return self._newest.get()

    def search_text(self, query: TextQuery) -> Hits:
        """BM25 over title (twice), variants and answer as one field; see `SearchBackend`.

        An advanced query decides which documents are found; its words that are asked for give the score.
        """
        if query.syntax == "advanced":
            parsed = advanced.parse(query.text)
            view = self.view()
            scores = view.text_scores(advanced.scored_terms(parsed))
            found = advanced.matching(parsed, view)
            scores = Scores(np.where(found, scores.values, 0).astype(np.float32))
        else:
            view = self.view()
            scores = self._plain_scores(view, query)
            found = scores.values > 0
        return view.hits(scores, found, filters=query.filters, limit=query.limit, only=query.only)

    def _plain_scores(self, view: View, query: TextQuery) -> Scores:
        if query.unit == "pieces":
            return view.piece_scores(stems(query.text))
        if query.soft and (near := self._near(view, query.text)):
            return view.soft_scores(
                [(times, near[stem]) for stem, times in Counter(stems(query.text)).items()]
            )
        return view.text_scores(stems(query.text))

    def _near(self, view: View, text: str) -> dict[str, Near]:
        """Near words of each stem of ``text``; none when there are no vectors of words to find them by."""
        if not self._soft or view.generation is None or view.generation.manifest.model_id != self.model_id:
            return {}
        try:
            return view.vocabulary().near(_forms(text), self._words)
        except EncoderUnavailable:  # words still find what they are in
            return {}

    def search_vector(
        self,
        vector: Floats,
        filters: Filters = NO_FILTERS,
        limit: int = 100,
        only: Collection[int] | None = None,
    ) -> Hits:
        """Cosines of centred vectors; see `SearchBackend`.

        Raises:
            IndexUnavailable: the vectors are damaged, or of another model than the settings name.
        """
        view = self.view()
        self._check_model(view.generation)
        scores, cosines = view.first.vector_scores(self._off_centre(view, vector))
        hits = view.hits(scores, view.present, filters=filters, limit=limit, only=only)
        nearest = view.best_parts(hits.ids, cosines)
        parts, ordinals = tuple(part for part, _ in nearest), tuple(place for _, place in nearest)
        return replace(hits, parts=parts, ordinals=ordinals)

    def search_prototype(
        self,
        vector: Floats,
        filters: Filters = NO_FILTERS,
        limit: int = 100,
        only: Collection[int] | None = None,
    ) -> Hits:
        """How much all parts of each document speak for ``vector``; see `SearchBackend`.

        Raises:
            IndexUnavailable: the vectors are damaged, or of another model than the settings name.
        """
        view = self.view()
        self._check_model(view.generation)
        scores = view.first.prototype_scores(self._off_centre(view, vector))
        return view.hits(scores, view.present, filters=filters, limit=limit, only=only)

    @property
    def twice_read(self) -> bool:
        """Whether a second encoder reads the documents."""
        return self._reader is not None

    def expect(self, text: str, filters: Filters = NO_FILTERS) -> None:
        """Begin to read ``text`` for a `second_opinion`."""
        if self._reader:
            self._reader.begin(text, filters)

    def second_opinion(
        self, text: str, only: Collection[int], filters: Filters = NO_FILTERS
    ) -> SecondOpinion | None:
        """What the second encoder says of the documents ``only``; see `SearchBackend`."""
        return self._reader.opinion(text, only, filters) if self._reader else None

    def unread(self) -> Ints:
        """Ids of the documents that the second encoder, if any, has yet to read, ascending."""
        view = self.newest()
        nearness = view.second if self._reader and self._reader.has_read(view.generation) else None
        if nearness is None:
            return np.zeros(0, np.int64)
        return np.sort(view.all_ids[view.owners[~nearness.read]])

    def has_second_opinions(self) -> bool:
        """Whether the index has room for what the second encoder reads, or there is none that should read."""
        generation = self.newest().generation
        return self._reader is None or generation is None or self._reader.has_read(generation)

    def _off_centre(self, view: View, vector: Floats) -> Floats:
        asked = self._asked() if self._asked else None
        return view.centred.off_centre(np.asarray(vector, np.float32), asked)

    def vectors(self, ids: Collection[int] | None = None) -> tuple[Ints, Floats]:
        """Ids in ascending order and the first vector of each; documents without vectors are left out."""
        view = self.view()
        numbers = view.order if ids is None else view.numbers(ids)
        numbers = numbers[view.part_counts[numbers] > 0]
        if not len(numbers):
            return np.zeros(0, np.int64), np.zeros((0, self._embedder.dimension), np.float32)
        return view.all_ids[numbers], np.asarray(view.centred.rows[view.rows[numbers]])

    def wordings(self, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
        """Title and lines of the variants of the documents ``ids``."""
        view = self.view()
        found = (view.document(int(number)) for number in view.numbers(ids))
        return {one["id"]: (one["title"], *one.get("variants", "").splitlines()) for one in found}

    def highlights(self, query: TextQuery, id: int, fields: Sequence[str]) -> list[Highlight]:
        """Where the words of ``query`` stand in document ``id``, by stem; none for an unknown id."""
        if query.syntax == "advanced":
            wanted = set(advanced.scored_terms(advanced.parse(query.text)))
        else:
            wanted = set(stems(query.text))
        view = self.view()
        numbers = view.numbers([id])
        if not len(numbers):
            return []
        document = view.document(int(numbers[0]))
        found = (highlight(field, document.get(field, ""), wanted) for field in fields)
        return [passage for passage in found if passage]

    def near_words(self, query: TextQuery, id: int, least: float = 0.0) -> list[NearWord]:
        """The words of ``query`` that document ``id`` has near words for; see `SearchBackend`."""
        view = self.view()
        numbers = view.numbers([id])
        if not len(numbers) or not query.soft:
            return []
        near, number = self._near(view, query.text), int(numbers[0])
        forms, holds = view.vocabulary().forms, partial(view.holds, number)
        return bridges(_forms(query.text), near, forms, holds, least)

    def did_you_mean(self, text: str) -> str | None:
        """``text`` with unknown words replaced by near ones that the index knows; None if none."""
        return _speller(self.view()).corrected(text)

    def words(self) -> Mapping[str, int]:
        """Words as they are written and how often each occurs; see `SearchBackend`."""
        return _speller(self.view()).counts

    def documents_with(self, stems: Sequence[str]) -> list[int]:
        """How many documents have each of ``stems`` in their title, variants or answer."""
        return self.view().documents_with(stems)

    def ids(self) -> Ints:
        """All ids, ascending."""
        return self.newest().ids.copy()

    def count(self, filters: Filters = NO_FILTERS) -> int:
        """How many documents pass ``filters``."""
        return self.view().count(filters)

    def asked(self) -> int:
        """How many questions tell it what is asked; see `SearchBackend`."""
        asked = self._asked() if self._asked else None
        return asked[1] if asked else 0

    def ping(self) -> None:
        """Return when text and vectors can be searched; raises `IndexUnavailable` otherwise."""
        view = self.newest()
        self._check_model(view.generation)
        _ = view.centred

    def exists(self) -> bool:
        """Whether anything was ever written here and is still there."""
        return bool(self.generations.current_name())

    def fingerprints(self) -> dict[int, int]:
        """Fingerprint of each document by id."""
        return self.newest().contents()

    def verify(self) -> None:
        """Read everything; raises `IndexUnavailable` when something is damaged."""
        view = self.newest()
        if view.generation is None:
            return
        store = Store(view.generation.folder)
        for segment in store.segments(view.commit):
            verify_segment(store, segment)
        self._check_model(view.generation)
        kinds = [view.first, view.second] if view.second else [view.first]
        if not all(nearness.centred.are_units() for nearness in kinds):
            raise damaged(view.generation.vectors_path, "some vectors are not what was written")

    # Writing

    def upsert(self, documents: Sequence[Document]) -> None:
        """Add or replace documents by id; durable and found when it returns."""
        self.write(documents, ())

    def delete(self, ids: Collection[int]) -> None:
        """Remove documents; unknown ids are ignored."""
        self.write((), ids)

    def write(self, documents: Sequence[Document], deleted: Collection[int]) -> None:
        """Replace ``documents`` and remove the ids ``deleted`` in one commit.

        Raises:
            IndexUnavailable: another writer is busy too long, the index is damaged or of another model.
            StorageUnavailable: the disk is full or cannot be written.
        """
        if not documents and not self.exists():
            return
        with self._locked():
            if not self.exists():
                self.generations.make_current(self.begin_generation())
            view = self.newest()
            generation = view.generation
            self._check_model(generation)
            if generation:
                writing.write(generation, view, documents, deleted)
                self.learn_words()

    def compact(self) -> bool:
        """Merge some small segments into one; returns whether there is more to do."""
        if not self.exists():
            return False
        with self._locked():
            view = self.newest()
            self.learn_words()
            return view.generation is not None and writing.compact(view.generation, view)

    def learn_words(self, view: View | None = None) -> None:
        """Keep vectors of the words of ``view``, the newest, that have none; the caller holds its lock.

        Nothing is lost when that fails: such words count where they are, until the next write.
        """
        view = (view or self.newest()) if self._soft else None
        if view is None or view.generation is None:
            return
        try:
            if missing := view.vocabulary().missing:
                append(view.generation, missing, self._embedder.encode(missing, "passage"))
                view.forget_vocabulary()
        except (EncoderUnavailable, OSError) as error:
            _log.warning("near words of %s are not found yet: %s", self.folder, error)

    def begin_generation(self) -> Generation:
        """A new, empty generation beside the current one; the caller holds the lock that guards it.

        It has no room for second opinions while their encoder cannot be loaded: what it cannot read is found.
        """
        manifest = Manifest(self._embedder.model_id, self._embedder.dimension)
        if self.second:
            try:
                size = self.second.dimension
                manifest = replace(manifest, second_id=self.second.model_id, second_dimension=size)
            except EncoderUnavailable as error:
                _log.warning("%s is indexed without second opinions: %s", self.folder, error)
        generation = self.generations.create(manifest)
        Store(generation.folder).create()
        return generation

    def replace(self, generation: Generation, catch_up: Callable[[], None]) -> None:
        """Make ``generation`` the current one, after ``catch_up`` while no other writer can come between."""
        with self._locked():
            catch_up()
            self.generations.make_current(generation)
            self.generations.prune()

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._writing, locked(self.folder / "WRITER.lock", self._wait_seconds) as mine:
            if not mine:
                raise IndexUnavailable(
                    "Another program has been writing to the search index in {folder} for {seconds} seconds.",
                    remedy="Wait for it or stop it: only one `kbsearch worker` or rebuild works at a time.",
                    folder=str(self.folder),
                    seconds=round(self._wait_seconds),
                )
            try:
                yield
            finally:
                self._newest.written()

    def _check_model(self, generation: Generation | None) -> None:
        if generation is None or generation.manifest.model_id == self._embedder.model_id:
            return
        raise IndexUnavailable(
            "The search index in {folder} was made with the encoder {indexed}, but {configured} is set.",
            remedy="Run `kbsearch index rebuild`; text search works meanwhile.",
            folder=str(self.folder),
            indexed=generation.manifest.model_id,
            configured=self._embedder.model_id,
            rebuild=True,
        )


@lru_cache(maxsize=64)
def _forms(text: str) -> Mapping[str, str]:
    """The stems of ``text``, each with the first form in which it stands there; not to be changed."""
    return {word.stem: text[word.start : word.end] for word in reversed(words(text))}


@lru_cache(maxsize=2)
def _speller(view: View) -> Speller:
    return Speller(segment.arrays for segment in view.segments)

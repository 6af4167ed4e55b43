"""The embedded search backend: Whoosh, derived arrays and mapped vectors in one folder."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np

from indexer import advanced
from indexer.asked import AskedSource
from indexer.collection_writer import WAIT_SECONDS, CollectionWriter
from indexer.embedders.expecting import ExpectingEmbedder
from indexer.generations import Generations, check_model, damaged
from indexer.highlighting import highlight
from indexer.nearness import Scores
from indexer.newest import Newest
from indexer.second_opinion import SecondReader
from indexer.segments import verify_segment
from indexer.soft_words import SoftWords
from indexer.spelling import Speller
from indexer.store import Store
from indexer.view import View
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
from kbsearch.text.words import stems

NO_FILTERS = Filters()


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
        self._newest = Newest(self.generations)
        self.soft_words = SoftWords(embedder, kept=soft)
        self.writer = CollectionWriter(
            self.generations, self._newest, embedder, second, self.soft_words, wait_seconds=wait_seconds
        )

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
        if query.soft and (near := self.soft_words.near(view, query.text)):
            return view.soft_scores(
                [(times, near[stem]) for stem, times in Counter(stems(query.text)).items()]
            )
        return view.text_scores(stems(query.text))

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
        check_model(view.generation, self.model_id)
        scores, cosines = view.vectors.first.vector_scores(self._off_centre(view, vector))
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
        check_model(view.generation, self.model_id)
        scores = view.vectors.first.prototype_scores(self._off_centre(view, vector))
        return view.hits(scores, view.present, filters=filters, limit=limit, only=only)

    @property
    def twice_read(self) -> bool:
        """Whether a second encoder reads the documents."""
        return self._reader is not None

    def expect(self, text: str, filters: Filters = NO_FILTERS) -> None:
        """Begin to read ``text`` for a `second_opinion`, and encode it along with its words."""
        if self._reader:
            self._reader.begin(text, filters)
        if isinstance(self._embedder, ExpectingEmbedder):
            self._embedder.expect(text)

    def second_opinion(
        self, text: str, only: Collection[int], filters: Filters = NO_FILTERS
    ) -> SecondOpinion | None:
        """What the second encoder says of the documents ``only``; see `SearchBackend`."""
        return self._reader.opinion(text, only, filters) if self._reader else None

    def unread(self) -> Ints:
        """Ids of the documents that the second encoder, if any, has yet to read, ascending."""
        view = self.newest()
        nearness = view.vectors.second if self._reader and self._reader.has_read(view.generation) else None
        if nearness is None:
            return np.zeros(0, np.int64)
        return np.sort(view.all_ids[view.vectors.owners[~nearness.read]])

    def has_second_opinions(self) -> bool:
        """Whether the index has room for what the second encoder reads, or there is none that should read."""
        generation = self.newest().generation
        return self._reader is None or generation is None or self._reader.has_read(generation)

    def _off_centre(self, view: View, vector: Floats) -> Floats:
        asked = self._asked() if self._asked else None
        return view.vectors.centred.off_centre(np.asarray(vector, np.float32), asked)

    def vectors(self, ids: Collection[int] | None = None) -> tuple[Ints, Floats]:
        """Ids in ascending order and the first vector of each; documents without vectors are left out."""
        view = self.view()
        numbers = view.order if ids is None else view.numbers(ids)
        numbers = numbers[view.vectors.part_counts[numbers] > 0]
        if not len(numbers):
            return np.zeros(0, np.int64), np.zeros((0, self._embedder.dimension), np.float32)
        return view.all_ids[numbers], np.asarray(view.vectors.centred.rows[view.vectors.rows[numbers]])

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
        return self.soft_words.bridges(view, query.text, int(numbers[0]), least)

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
        check_model(view.generation, self.model_id)
        _ = view.vectors.centred

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
        check_model(view.generation, self.model_id)
        kinds = [view.vectors.first, view.vectors.second] if view.vectors.second else [view.vectors.first]
        if not all(nearness.centred.are_units() for nearness in kinds):
            raise damaged(view.generation.vectors_path, "some vectors are not what was written")

    # Writing

    def upsert(self, documents: Sequence[Document]) -> None:
        """Add or replace documents by id; durable and found when it returns."""
        self.writer.write(documents, ())

    def delete(self, ids: Collection[int]) -> None:
        """Remove documents; unknown ids are ignored."""
        self.writer.write((), ids)


@lru_cache(maxsize=2)
def _speller(view: View) -> Speller:
    return Speller(segment.arrays for segment in view.segments)

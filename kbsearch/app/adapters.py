"""The ports with the adapters that the settings name, and what every part needs."""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from kbsearch.config import Settings, load_settings
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.models import Collection

if TYPE_CHECKING:
    from indexer.asked import AskedSource
    from indexer.bench import Bench
    from indexer.kept_vectors import KeptVectors
    from indexer.maintenance import IndexMaintenance
    from indexer.reading_questions import QuestionReader
    from kbsearch.matching.reranking import TimedReranker
    from kbsearch.ports import Embedder, SearchBackend
    from kbsearch.services.jobs import JobService


class Adapters:
    """The ports with their adapters, made on first use."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    @cached_property
    def database(self) -> Database:
        """The system of record."""
        return Database(self.settings.url)

    @cached_property
    def embedder(self) -> Embedder:
        """The encoder that the settings name; its model is loaded on first use."""
        from indexer.embedders import open_embedder

        return open_embedder(self.settings.encoder)

    @cached_property
    def second_embedder(self) -> Embedder | None:
        """The encoder that reads all once more, if the settings name one; loaded on first use."""
        from indexer.embedders import open_second_embedder

        return open_second_embedder(self.settings.second_encoder, self.settings.encoder)

    @cached_property
    def second_vectors(self) -> KeptVectors | None:
        """What the second encoder, if any, reads of questions."""
        from indexer.kept_vectors import KeptVectors

        second = self.second_embedder
        return KeptVectors(self.settings.index_dir / "second", second) if second else None

    @cached_property
    def question_reader(self) -> QuestionReader | None:
        """Lets the second encoder, if any, read questions bit by bit."""
        from indexer.reading_questions import QuestionReader

        return QuestionReader(self.database, self.second_vectors) if self.second_vectors else None

    def warm_up(self) -> None:
        """Begin to load the encoders while other things are made ready; an error waits for their use."""
        embedders = [one for one in (self.embedder, self.second_embedder) if one]

        def load() -> None:
            for embedder in embedders:
                with suppress(EncoderUnavailable):
                    embedder.encode(["warm"], "query")

        threading.Thread(target=load, name="warm-up", daemon=True).start()

    @cached_property
    def reranker(self) -> TimedReranker | None:
        """The re-ranker that the settings name, with its budget; None when they name none."""
        if not self.settings.reranker:
            return None
        from indexer.rerankers import open_reranker
        from kbsearch.matching.reranking import Budget, TimedReranker

        budget = Budget(self.settings.reranker_budget_ms, self.settings.reranker_depth)
        return TimedReranker(open_reranker(self.settings.reranker), budget)

    @cached_property
    def case_index(self) -> SearchBackend:
        """The index of cases."""
        from indexer.asked import NewestQuestions
        from indexer.generations import Generations

        questions = Generations(self.settings.index_dir / Collection.QUESTIONS)
        return self._index(Collection.CASES, NewestQuestions(questions, lambda: self.embedder.model_id))

    @cached_property
    def question_index(self) -> SearchBackend:
        """The index of questions."""
        return self._index(Collection.QUESTIONS)

    def _index(self, collection: Collection, asked: AskedSource | None = None) -> SearchBackend:
        from indexer.embedded import EmbeddedIndex

        return EmbeddedIndex(
            self.settings.index_dir / collection,
            self.embedder,
            asked=asked,
            soft=collection == Collection.CASES,
            second=self.second_embedder if collection == Collection.CASES else None,
        )

    def bench(self) -> Bench:
        """A new place to try matching on, away from the live index."""
        from indexer.bench import Bench

        return Bench(self.embedder, self.second_embedder)

    @cached_property
    def maintenance(self) -> IndexMaintenance:
        """Status, rebuild and check of the indexes."""
        from indexer.maintenance import IndexMaintenance

        return IndexMaintenance(self.database, self.case_index, self.question_index, self.embedder)

    @cached_property
    def jobs(self) -> JobService:
        """Longer tasks."""
        from kbsearch.services.jobs import JobService

        return JobService(self.database)

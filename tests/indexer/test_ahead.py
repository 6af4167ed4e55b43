"""Encoding ahead: the same vectors, whatever was begun, and no error of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.ahead import AheadEmbedder
from indexer.embedders.hashing import HashingEmbedder
from indexer.pipeline import IndexPipeline
from kbsearch.app import Kbsearch
from kbsearch.errors import EncoderUnavailable
from kbsearch.importers.records import IncomingQuestion
from kbsearch.ports import Floats, Role

TEXTS = st.lists(st.sampled_from(["ветка", "коммит", "тег", "сервер", ""]))


class Counting(HashingEmbedder):
    """Remembers what it was asked to encode; refuses "яд"."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As the hashing encoder does."""
        if "яд" in texts:
            raise EncoderUnavailable("It does not like it.")
        self.asked += texts
        return super().encode(texts, role)


@given(begun=TEXTS, wanted=TEXTS)
def test_the_vectors_are_those_of_the_texts(begun: list[str], wanted: list[str]) -> None:
    ahead = AheadEmbedder(HashingEmbedder())
    ahead.begin(lambda: begun)
    for _ in range(2):
        assert np.array_equal(ahead.encode(wanted, "passage"), HashingEmbedder().encode(wanted, "passage"))


def test_what_was_begun_is_not_encoded_again() -> None:
    embedder = Counting()
    ahead = AheadEmbedder(embedder)
    ahead.begin(lambda: ["ветка", "тег", "ветка"])
    ahead.encode(["один"], "query")
    ahead.encode(["тег", "ветка", "новое"], "passage")
    assert sorted(embedder.asked) == ["ветка", "новое", "один", "тег"]


@pytest.mark.parametrize("bad", ["яд", None])
def test_what_fails_early_is_met_when_it_is_asked_for(bad: str | None) -> None:
    ahead = AheadEmbedder(Counting())

    def texts() -> list[str]:
        if bad is None:
            raise OSError("the database is away")
        return ["ветка", bad]

    ahead.begin(texts)
    assert ahead.encode(["ветка"], "passage").shape == (1, ahead.dimension)
    with pytest.raises(EncoderUnavailable):
        ahead.encode(["яд"], "passage")


def test_a_pipeline_encodes_each_text_once(app: Kbsearch) -> None:
    embedder = Counting()
    pipeline = IndexPipeline(app.database, app.case_index, app.question_index, embedder)
    texts = [f"удалить ветку{number}" for number in range(10)]
    app.questions.receive_many([IncomingQuestion(text, external_id=text) for text in texts])
    assert [pipeline.drain(4), pipeline.drain(4), pipeline.drain(4)] == [4, 4, 2]
    assert sorted(embedder.asked) == sorted(texts)
    ids, vectors = app.question_index.vectors()
    assert len(ids) == 10
    assert np.array_equal(vectors, HashingEmbedder().encode(texts, "passage"))

"""Encoding a question along with its words: the same vectors, in fewer calls."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.embedded import EmbeddedIndex
from indexer.embedders.expecting import ExpectingEmbedder
from indexer.embedders.hashing import HashingEmbedder
from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.matcher import Matcher
from kbsearch.ports import Floats, Role
from tests.contracts.samples import document

TEXTS = st.lists(st.sampled_from(["ветка", "коммит", "как удалить ветку", ""]), max_size=3)
CALLS = st.lists(st.tuples(TEXTS, st.sampled_from(["query", "passage"])), max_size=5)


class Counting(HashingEmbedder):
    """Remembers what it was asked for; refuses "яд"."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[list[str]] = []

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As the hashing encoder does."""
        if "яд" in texts:
            raise EncoderUnavailable("It does not like it.")
        self.calls.append(list(texts))
        return super().encode(texts, role)


@given(expected=st.sampled_from(["как удалить ветку", "ветка", ""]), calls=CALLS)
def test_the_vectors_are_those_of_the_texts(expected: str, calls: list[tuple[list[str], Role]]) -> None:
    expecting = ExpectingEmbedder(HashingEmbedder())
    expecting.expect(expected)
    for texts, role in [*calls, ([expected], "query")]:
        assert np.array_equal(expecting.encode(texts, role), HashingEmbedder().encode(texts, role))


def test_a_question_is_encoded_along_with_what_is_asked_first() -> None:
    embedder = Counting()
    expecting = ExpectingEmbedder(embedder)
    expecting.expect("как удалить ветку")
    expecting.encode(["удалить", "ветку"], "query")
    expecting.encode(["ещё"], "query")
    expecting.encode(["как удалить ветку"], "query")
    assert embedder.calls == [["удалить", "ветку", "как удалить ветку"], ["ещё"]]


def test_each_thread_expects_for_itself() -> None:
    embedder = Counting()
    expecting = ExpectingEmbedder(embedder)
    expecting.expect("как удалить ветку")
    other = threading.Thread(target=expecting.encode, args=(["тег"], "query"))
    other.start()
    other.join()
    assert embedder.calls == [["тег"]]


def test_what_fails_along_with_words_fails_when_it_is_asked_for() -> None:
    expecting = ExpectingEmbedder(Counting())
    expecting.expect("яд")
    for text in ("ветка", "яд"):
        with pytest.raises(EncoderUnavailable):
            expecting.encode([text], "query")
    assert expecting.encode(["ветка"], "query").any()


def test_a_match_asks_once_for_new_words_and_the_question(tmp_path: Path) -> None:
    embedder = Counting()
    index = EmbeddedIndex(tmp_path, expecting := ExpectingEmbedder(embedder), soft=True)
    index.upsert([document(1, "Как удалить ветку", embedder=embedder, state="published")])
    embedder.calls.clear()
    Matcher(index, expecting).match("где взять сертификат")
    (call,) = embedder.calls
    assert sorted(call) == ["взять", "где", "где взять сертификат", "сертификат"]

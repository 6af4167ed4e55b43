"""Near words: what they add to BM25, where their vectors are kept, and that nothing breaks without them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer import word_vectors
from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import HashingEmbedder, unit_rows
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Document, Floats, Role, TextQuery
from tests.contracts.samples import document

NEAR = {"терминал": 0, "консоль": 0, "shell": 0, "ветка": 1, "branch": 1}
TEXTS = ["открыть терминал", "новая ветка", "скачать сертификат", "ошибка в коде", "новый курс"]


class Meaning(HashingEmbedder):
    """Gives words that mean the same nearly the same vector; fails while ``down``."""

    down = False

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As the hashing encoder does, but for words of `NEAR`."""
        if self.down:
            raise EncoderUnavailable("It is down.")
        vectors = super().encode(texts, role)
        for place, text in enumerate(texts):
            if text.lower() in NEAR:
                vectors[place] *= 0.3
                vectors[place, NEAR[text.lower()]] = 3
        return unit_rows(vectors)


@pytest.fixture
def encoder() -> Meaning:
    return Meaning(64)


@pytest.fixture
def index(tmp_path: Path, encoder: Meaning) -> EmbeddedIndex:
    made = EmbeddedIndex(tmp_path / "cases", encoder, soft=True)
    made.upsert([case(number, text) for number, text in enumerate(TEXTS, 1)])
    return made


def case(id: int, text: str) -> Document:
    return document(id, text, embedder=Meaning(64))


def soft(index: EmbeddedIndex, text: str) -> dict[int, float]:
    hits = index.search_text(TextQuery(text, soft=True))
    return dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))


def exact(index: EmbeddedIndex, text: str) -> dict[int, float]:
    hits = index.search_text(TextQuery(text))
    return dict(zip(hits.ids.tolist(), hits.scores.tolist(), strict=True))


def test_near_words_find_each_other(index: EmbeddedIndex) -> None:
    assert exact(index, "консоль") == {}
    assert list(soft(index, "консоль")) == [1]
    assert list(soft(index, "консоль branch")) == [1, 2]
    assert soft(index, "консоль")[1] < soft(index, "терминал")[1]


def test_it_is_told_which_words_are_near(index: EmbeddedIndex) -> None:
    (one,) = index.near_words(TextQuery("Консоль и ошибка", soft=True), 1)
    assert (one.asked, one.found) == ("Консоль", "терминал")
    assert 0 < one.worth < 1
    assert index.near_words(TextQuery("Консоль и ошибка", soft=True), 1, one.worth) == [one]
    assert index.near_words(TextQuery("Консоль и ошибка", soft=True), 1, 1.0) == []
    assert index.near_words(TextQuery("терминал", soft=True), 1) == []
    assert index.near_words(TextQuery("консоль"), 1) == []
    assert index.near_words(TextQuery("консоль", soft=True), 404) == []


def test_a_collection_without_vectors_of_words_counts_equal_words(tmp_path: Path, encoder: Meaning) -> None:
    plain = EmbeddedIndex(tmp_path / "plain", encoder)
    plain.upsert([case(1, "открыть терминал")])
    assert soft(plain, "консоль терминал") == exact(plain, "консоль терминал")
    assert not list((tmp_path / "plain").glob("*/words.*"))


def test_while_the_encoder_is_down_equal_words_count(index: EmbeddedIndex, encoder: Meaning) -> None:
    encoder.down = True
    assert soft(index, "консоль ветка") == exact(index, "консоль ветка")
    index.upsert([case(9, "shell и bash")])
    encoder.down = False
    assert set(soft(index, "консоль")) == {1}
    index.writer.compact()
    assert set(soft(index, "консоль")) == {1, 9}


def test_pieces_and_advanced_queries_stay_exact(index: EmbeddedIndex) -> None:
    for query in (
        TextQuery("консоль", unit="pieces", soft=True),
        TextQuery("консоль", "advanced", soft=True),
    ):
        assert index.search_text(query).ids.tolist() == []


@pytest.mark.parametrize("name", ["words.txt", "words.f16"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\n\n"])
def test_lost_vectors_of_words_are_made_anew(
    index: EmbeddedIndex, encoder: Meaning, name: str, content: bytes | None
) -> None:
    path = index.folder / index.generations.current_name() / name
    path.unlink() if content is None else path.write_bytes(content)
    fresh = EmbeddedIndex(index.folder, encoder, soft=True)
    assert set(soft(fresh, "терминал")) == {1}
    fresh.upsert([case(7, "новое")])
    assert set(soft(fresh, "консоль")) == {1}
    fresh.verify()


def test_vectors_of_words_are_only_appended_to(index: EmbeddedIndex) -> None:
    generation = index.generations.open(index.generations.current_name())
    before = word_vectors.read(generation)
    index.upsert([case(8, "совсем другие слова")])
    after = word_vectors.read(generation)
    assert set(before.places) < set(after.places)
    np.testing.assert_array_equal(after.rows[: len(before.rows)], before.rows)


def test_codes_and_short_words_have_no_near_ones() -> None:
    assert word_vectors.has_meaning("терминал")
    assert not any(map(word_vectors.has_meaning, ["c++", "python3", "не", "git-lfs"]))


WORDS = [*NEAR, "открыть", "ошибка", "git-lfs", "c++", "не"]
texts = st.lists(st.sampled_from(WORDS), min_size=1, max_size=6).map(" ".join)


@settings(max_examples=25, deadline=None)
@given(st.lists(texts, min_size=1, max_size=8), texts)
def test_near_words_only_ever_add(held: list[str], asked: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        compare(EmbeddedIndex(Path(folder) / "cases", Meaning(64), soft=True), held, asked)


def compare(index: EmbeddedIndex, held: list[str], asked: str) -> None:
    index.upsert([case(number, text) for number, text in enumerate(held, 1)])
    alone, more = exact(index, asked), soft(index, asked)
    assert all(more[key] >= score - 1e-5 for key, score in alone.items())
    unmet = [word for word in asked.split() if word not in NEAR]
    assert soft(index, " ".join(unmet)) == pytest.approx(exact(index, " ".join(unmet)), abs=1e-4)

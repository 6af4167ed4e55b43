"""Centred vectors: kinds of parts, questions, small indexes."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.asked import NEWEST, NewestQuestions, total
from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import unit_rows
from indexer.vectors import Centred
from kbsearch.ports import PARTS, Document, Floats, Part
from tests.contracts.samples import EMBEDDER, document

SUBJECTS = 200
DIMENSION = 64


def rows(part: Part) -> Floats:
    """A vector for each subject, drawn to what its kind has in common."""
    chance = np.random.default_rng(0)
    subjects = unit_rows(chance.normal(size=(SUBJECTS, DIMENSION)).astype(np.float32))
    common = np.zeros(DIMENSION, np.float32)
    common[PARTS.index(part)] = 2
    return unit_rows(subjects + common)


def centred(count: int) -> Centred:
    kinds = np.repeat([PARTS.index("title"), PARTS.index("answer")], count).astype(np.uint8)
    vectors = np.concatenate([rows("title")[:count], rows("answer")[:count]])
    return Centred(vectors, np.arange(2 * count), kinds)


def test_a_title_finds_the_answer_on_its_subject_before_other_titles() -> None:
    known = centred(SUBJECTS)
    cosines = known.cosines(known.off_centre(rows("title")[3]))
    assert np.argsort(-cosines)[:2].tolist() == [3, SUBJECTS + 3]


def test_a_small_index_is_not_centred() -> None:
    few = centred(20)
    vector = rows("title")[3]
    np.testing.assert_allclose(few.cosines(few.off_centre(vector)), few.rows @ vector, atol=1e-5)
    assert not few.means.any()


def test_known_questions_move_the_centre_of_a_query_little_by_little() -> None:
    known, vector = centred(SUBJECTS), rows("title")[3]
    asked = unit_rows(np.random.default_rng(1).normal(size=(2_000, DIMENSION)).astype(np.float32) + 1)
    alone = known.off_centre(vector)
    moved = [float(known.off_centre(vector, total(asked[:count])) @ alone) for count in (0, 50, 2_000)]
    assert moved[0] == pytest.approx(1, abs=1e-5)
    assert moved[0] > moved[1] > moved[2]


def test_total_leaves_out_what_says_nothing() -> None:
    vectors = np.array([[1, 0], [0, 0], [0, 1]], np.float32)
    summed, count = total(vectors)
    assert (summed.tolist(), count) == ([1, 1], 2)


def question(id: int) -> Document:
    text = f"вопрос {id}"
    vectors = EMBEDDER.encode([text], "passage")
    return Document(id, {"title": text}, "", (), "ru", "open", ("question",), vectors)


def test_the_newest_questions_are_read_from_the_index_of_questions(tmp_path: Path) -> None:
    questions = EmbeddedIndex(tmp_path / "questions", EMBEDDER)
    newest = NewestQuestions(questions.generations, lambda: EMBEDDER.model_id)
    assert newest() is None
    questions.upsert([question(n) for n in range(NEWEST + 10)])
    found = newest()
    assert found is not None
    expected = questions.vectors(range(10, NEWEST + 10))[1]
    assert found[1] == expected.any(axis=1).sum()
    np.testing.assert_allclose(found[0], expected.sum(axis=0), rtol=1e-3, atol=1e-3)
    assert newest() is found
    questions.upsert([question(NEWEST + 10)])
    assert newest() is not found
    other = NewestQuestions(questions.generations, lambda: "another model")
    assert other() is None


def test_questions_centre_the_search_of_cases(tmp_path: Path) -> None:
    cases = [document(n, f"дело{n} тема{n % 7}", answer=f"ответ{n}") for n in range(1, 40)]
    asked = total(EMBEDDER.encode(["дело тема ответ как"] * 500, "query"))
    alone = EmbeddedIndex(tmp_path / "alone", EMBEDDER)
    told = EmbeddedIndex(tmp_path / "told", EMBEDDER, asked=lambda: asked)
    for index in (alone, told):
        index.upsert(cases)
    vector = EMBEDDER.encode(["как дело3"], "query")[0]
    one, other = alone.search_vector(vector, limit=99), told.search_vector(vector, limit=99)
    assert set(one.ids.tolist()) == set(other.ids.tolist())
    assert one.scores.tolist() != other.scores.tolist()

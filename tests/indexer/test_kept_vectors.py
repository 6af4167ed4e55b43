"""What the second encoder reads of questions is kept by text."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.embedders import open_embedder
from indexer.kept_vectors import AT_ONCE, KeptVectors
from indexer.reading_questions import SLICE, SPARE, QuestionReader
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable, StorageUnavailable
from kbsearch.matching.queries import bare_text
from kbsearch.models import Aside, AsideReason, Question, QuestionState, utc_now

HASHING = open_embedder("hashing")
TEXTS = ["как отменить коммит", "где сертификат", "…"]


def kept(folder: Path) -> KeptVectors:
    return KeptVectors(folder, HASHING)


def test_vectors_are_those_of_the_encoder(tmp_path: Path) -> None:
    vectors = kept(tmp_path).read(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, HASHING.encode(TEXTS, "query"), atol=1e-3)
    assert not vectors[2].any()


def test_what_was_read_is_not_read_again(tmp_path: Path) -> None:
    first = kept(tmp_path).read(TEXTS)
    again = kept(tmp_path)
    assert again.unread([*TEXTS, "новый", "новый"]) == ["новый"]
    assert again.size() == len(TEXTS)
    stages: list[str] = []
    np.testing.assert_array_equal(again.read(TEXTS, lambda done, total, stage: stages.append(stage)), first)
    assert stages == []


def test_progress_is_told(tmp_path: Path) -> None:
    many = [f"вопрос {number}" for number in range(AT_ONCE + 1)]
    stages: list[tuple[int, int]] = []
    kept(tmp_path).read(many, lambda done, total, _: stages.append((done, total)))
    assert stages == [(0, AT_ONCE + 1), (AT_ONCE, AT_ONCE + 1), (AT_ONCE + 1, AT_ONCE + 1)]


def test_half_a_record_is_removed(tmp_path: Path) -> None:
    kept(tmp_path).read(TEXTS)
    (path,) = tmp_path.glob("*.vectors")
    os.truncate(path, path.stat().st_size - 5)
    mended = kept(tmp_path)
    assert mended.unread(TEXTS) == TEXTS[2:]
    np.testing.assert_allclose(mended.read(TEXTS), HASHING.encode(TEXTS, "query"), atol=1e-3)
    assert kept(tmp_path).unread(TEXTS) == []


def test_damaged_vectors_are_read_again(tmp_path: Path) -> None:
    kept(tmp_path).read(TEXTS)
    (path,) = tmp_path.glob("*.vectors")
    damaged = bytearray(path.read_bytes())
    damaged[8:12] = b"\xff" * 4  # no numbers, in the first vector
    path.write_bytes(damaged)
    for _ in range(2):
        np.testing.assert_allclose(kept(tmp_path).read(TEXTS), HASHING.encode(TEXTS, "query"), atol=1e-3)
    assert path.stat().st_size == len(damaged) * 4 // 3


def test_other_models_keep_their_own(tmp_path: Path) -> None:
    kept(tmp_path).read(TEXTS)
    other = KeptVectors(tmp_path, open_embedder("bundled"))
    assert other.read(TEXTS).shape == (3, 512)
    assert kept(tmp_path).read(TEXTS).shape == (3, HASHING.dimension)


def test_what_another_one_read_is_found(tmp_path: Path) -> None:
    one, other = kept(tmp_path), kept(tmp_path)
    assert other.unread(TEXTS) == TEXTS
    one.read(TEXTS)
    assert other.unread(TEXTS) == []
    one.keep_only(TEXTS[:1])
    assert other.unread(TEXTS) == TEXTS[1:]


def test_several_at_once_lose_nothing(tmp_path: Path) -> None:
    piles = [[f"вопрос {pile} {number}" for number in range(30)] for pile in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pile: kept(tmp_path).read(pile), piles))
    for pile, vectors in zip(piles, found, strict=True):
        np.testing.assert_allclose(vectors, HASHING.encode(pile, "query"), atol=1e-3)
    assert kept(tmp_path).size() == 240


@given(st.lists(st.text()))
def test_any_texts_are_found_again(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    one = kept(tmp_path_factory.mktemp("kept"))
    np.testing.assert_allclose(one.read(texts), HASHING.encode(texts, "query"), atol=1e-3)
    assert one.unread(texts) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "second").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        kept(tmp_path / "second").read(TEXTS)


def ask(database: Database, *texts: str) -> list[int]:
    with database.writing() as session:
        common = {"source": "test", "course_code": "", "language": "ru", "asked_at": utc_now()}
        rows = [Question(text=text, external_id=text, text_key=text, **common) for text in texts]
        session.add_all(rows)
        session.flush()
        return [row.id for row in rows]


def through(reader: QuestionReader) -> int:
    slices = 0
    while reader.read_some():
        slices += 1
    return slices


def test_questions_are_read_bit_by_bit(database: Database, tmp_path: Path) -> None:
    texts = [f"вопрос номер {number} про списки" for number in range(2 * SLICE + 1)]
    ask(database, *texts)
    reader = QuestionReader(database, kept(tmp_path))
    assert through(reader) == 3
    bare = [bare_text(text) for text in texts]
    assert kept(tmp_path).unread(bare) == []
    ask(database, "и ещё один вопрос")
    assert through(reader) == 1
    assert kept(tmp_path).size() == len(texts) + 1


def test_what_no_run_looks_at_is_not_read(database: Database, tmp_path: Path) -> None:
    texts = ["не вопрос", "спасибо всем", "вопрос всё же"]
    dismissed, thanks, taken_back = ask(database, *texts)
    with database.writing() as session:
        row = session.get(Question, dismissed)
        assert row is not None
        row.state = QuestionState.DISMISSED
        session.add(Aside(question_id=thanks, reason=AsideReason.THANKS, probability=0.9))
        back = Aside(question_id=taken_back, reason=AsideReason.TALK, probability=0.9, kept_at=utc_now())
        session.add(back)
    through(QuestionReader(database, kept(tmp_path)))
    bare = [bare_text(text) for text in texts]
    assert kept(tmp_path).unread(bare) == bare[:2]


def test_what_belongs_to_no_question_goes_once_it_is_much(database: Database, tmp_path: Path) -> None:
    ask(database, "как отменить коммит")
    gone = [f"вопрос {number}" for number in range(SPARE + 2)]
    kept(tmp_path).read(["как отменить коммит", *gone])
    through(QuestionReader(database, kept(tmp_path)))
    assert kept(tmp_path).size() == 1
    assert kept(tmp_path).unread(["как отменить коммит"]) == []


def test_an_encoder_that_fails_is_told(database: Database, tmp_path: Path) -> None:
    ask(database, "как отменить коммит")
    missing = KeptVectors(tmp_path, open_embedder("onnx:/no/such/model"))
    with pytest.raises(EncoderUnavailable):
        QuestionReader(database, missing).read_some()

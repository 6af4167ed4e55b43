"""The second encoder reads questions bit by bit."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.embedders import open_embedder
from indexer.kept_vectors import KeptVectors
from indexer.reading_questions import SLICE, SPARE, QuestionReader
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.queries import bare_text
from kbsearch.models import Aside, AsideReason, Question, QuestionState, utc_now


def kept(folder: Path) -> KeptVectors:
    return KeptVectors(folder, open_embedder("hashing"))


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

"""A small school whose questions ask four things, with an index of their vectors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from indexer.embedded import EmbeddedIndex
from indexer.embedders import open_embedder
from kbsearch.database import Database
from kbsearch.models import Question, utc_now
from kbsearch.ports import Document, Floats, SearchBackend

TOPICS = {
    "commit": "как отменить последний коммит в git если {}",
    "payment": "когда вернут деньги за курс если {}",
    "jupyter": "не запускается jupyter notebook хотя {}",
    "join": "чем left join отличается от inner join когда {}",
}
TAILS = (
    """
уже отправил|прошла неделя|всё установлено|таблицы пустые|ничего не понял|сегодня дедлайн
на маке|на виндовс|пишет ошибку|ментор молчит|первый раз|делал по видео
""".strip()
    .replace("\n", "|")
    .split("|")
)


@pytest.fixture
def index(tmp_path: Path) -> SearchBackend:
    """An empty index of questions."""
    return EmbeddedIndex(tmp_path / "questions", open_embedder("hashing"))


@pytest.fixture
def ask(database: Database, index: SearchBackend) -> Callable[..., list[int]]:
    """Stores and indexes questions; returns their ids."""

    def asked(texts: list[str], course: str = "python", days_ago: float = 1.0) -> list[int]:
        rows = [_question(text, course, days_ago) for text in texts]
        with database.writing() as session:
            session.add_all(rows)
        vectors = open_embedder("hashing").encode(texts, "passage")
        index.upsert([_document(row, vector) for row, vector in zip(rows, vectors, strict=True)])
        return [row.id for row in rows]

    return asked


def _question(text: str, course: str, days_ago: float) -> Question:
    key = sha256(text.encode()).hexdigest()
    number = np.random.default_rng().integers(2**60)
    return Question(
        source="test",
        external_id=f"{key}{number}"[:100],
        text=text,
        text_key=key,
        course_code=course,
        lesson_code="l1",
        language="ru",
        asked_at=utc_now() - timedelta(days=days_ago),
    )


def _document(question: Question, vector: Floats) -> Document:
    return Document(
        id=question.id,
        text={"title": question.text},
        course=question.course_code,
        lessons=(),
        language="ru",
        state="open",
        parts=("question",),
        vectors=vector[None],
    )


@pytest.fixture
def school(ask: Callable[..., list[int]]) -> dict[str, list[int]]:
    """Twelve questions on each of four topics: topic → ids."""
    return {topic: ask([text.format(tail) for tail in TAILS]) for topic, text in TOPICS.items()}

"""A small knowledge base in a real index."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import HashingEmbedder
from indexer.loading import case_draft, encoded
from kbsearch.models import Case, CaseState, Variant

CASES = [
    ("Как создать ветку в Git", "Наберите git switch -c имя.", "frontend", ["fe-09"]),
    ("Как удалить ветку в Git", "Наберите git branch -d имя.", "frontend", ["fe-09"]),
    ("Как объединить ячейки", "Выделите ячейки и нажмите кнопку объединения.", "data-analyst", ["da-01"]),
    ("Возврат денег за курс", "Напишите в поддержку, вернём за две недели.", "", []),
    ("Где взять сертификат", "Сертификат лежит в профиле.", "", []),
]


@pytest.fixture
def embedder() -> HashingEmbedder:
    return HashingEmbedder()


@pytest.fixture
def case_index(tmp_path: Path, embedder: HashingEmbedder) -> EmbeddedIndex:
    index = EmbeddedIndex(tmp_path / "cases", embedder)
    cases = [
        Case(
            id=number,
            title=title,
            answer=answer,
            course_code=course,
            lessons=lessons,
            tags=[],
            language="ru",
            state=CaseState.PUBLISHED,
            variants=[Variant(text="бранч не удаляется")] if number == 2 else [],
        )
        for number, (title, answer, course, lessons) in enumerate(CASES, 1)
    ]
    index.upsert(encoded([case_draft(case) for case in cases], embedder))
    return index

"""Did you mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.embedded import EmbeddedIndex
from tests.contracts.samples import EMBEDDER, SCHOOL, document


@pytest.fixture
def index(tmp_path: Path) -> EmbeddedIndex:
    made = EmbeddedIndex(tmp_path / "cases", EMBEDDER)
    made.upsert(SCHOOL)
    made.upsert([document(20, "Репозиторий не клонируется"), document(21, "репозиторий пуст")])
    return made


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("сертфикат", "сертификат"),
        ("Где скачать сертефикат?", "Где скачать сертификат?"),
        ("репазиторий и сертификта", "репозиторий и сертификат"),
        ("рипазиторий", "репозиторий"),
        ("comit", "commit"),
        ("htgjpbnjhbq", "репозиторий"),
    ],
)
def test_unknown_words_are_replaced(index: EmbeddedIndex, asked: str, meant: str) -> None:
    assert index.did_you_mean(asked) == meant


@pytest.mark.parametrize(
    "asked", ["", "сертификаты", "Создать ветку", "git", "gti", "абракадабра", "python3.12", "🙂", "git-lsf"]
)
def test_known_short_and_hopeless_words_stay(index: EmbeddedIndex, asked: str) -> None:
    assert index.did_you_mean(asked) is None


def test_new_words_are_known_at_once(index: EmbeddedIndex) -> None:
    assert index.did_you_mean("вебинор") is None
    index.upsert([document(30, "Запись вебинара")])
    assert index.did_you_mean("вебинора") == "вебинара"

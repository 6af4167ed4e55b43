"""The advanced query language on a real index."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.embedded import EmbeddedIndex
from kbsearch.errors import InvalidInput
from kbsearch.ports import Filters, TextQuery
from tests.contracts.samples import EMBEDDER, SCHOOL, document


@pytest.fixture
def index(tmp_path: Path) -> EmbeddedIndex:
    made = EmbeddedIndex(tmp_path / "cases", EMBEDDER)
    made.upsert(SCHOOL[:3])
    made.upsert(SCHOOL[3:])
    return made


def found(index: EmbeddedIndex, text: str) -> list[int]:
    return sorted(index.search_text(TextQuery(text, "advanced")).ids.tolist())


@pytest.mark.parametrize(
    ("text", "ids"),
    [
        ("сертификат", [3, 6]),
        ("сертификат -ошибкой", [3]),
        ('"сертификат с ошибкой"', [6]),
        ('"ошибкой сертификат"', []),
        ('"git reset" сертификат', [1]),
        ('"git  RESET"', [1]),
        ("title:ошибка", [5, 6]),
        ("заголовок:ошибка", [5, 6]),
        ("ЗАГОЛОВОК:ошибка", [5, 6]),
        ("answer:pip", [5]),
        ("ответ:профиле", [3]),
        ("tag:git", [1]),
        ("тег:документы", [3]),
        ("variants:откатить", [1]),
        ("course:python-start ошибка", [4, 5]),
        ("курс:FRONTEND -ветку", [1]),
        ('title:"создать ветку"', [2]),
        ("commit AND revert", [4]),
        ("revert OR сертификат", [3, 4, 6]),
        ("сертификат NOT ошибкой", [3]),
        ("(revert OR ветку) -branch", [2, 4]),
        ("+commit откатить", [1, 4]),
        ("неведомое:ветку", [2]),
        ("http://ветку", [2]),
        ("git -- ветку", [1, 2, 4]),
        ('"" сертификат', [3, 6]),
        ("ModuleNotFoundError", [5]),
    ],
)
def test_queries(index: EmbeddedIndex, text: str, ids: list[int]) -> None:
    assert found(index, text) == ids


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "nothing to look for"),
        ("-ветку", "nothing to look for"),
        ('"не закрыта', "quote"),
        ("(a (b)", "not closed"),
        ("a) b", "do not match"),
        ("(" * 50 + "a" + ")" * 50, "nested"),
        ("слово " * 200, "longer"),
        ("a" * 5_000, "longer"),
    ],
)
def test_what_cannot_be_used_is_told(index: EmbeddedIndex, text: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match=reason) as caught:
        index.search_text(TextQuery(text, "advanced"))
    assert caught.value.remedy


@pytest.mark.parametrize(
    "text", ["*a*", "a?", "[a TO z]", "git~2", "git^5", "{x} $y", "\\ a", "a AND", "NOT"]
)
def test_foreign_syntax_is_harmless(index: EmbeddedIndex, text: str) -> None:
    assert set(found(index, text)) <= {1, 2, 3, 4, 5, 6}


def test_matches_are_ranked_and_filtered(index: EmbeddedIndex) -> None:
    index.upsert([document(9, "сертификат сертификат", answer="сертификат", course="python-start")])
    hits = index.search_text(TextQuery("сертификат -git", "advanced"))
    assert hits.ids.tolist()[0] == 9
    assert sorted(hits.scores.tolist(), reverse=True) == hits.scores.tolist()
    only = TextQuery("сертификат", "advanced", Filters(course="frontend"), only={3, 9})
    assert index.search_text(only).ids.tolist() == [3]


def test_deleted_documents_are_not_found(index: EmbeddedIndex) -> None:
    assert found(index, "title:ветку") == [2]
    index.delete([2])
    assert found(index, "title:ветку") == []


def test_highlights_leave_out_what_is_excluded(index: EmbeddedIndex) -> None:
    passage = index.highlights(TextQuery("коммит -отменить", "advanced"), 1, ("title",))[0]
    assert [passage.text[start:end] for start, end in passage.spans] == ["коммит"]


def test_a_sign_may_be_quoted(tmp_path: Path) -> None:
    made = EmbeddedIndex(tmp_path / "cases", EMBEDDER)
    made.upsert([document(1, "Зачем a == b"), document(2, "Зачем a != b"), document(3, "Зачем a b")])
    assert found(made, '"=="') == [1]
    assert found(made, 'title:"a != b"') == [2]
    assert found(made, 'зачем -"a == b"') == [2, 3]

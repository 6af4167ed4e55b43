"""A question on a sign finds the case that speaks of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from indexer.embedders import shipped
from indexer.measuring import temporary_matcher
from kbsearch.evaluation.sets import LabelledCase, MatchingSet
from kbsearch.matching.matcher import Matcher

CASES = {
    "not equal": ("Как записать «не равно» (!=)", "В Python пишут `a != b`."),
    "and": ("Что значат && и ||", "`&&` это «и», `||` это «или»: `if (a && b)`."),
    "add": ("Сокращённая запись +=", "`count += 1` то же, что `count = count + 1`."),
    "arrow": ("Стрелка => в JavaScript", "`const f = x => x * 2` это функция без слова function."),
    "power": ("Степень: **", "`2 ** 10` это 1024."),
    "rest": ("Деление без остатка: // и %", "`7 // 2` это 3, `7 % 2` это 1."),
    "order": ("Ошибка с <= и >=", "Знак равенства всегда второй."),
    "folders": ("Как удалить папку", "Наберите `rmdir имя` в терминале."),
    "equal": ("Что делает WHERE и чем отличается от HAVING", "WHERE отбирает строки, HAVING группы."),
    "access": ("Нет доступа к уроку", "Обновите страницу, потом Профиль -> Курсы."),
}


@pytest.fixture(scope="module")
def matcher() -> Iterator[tuple[Matcher, dict[int, str]]]:
    cases = tuple(LabelledCase(name, title, (), answer, "", ()) for name, (title, answer) in CASES.items())
    with temporary_matcher(MatchingSet("signs", cases, (), {}), *shipped()) as (made, ids):
        yield made, {number: name for name, number in ids.items()}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("что значит !=", "not equal"),
        ("what does != mean", "not equal"),
        ("для чего &&", "and"),
        ("не понимаю, что делает +=", "add"),
        ("что за =>", "arrow"),
        ("что делают две звёздочки **", "power"),
        ("зачем //", "rest"),
        ("что делает %", "rest"),
        (">= не работает", "order"),
        ("Профиль -> Курсы, нет доступа к уроку", "access"),
    ],
)
def test_a_sign_finds_its_case(matcher: tuple[Matcher, dict[int, str]], text: str, name: str) -> None:
    made, names = matcher
    assert names[made.match(text).matches[0].case_id] == name

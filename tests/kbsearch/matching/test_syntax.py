"""Telling the search language from plain text."""

from __future__ import annotations

import pytest

from kbsearch.matching.syntax import detect_syntax, plain_words


@pytest.mark.parametrize("text", ['"git push" ошибка', "git -ssh", "title:ветка", "курс:frontend", "тег:git"])
def test_operators_are_noticed(text: str) -> None:
    assert detect_syntax(text) == "advanced"


@pytest.mark.parametrize(
    "text",
    [
        *("как создать ветку", "что-то не так - помогите", "pip install -r req.txt", "TypeError: x", "5 -3"),
        *("https://polus.example/title:x", 'print("привет")', 'он пишет "нет доступа"\nчто делать'),
        '"' + "длинный вопрос " * 40 + '"',
    ],
)
def test_plain_text_stays_plain(text: str) -> None:
    assert detect_syntax(text) == "plain"


def test_the_words_of_an_advanced_query() -> None:
    assert plain_words('"git push" -ssh title:ветка course:frontend') == "git push ветка"

"""What is the same wording, and which signs make another one."""

from __future__ import annotations

import pytest

from kbsearch.text.wording import plain_wording


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Как поставить C++?", "как поставить C#"),
        ("Как поставить C++?", "как поставить C"),
        ("что делает a == b", "что делает a != b"),
        ("чем >= лучше", "чем <= лучше"),
        ("что значит &&", "что значит ||"),
        ("что делает > в терминале", "что делает < в терминале"),
        ("зачем тут += 1", "зачем тут -= 1"),
    ],
)
def test_signs_that_make_another_question(one: str, other: str) -> None:
    assert plain_wording(one) != plain_wording(other)


@pytest.mark.parametrize(
    ("text", "wording"),
    [
        ("Здравствуйте! Всё ли верно в my_file.py?", "все ли верно в my file py"),
        ("Ничего не работает!=)", "ничего не работает"),
        ("Итог\n=====\nнет оценки", "итог нет оценки"),
        ("Как учить C#/.NET...", "как учить c# net"),
        ("хэштег#школа", "хэштег школа"),
        ("?!", ""),
    ],
)
def test_other_signs_make_no_difference(text: str, wording: str) -> None:
    assert plain_wording(text) == wording

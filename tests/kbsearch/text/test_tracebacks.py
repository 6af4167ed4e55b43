"""Pasted tracebacks and long stories are reduced to what asks."""

from __future__ import annotations

from kbsearch.text.asking import LONG, asking_part
from kbsearch.text.tracebacks import reduce_tracebacks

PYTHON = """Запускаю и падает, что делать?
Traceback (most recent call last):
  File "C:\\Users\\me\\main.py", line 3, in <module>
    import pandas
ModuleNotFoundError: No module named 'pandas'
Пробовала переустановить."""
BROWSER = """почему не работает кнопка
TypeError: Cannot read properties of null
    at main.js:12:5
    at HTMLButtonElement.onclick (index.html:20:3)"""


def test_a_traceback_becomes_its_last_line() -> None:
    assert reduce_tracebacks(PYTHON) == (
        "Запускаю и падает, что делать?\n"
        "ModuleNotFoundError: No module named 'pandas'\nПробовала переустановить."
    )
    assert reduce_tracebacks(BROWSER) == "\n".join(BROWSER.split("\n")[:2])


def test_a_text_without_one_stays() -> None:
    text = "как открыть файл?\n\n    with open('a') as f:\n"
    assert reduce_tracebacks(text) == text
    assert reduce_tracebacks("Traceback (most recent call last):") == "Traceback (most recent call last):"


def test_a_long_story_is_reduced_to_what_asks() -> None:
    story = "Вчера смотрела вебинар до конца, потом ужинала. " * 6
    assert len(story) > LONG
    assert asking_part(story + "Где скачать запись?") == "Где скачать запись?"
    assert asking_part(story) == story
    assert asking_part("Смотрела вебинар. Где запись?") == "Смотрела вебинар. Где запись?"

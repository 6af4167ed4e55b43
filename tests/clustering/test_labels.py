"""Titles, keywords and exemplars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustering.labels import describe, keywords
from clustering.neighbours import centred
from clustering.titles import LONGEST, title_of


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Здравствуйте! Подскажите, пожалуйста, как отменить коммит?", "Как отменить коммит?"),
        ("У меня мак. Где скачать питон??? Спасибо", "Где скачать питон?"),
        ("не работает pip install.", "Не работает pip install"),
        ("pip.exe не найден!!!", "pip.exe не найден"),
        ("```\nTraceback\n```\nчто значит KeyError?", "Что значит KeyError?"),
        ("hi all, how do I centre a div?", "How do I centre a div?"),
        ("В сводной нет строк за апрель. Что я упускаю?", "В сводной нет строк за апрель"),
        ("", ""),
        ("?!", ""),
    ],
)
def test_titles_are_the_asking_sentence(text: str, title: str) -> None:
    assert title_of(text) == title


@given(st.text(max_size=400))
def test_titles_are_short_and_of_one_line(text: str) -> None:
    title = title_of(text)
    assert len(title) <= LONGEST
    assert "\n" not in title


def test_keywords_tell_clusters_apart_in_their_common_form() -> None:
    texts = {
        0: ["как отменить коммит в git", "отменить последний коммит", "отменила коммит 123"],
        1: ["когда вернут деньги за курс", "верните деньги 123", "где деньги за курс"],
    }
    found = keywords(texts)
    assert "отменить коммит" in found[0] or "коммит" in " ".join(found[0])
    assert "деньги" in " ".join(found[1])
    assert not any(word.isdigit() for each in found.values() for word in each)
    assert not {"как", "за", "в"} & {word for each in found.values() for word in each}


def test_labels_differ_even_when_titles_do_not() -> None:
    texts = ["как сдать проект"] * 3 + ["как сдать проект"] * 3
    vectors = centred(np.eye(6, dtype=np.float32))
    labels = np.array([0, 0, 0, 1, 1, 1])
    described = describe(texts, vectors, labels, np.ones(6, np.float32))
    assert described[0].label != described[1].label
    assert all(len(each.exemplars) == 1 for each in described.values())

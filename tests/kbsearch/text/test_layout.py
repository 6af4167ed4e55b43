"""Text typed in the wrong keyboard layout."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.importers.sample_school import read_questions, sample_school_folder
from kbsearch.text.layout import repair_layout


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("rfr cjplfnm yjde. dtnre d ubn", "как создать новую ветку в гит"),
        ("ye;yj kb gbcfnm", "нужно ли писать"),
        ("gkfnajhvf kt;bn", "платформа лежит"),
        ("ghbdtn", "привет"),
        ("пше сщььше", "git commit"),
        ("aeyrwbz djpdhfoftn yjyt", "функция возвращает ноне"),
        ("yt vjue pfgeibnm d github", "не могу запушить в github"),
        ("не приходит gbcmvj на почту", "не приходит письмо на почту"),
    ],
)
def test_the_wrong_layout_is_turned(typed: str, meant: str) -> None:
    assert repair_layout(typed) == meant


@pytest.mark.parametrize(
    "text",
    [
        *("", "+1", "502", "как создать ветку", "Сегодня?", "git push --force", "npm ERR! code ERESOLVE"),
        *(
            "Do videos have English subtitles?",
            "TypeError: calc() missing 1 argument",
            "kubectl apply -f x.yml",
        ),
        "не работает git push",
    ],
)
def test_what_reads_well_stays(text: str) -> None:
    assert repair_layout(text) == text


def test_in_the_sample_school_only_what_is_typed_wrongly_is_turned() -> None:
    turned = [q for q in read_questions(sample_school_folder()) if repair_layout(q.text) != q.text]
    assert len(turned) == 21
    assert all(not set(q.text.lower()) & set("абвгдеикнорстя") for q in turned)


@given(st.text(max_size=60))
def test_nothing_is_added_or_lost(text: str) -> None:
    assert len(repair_layout(text)) == len(text)

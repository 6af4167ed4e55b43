"""Chatter is stripped, questions are not; slang is spelt out; joined words are found by their parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.text.chatter import strip_chatter
from kbsearch.text.jargon import spell_out
from kbsearch.text.words import stems, words


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Здравствуйте! Подскажите, пожалуйста, как отменить коммит?", "как отменить коммит?"),
        ("Всем привет, не открывается урок", "не открывается урок"),
        ("Hi all! Can anyone tell me how to merge? Thanks in advance", "how to merge?"),
        ("спасибо большое!", "спасибо большое!"),
        ("как вставить приветствие", "как вставить приветствие"),
    ],
)
def test_chatter_is_stripped(text: str, bare: str) -> None:
    assert strip_chatter(text) == bare


@given(st.text(max_size=80))
def test_something_is_always_left(text: str) -> None:
    assert strip_chatter(text) or not text.strip()


def test_slang_is_followed_by_its_terms() -> None:
    assert spell_out("не могу запушить на гитхаб") == "не могу запушить на гитхаб push github"
    assert spell_out("как отменить") == "как отменить"


def test_a_joined_word_is_followed_by_its_parts() -> None:
    assert stems("git-lfs 3.11.7 C++") == ["git-lfs", "git", "lfs", "3.11.7", "11", "c++"]


@given(st.text(max_size=80))
def test_spans_lie_where_the_words_stand(text: str) -> None:
    for word in words(text):
        assert 0 <= word.start < word.end <= len(text)
    assert [word.stem for word in words(text)] == stems(text)

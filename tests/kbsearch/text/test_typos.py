"""Unknown words are corrected towards what the index and both languages know; known ones never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.text.typos import LONGEST, candidates, distance, edits
from kbsearch.text.vocabulary import Vocabulary

KNOWN = Vocabulary({"расписание": 4, "сертификат": 9, "коммит": 30, "вебинар": 5}, ["пушнуть"])


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("рассписание", "расписание"),
        ("сертифкаит", "сертификат"),
        ("вебинр", "вебинар"),
        ("пушнть", "пушнуть"),
        ("instll", "install"),
    ],
)
def test_a_typo_finds_its_word(written: str, meant: str) -> None:
    assert candidates(written, KNOWN)[0].word == meant


@pytest.mark.parametrize("word", ["коммиты", "работает", "не", "нет", "python3.11", "wi", "сертификатом", ""])
def test_known_short_and_joined_words_are_left(word: str) -> None:
    assert candidates(word, KNOWN) == []


def test_what_is_too_long_for_a_word_is_left() -> None:
    at_most = "щ" * LONGEST
    known = Vocabulary({at_most: 3, f"{at_most}щ": 3, f"{at_most}щщ": 3})
    assert candidates(f"{at_most[1:]}ы", known)
    assert candidates(f"{at_most}ы", known) == []


words = st.text("абвгдежз", min_size=1, max_size=8)


@given(words, words)
def test_distance_is_a_distance(one: str, other: str) -> None:
    assert distance(one, other) == distance(other, one)
    assert (distance(one, other) == 0) == (one == other)
    assert distance(one, other) <= max(len(one), len(other))


@given(words, st.data())
def test_edits_are_one_edit_away(word: str, data: st.DataObject) -> None:
    edited = data.draw(st.sampled_from(sorted(edits(word))))
    assert distance(word, edited) <= 1

"""How much words tell."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.text.common_words import (
    PER_BILLION,
    WORDS_OF_A_TEXT,
    common_words,
    frequencies_by_stem,
    share_of_texts,
)
from kbsearch.text.word_rarity import piece_rarity, word_rarity
from kbsearch.text.words import stem, stems, stems_by_word, stems_once

share_of_texts("")  # the list is read once, which takes longer than hypothesis allows an example
COUNTS = st.integers(1, 100_000)


@given(COUNTS, st.data(), st.sampled_from(["что", "пароль", "the", "zzyzx"]))
def test_rarer_words_tell_more_and_none_tells_less_than_nothing(
    count: int, data: st.DataObject, word: str
) -> None:
    fewer = data.draw(st.integers(0, count - 1))
    weights = [word_rarity(stem(word), fewer + more, count) for more in (0, 1)]
    assert weights[0] > weights[1] > 0


def test_of_equally_rare_words_the_everyday_one_tells_less() -> None:
    assert word_rarity(stem("могу"), 10, 200) < word_rarity(stem("пароль"), 10, 200)
    assert word_rarity(stem("пароль"), 10, 200) < word_rarity("node_modules", 10, 200)
    assert piece_rarity("могу", 10, 200) == piece_rarity("парол", 10, 200)


def test_everyday_texts_count_little_among_many_documents() -> None:
    many = [word_rarity(stem(word), 100_000, 1_000_000) for word in ("могу", "пароль")]
    assert many[0] == pytest.approx(many[1], rel=0.01)


def test_stems_of_many_words_are_those_of_each() -> None:
    words = list(common_words())[::50]
    assert stems_by_word(words) == {word: stem(word) for word in words}


def test_shares_of_everyday_texts_add_up_the_forms_of_a_word() -> None:
    assert 0.3 < share_of_texts(stem("что")) < 1
    assert share_of_texts(stem("пароли")) == share_of_texts(stem("пароль"))
    assert share_of_texts("node_modules") == 0


def test_the_shipped_shares_are_those_of_the_common_words() -> None:
    """Fails when the words or the rules of stems changed: call `python -m benchmarks.fit_common_stems`."""
    summed = frequencies_by_stem()
    assert len(summed) > 30_000
    for one, frequency in summed.items():
        expected = -math.expm1(-WORDS_OF_A_TEXT * 10 ** (frequency - PER_BILLION))
        assert share_of_texts(one) == pytest.approx(expected, rel=2e-3), one


@given(st.text(st.sampled_from("абвёЖgit_.+#'’- 0193\n"), max_size=40))
def test_stems_of_a_text_that_is_read_once_are_the_same(text: str) -> None:
    assert stems_once(text) == stems(text)

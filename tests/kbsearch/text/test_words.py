"""Words of a text, with and without their places."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kbsearch.text.words import joined_words_once, stem, words, words_once

TEXTS = st.text(st.sampled_from("аябzAZ09_.-+#'’ёЁ<>=! \n"), max_size=40) | st.text(max_size=40)


@given(TEXTS)
def test_words_that_are_read_once_are_those_that_are_kept(text: str) -> None:
    assert words_once(text) == [text[word.start : word.end] for word in words(text)]


@given(TEXTS)
def test_joined_words_are_all_but_parts_of_others(text: str) -> None:
    whole, end = [], 0
    for word in words(text):
        if word.start >= end:
            whole.append((text[word.start : word.end], word.stem))
            end = word.end
    assert [(word, stem(word)) for word in joined_words_once(text)] == whole

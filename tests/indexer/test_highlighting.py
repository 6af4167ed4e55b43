"""Passages and the words that matched in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from indexer.highlighting import PASSAGE_CHARS, highlight
from kbsearch.text.words import stem, stems


def test_a_short_text_is_shown_whole() -> None:
    passage = highlight("title", "Как отменить git-lfs", {"git-lfs", "lfs", stem("отменил")})
    assert passage is not None
    assert passage.text == "Как отменить git-lfs"
    assert [passage.text[a:b] for a, b in passage.spans] == ["отменить", "git-lfs"]


def test_of_a_long_text_the_best_passage_is_shown() -> None:
    text = "git " + "мимо " * 100 + "git rebase onto main " + "мимо " * 100
    passage = highlight("answer", text, {"git", "rebas", "main"})
    assert passage is not None
    assert len(passage.text) <= PASSAGE_CHARS
    assert [passage.text[a:b] for a, b in passage.spans] == ["git", "rebase", "main"]


def test_words_that_tell_nothing_are_not_marked() -> None:
    passage = highlight("answer", "Для чего нужна ветка", {"для", "ветк"})
    assert passage is not None
    assert [passage.text[a:b] for a, b in passage.spans] == ["ветка"]
    assert highlight("answer", "Для чего", {"для"}) is None


def test_without_a_match_there_is_none() -> None:
    assert highlight("title", "ничего", {"git"}) is None
    assert highlight("title", "", {"git"}) is None


@given(
    st.lists(st.sampled_from(["git", "push", "слово", "git-lfs", "\n", "x" * 300]), max_size=120), st.data()
)
def test_spans_lie_in_order_within_the_passage(pieces: list[str], data: st.DataObject) -> None:
    text = " ".join(pieces)
    wanted = data.draw(st.sets(st.sampled_from(["git", "push", "git-lfs"]), min_size=1))
    passage = highlight("answer", text, wanted)
    assert (passage is None) == (not wanted.intersection(stems(text)))
    if passage:
        assert passage.text in text
        assert passage.spans
        ends = [0, *(end for _, end in passage.spans)]
        assert all(last <= start < end for last, (start, end) in zip(ends, passage.spans, strict=False))
        assert all(stem(passage.text[a:b]) in wanted or "-" in passage.text[a:b] for a, b in passage.spans)

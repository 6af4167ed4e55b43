"""Passages of answers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kbsearch.text.passages import LENGTH, LONGEST, MOST, passages, titled


def test_short_answers_are_one_passage() -> None:
    assert passages("Откройте профиль. Нажмите «Скачать».") == ("Откройте профиль. Нажмите «Скачать».",)
    assert passages("  \n ") == ()


def test_sentences_are_packed_and_never_cut() -> None:
    sentences = [f"Предложение номер {number} говорит о своём." for number in range(20)]
    found = passages(" ".join(sentences))
    assert len(found) > 2
    assert " ".join(found) == " ".join(sentences)
    assert all(len(passage) <= LENGTH + 1 for passage in found)


def test_lines_of_code_end_sentences() -> None:
    found = passages("git add .\n" * 40)
    assert all(passage.startswith("git add .") for passage in found)
    assert titled("Коммит", found[0]).startswith("Коммит. git add")


@given(st.text(max_size=6_000))
def test_passages_are_limited(answer: str) -> None:
    found = passages(answer)
    assert len(found) <= MOST
    assert all(passage.strip() and len(passage) <= LONGEST for passage in found)
    assert passages(answer) == found

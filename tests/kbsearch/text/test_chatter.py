"""Chatter is stripped, questions are not; joined words are found by their parts."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.importers.sample_school import read_questions, read_truth, sample_school_folder
from kbsearch.text.chatter import is_small_talk, strip_chatter
from kbsearch.text.words import stems, words


@pytest.mark.parametrize(
    ("text", "bare"),
    [
        ("Здравствуйте! Подскажите, пожалуйста, как отменить коммит?", "как отменить коммит?"),
        ("Всем привет, не открывается урок", "не открывается урок"),
        ("Hi all! Can anyone tell me how to merge? Thanks in advance", "how to merge?"),
        ("спасибо большое!", "спасибо большое!"),
        ("Sorry to bother you, my loaf is flat", "my loaf is flat"),
        ("Извините, что отвлекаю. Где мой сертификат?", "Где мой сертификат?"),
        ("sorry to bother you", "sorry to bother you"),
        ("Sorry, the video is black", "the video is black"),
        ("sorry, my bad", "sorry, my bad"),
        ("Sorry! .env is not read", ".env is not read"),
        ("Здравствуйте! .env не читается.", ".env не читается"),
        ("привет ,как отменить коммит", "как отменить коммит"),
        ("... и как его отменить", "и как его отменить"),
        ("Здравствуйте! != это что", "!= это что"),
        ("Привет! :: зачем и что такое ::", ":: зачем и что такое ::"),
        ("не работает !!! ::::", "не работает"),
        (",fpf lfyys[", ",fpf lfyys["),
        ("как вставить приветствие", "как вставить приветствие"),
    ],
)
def test_chatter_is_stripped(text: str, bare: str) -> None:
    assert strip_chatter(text) == bare


@given(st.text(max_size=80))
def test_something_is_always_left(text: str) -> None:
    assert strip_chatter(text) or not text.strip()


def test_a_joined_word_is_followed_by_its_parts() -> None:
    assert stems("git-lfs 3.11.7 C++") == ["git-lfs", "git", "lfs", "3.11.7", "11", "c++"]


@given(st.text(max_size=80))
def test_spans_lie_where_the_words_stand(text: str) -> None:
    for word in words(text):
        assert 0 <= word.start < word.end <= len(text)
    assert [word.stem for word in words(text)] == stems(text)


@pytest.mark.parametrize(
    "text",
    ["спасибо!", "+1", "ахахах", "Ок, понял, спасибо большое!", "👍👍", "Thanks a lot!!", "мда", "ура"],
)
def test_messages_that_ask_nothing_are_small_talk(text: str) -> None:
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "спасибо, а как отменить коммит",
        "почему?",
        "?",
        "не работает пуш",
        "ок, а дедлайн когда",
        "502",
        "C++",
    ],
)
def test_whatever_may_be_a_question_is_not(text: str) -> None:
    assert not is_small_talk(text)


def test_no_question_of_the_sample_school_is_taken_for_small_talk() -> None:
    folder = sample_school_folder()
    truth = read_truth(folder)
    texts = {one.external_id: one.text for one in read_questions(folder)}
    wrong = [texts[key] for key, row in truth.items() if row.is_question and is_small_talk(texts[key])]
    assert wrong == []


@pytest.mark.parametrize("piece", ["ах", "спасибо ", "да ", "ха", "+", "всем ", "hahaha", "( "])
def test_small_talk_is_told_in_linear_time(piece: str) -> None:
    # A pattern that backtracks would not come back from this within the life of the test run.
    assert not is_small_talk((piece * 100)[:98] + "ж")


@pytest.mark.parametrize(
    ("nominative", "form"),
    [
        ("коммит", "коммита"),
        ("лимит", "лимиты"),
        ("ветка", "ветку"),
        ("ошибка", "ошибки"),
        ("commit", "commits"),
    ],
)
def test_forms_of_a_word_share_a_stem(nominative: str, form: str) -> None:
    assert stems(nominative) == stems(form)

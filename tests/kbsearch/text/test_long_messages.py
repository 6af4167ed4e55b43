"""Of a long message its questions are searched for, where they tell what they ask about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.matching.queries import MAX_WORDS, SWITCHED_ON, prepare
from kbsearch.text.asking import LONG, sentences
from kbsearch.text.long_messages import question_part
from kbsearch.text.quotes import without_quotes

STORY = "Вчера смотрела вебинар до конца, потом ужинала. Собака спала на диване, кот гулял. " * 4
QUESTION = "Можно ли заменить обществознание на литературу?"


@pytest.mark.parametrize("text", [STORY + QUESTION, QUESTION + " " + STORY, STORY + QUESTION + " " + STORY])
def test_a_question_is_found_wherever_it_stands(text: str) -> None:
    assert question_part(text) == QUESTION


def test_two_questions_stay_in_order() -> None:
    other = "Когда выдают сертификат?"
    assert question_part(f"{other} {STORY}{QUESTION}") == f"{other} {QUESTION}"


def test_a_question_that_refers_to_the_sentence_before_keeps_it() -> None:
    said = "Карту мужа банк перевыпустил."
    asked = "Как заменить её в настройках подписки?"
    assert question_part(f"{STORY}{said} {asked}") == f"{said} {asked}"


@pytest.mark.parametrize(
    "end",
    [
        "Что делать?",
        "Как это исправить?",
        f"Что делать? {QUESTION}",
        "Где брать пароль, что вписывать в каждое?",
        "Не открывается урок",
        "Что делать, если на странице https://school.example/?page=2 пусто",
        f"ValueError: invalid literal. {QUESTION}",
        f"```\nx = 1\n```\n{QUESTION}",
        f"\n$ git push\n{QUESTION}",
        f"\nfatal: not a git repository\n{QUESTION}",
    ],
)
def test_a_message_stays_whole_where_the_story_tells_more(end: str) -> None:
    assert question_part(STORY + end) == STORY + end


@given(st.text(max_size=LONG))
def test_a_short_message_is_unchanged(text: str) -> None:
    assert question_part(text) == text


_SENTENCES = st.sampled_from(
    [
        STORY,
        QUESTION,
        "Что делать?",
        "Как заменить её?",
        "Когда выдают сертификат?",
        "Error: 5",
        "Сервер упал.",
        "x?",
    ]
)


@given(st.lists(_SENTENCES, max_size=8).map(" ".join))
def test_taking_the_questions_twice_changes_nothing_more(text: str) -> None:
    once = question_part(text)
    assert question_part(once) == once
    assert len(once) <= len(text)


def test_what_asks_is_searched_for_even_at_the_end_of_many_words() -> None:
    story = " ".join(f"слово{number}" for number in range(2 * MAX_WORDS))
    query = prepare(f"{story}. Не открывается урок про сертификат", on=SWITCHED_ON - {"asking"})
    assert {"Не", "открывается", "урок", "сертификат"} <= set(query.words)
    assert len(query.words) == MAX_WORDS


def test_the_step_can_be_left_out() -> None:
    assert prepare(STORY + QUESTION).bare == QUESTION
    assert len(prepare(STORY + QUESTION, on=SWITCHED_ON - {"asking"}).bare) > LONG


def test_a_line_without_ends_of_sentences_is_one_sentence() -> None:
    assert sentences("main.py не видит 10.0.0.1\nчто делать?") == ["main.py не видит 10.0.0.1", "что делать?"]


@pytest.mark.parametrize("text", ["a" + "\n" * 200_000 + "b?", "1.1.11 1:11 " * 20_000, "\r\n > " * 50_000])
def test_reading_takes_time_in_proportion_to_the_length(text: str) -> None:
    # Were it the square, each of these would take an hour.
    assert question_part(text) == text
    assert without_quotes(text) == text
    assert "".join(sentences(text)).replace(" ", "") == text.replace(" ", "").replace("\n", "").replace(
        "\r", ""
    )

"""Titles, keywords and exemplars."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clustering.keywords import keywords
from clustering.labels import describe
from clustering.neighbours import centred
from clustering.titles import LONGEST, form_of, titles_of
from clustering.word_forms import (
    dictionary_form,
    is_adjective,
    is_function_word,
    phrase_form,
    tells_the_past,
)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Как сдать дз 🙏", "Как сдать дз?"),
        ("Как 😭 сдать дз?🙏", "Как сдать дз?"),
        ("не открывается урок 😭", "Не открывается урок"),
        ("👩‍👩‍👧‍👦 где семейный тариф", "Где семейный тариф?"),
        ("можно ли перенести дедлайн ❤️", "Можно ли перенести дедлайн?"),
        ("когда выдадут сертификат...", "Когда выдадут сертификат?"),
        ("Можно продлить доступ", "Можно продлить доступ?"),
        ("Do I need to submit it 🙏", "Do I need to submit it?"),
        ("Что делать, если урок не открылся 😢", "Что делать, если урок не открылся?"),
        ("Когда загружаю файл вылетает ошибка", "Когда загружаю файл вылетает ошибка"),
        ("Как раз хотела спросить про дедлайн", "Как раз хотела спросить про дедлайн"),
        ("какой-то баг в тесте", "Какой-то баг в тесте"),
        ("When I open the lesson it crashes", "When I open the lesson it crashes"),
    ],
)
def test_titles_have_no_emoji_and_ask_where_their_first_word_does(text: str, title: str) -> None:
    assert titles_of(text)[0] == title


def test_emoji_alone_make_no_title() -> None:
    assert titles_of("🙏🙏 1️⃣"[:2]) == ()


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Здравствуйте! Подскажите, пожалуйста, как отменить коммит?", "Как отменить коммит?"),
        ("У меня мак. Где скачать питон??? Спасибо", "Где скачать питон?"),
        ("не работает pip install.", "Не работает pip install"),
        ("pip.exe не найден!!!", "pip.exe не найден"),
        ("```\nTraceback\n```\nчто значит KeyError?", "Что значит KeyError?"),
        ("hi all, how do I centre a div?", "How do I centre a div?"),
        ("а где лежит учебная база", "Где лежит учебная база?"),
        ("ПОЧЕМУ срок сгорел в воскресенье", "Почему срок сгорел в воскресенье?"),
        ("Permission denied (publickey", "Permission denied"),
        ("Как отменить слияние, если начались конфликты и я запутался?", "Как отменить слияние?"),
        (
            "Рассрочку одобрили ещё утром, банк прислал график, сколько ждать доступа?",
            "Сколько ждать доступа?",
        ),
        ("Здрасьте, где скачать сертификат", "Где скачать сертификат?"),
        ("What causes the error 'table not found?", "What causes the error table not found?"),
    ],
)
def test_the_best_title_of_a_question_reads_well(text: str, title: str) -> None:
    assert max(titles_of(text), key=form_of) == title


@pytest.mark.parametrize(
    ("text", "half"),
    [
        ("Можно в витрину положить то, что рисовала для себя?", "Можно в витрину положить то?"),
        ("Мой урок прошёл нормально, а в расписании его нет", "Мой урок прошёл нормально"),
        ("Лектор рот открывает, звука нет", "Лектор рот открывает"),
        ("Как посчитать, сколько клиентов в столбце?", "Сколько клиентов в столбце?"),
    ],
)
def test_half_of_a_sentence_that_needs_the_other_is_no_title(text: str, half: str) -> None:
    assert half not in titles_of(text)
    assert text.rstrip(".") in titles_of(text)


@pytest.mark.parametrize("text", ["", "?!", " … "])
def test_what_has_no_words_has_no_title(text: str) -> None:
    assert titles_of(text) == ()


@given(st.text(max_size=400))
def test_titles_are_short_and_of_one_line(text: str) -> None:
    for title in titles_of(text):
        assert 0 < len(title) <= LONGEST
        assert "\n" not in title


def test_a_title_is_about_the_keywords_in_the_language_of_most() -> None:
    texts = [
        "Добрый день! Уже третий день мучаюсь. как вернуть деньги за курс?",
        "как мне вернуть деньги за курс если я передумала и не открывала уроки",
        "почему мне не отвечают, деньги ушли за курс неделю назад",
        "How do I get the money for the course back?",
    ]
    vectors = centred(np.random.default_rng(0).standard_normal((4, 8)).astype(np.float32))
    described = describe(texts, vectors, np.zeros(4, np.int64), np.ones(4, np.float32))[0]
    assert described.label == "Как вернуть деньги за курс?"
    assert {"деньги", "курс"} <= set(" ".join(described.keywords).split())


@pytest.mark.parametrize(
    ("forms", "shown"),
    [
        ({"картинку": 3, "картинка": 1}, "картинка"),
        ({"пользователи": 3, "пользователей": 2}, "пользователи"),
        ({"денег": 3, "деньги": 4}, "деньги"),
        ({"приходит": 2, "пришло": 1}, "приходить"),
        ({"комит": 2, "комита": 1}, "комит"),
        ({"cards": 3, "card": 2}, "cards"),
        ({"смогу": 2, "смог": 1}, "смочь"),
        ({"сводной": 3, "сводная": 1}, "сводная"),
        ({"новые": 3, "новый": 1}, "новые"),
        ({"воскресенье": 2}, "воскресенье"),
        ({"домашку": 3}, "домашка"),
        ({"гитхаба": 3, "гитхаб": 1}, "гитхаб"),
        ({"гитхаба": 3, "гитхабу": 1}, "гитхаба"),
    ],
)
def test_keywords_stand_in_their_dictionary_form(forms: dict[str, int], shown: str) -> None:
    assert dictionary_form(forms) == shown


@pytest.mark.parametrize(
    ("pair", "shown"),
    [
        ("карточке урока", "карточка урока"),
        ("партнёрской ссылке", "партнёрская ссылка"),
        ("вчерашнего занятия", "вчерашнее занятие"),
        ("агрегатной функции", "агрегатная функция"),
        ("отменить коммит", "отменить коммит"),
        ("left join", "left join"),
        ("лайв сервер", "лайв сервер"),
        ("купила новый", None),
        ("входа продиктовали", None),
        ("месяц карта", None),
        ("прячется под", None),
    ],
)
def test_pairs_of_words_are_phrases_in_the_nominative_or_nothing(pair: str, shown: str | None) -> None:
    assert phrase_form({pair: 2}) == shown


def test_words_that_name_nothing_and_tales_are_known() -> None:
    assert all(map(is_function_word, ["он", "под", "пять", "первый", "свой"]))
    assert not any(map(is_function_word, ["урок", "отменить", "комит", "git", "новый"]))
    assert all(map(tells_the_past, ["Зашел", "отправила", "Снял"]))
    assert not any(map(tells_the_past, ["Как", "отменить", "Урок", "Not"]))


def test_adjectives_are_told_from_nouns_that_look_alike() -> None:
    assert all(map(is_adjective, ["рабочий", "новая", "сводной", "готовые"]))
    assert not any(map(is_adjective, ["урок", "данные", "картинка", "git"]))


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ("Хожу третью неделю", "Как ходить третью неделю"),
        ("Страница лежит в папке pages", "Страница в папке pages"),
        ("Школа отличная, претензий нет", "Школа закрыта, доступа нет"),
        ("Submitted project two last Thursday", "How to submit project two"),
        ("Номер заказа 118204", "Номер заказа"),
        ("На часах 11:00", "На часах"),
        ("Почему так?", "Почему дорого?"),
        ("Надо вытащить телефоны из текста", "Надо ли вытащить телефоны из текста"),
        ("Оплатила", "Оплатила курс"),
    ],
)
def test_tales_praise_and_particulars_are_worse_titles(worse: str, better: str) -> None:
    assert form_of(worse) < form_of(better)


def test_half_a_thought_and_a_tale_are_worse_titles() -> None:
    assert form_of("Если по московскому времени") < form_of("По московскому времени")
    assert form_of("Если удалить ветку, что будет?") > form_of("Если удалить ветку, что будет")
    assert form_of("Отправила работу в галерею") < form_of("Отправить работу в галерею")


def test_a_title_without_any_keyword_loses() -> None:
    texts = ["В книжке всё просто", "Где скачать датасет", "датасет откуда взять", "датасет битый"]
    vectors = centred(np.random.default_rng(0).standard_normal((4, 8)).astype(np.float32))
    others = centred(np.random.default_rng(1).standard_normal((3, 8)).astype(np.float32))
    more = ["как вернуть деньги", "деньги за курс", "верните деньги"]
    rows, labels = np.vstack([vectors, others]), np.array([0] * 4 + [1] * 3)
    assert "датасет" in describe(texts + more, rows, labels, np.ones(7, np.float32))[0].label.lower()


def test_a_title_says_what_questions_share_rather_than_what_is_one_students() -> None:
    texts = [
        "как выключить уведомления на старом планшете мужа?",
        "как выключить уведомления?",
        "уведомления приходят ночью, как выключить",
        "уведомления уведомления! выключить бы их",
    ]
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (4, 1))
    described = describe(texts, vectors, np.zeros(4, np.int64), np.ones(4, np.float32))[0]
    assert described.label == "Как выключить уведомления?"


def test_a_sentence_that_leaves_out_what_its_question_is_about_loses() -> None:
    texts = [
        "На балансе урок не появился. Что мне теперь делать дальше?",
        "урок на балансе не появился",
        "баланс урока пустой",
    ]
    vectors = np.tile(np.eye(1, 8, dtype=np.float32), (3, 1))
    described = describe(texts, vectors, np.zeros(3, np.int64), np.ones(3, np.float32))[0]
    assert "балансе" in described.label


def test_words_and_title_are_in_the_language_of_most_and_of_the_school_when_it_is_a_tie() -> None:
    texts = [
        "How do I submit homework?",
        "submit homework late",
        "как сдать домашку",
        "куда сдать домашку",
        "где лежит урок",
        "урок не открывается",
        "нет урока",
    ]
    vectors = centred(np.random.default_rng(0).standard_normal((7, 8)).astype(np.float32))
    described = describe(texts, vectors, np.array([0] * 4 + [1] * 3), np.ones(7, np.float32))
    assert "домашку" in described[0].label
    assert not {"homework", "submit"} & set(" ".join(described[0].keywords).split())


def test_exemplars_are_readable_and_in_the_language_of_most() -> None:
    texts = [
        "how to undo a commit",
        "как отменить коммит",
        "вернуть удалённый файл",
        "коммит не туда",
        "где ветка",
    ]
    vectors = centred(np.random.default_rng(0).standard_normal((5, 16)).astype(np.float32))
    found = describe(texts, vectors, np.zeros(5, np.int64), np.ones(5, np.float32), repaired={1})
    assert set(found[0].exemplars) == {2, 3, 4}
    few = describe(texts[:3], vectors[:3], np.zeros(3, np.int64), np.ones(3, np.float32), repaired={1})
    assert few[0].exemplars[0] == 2
    assert set(few[0].exemplars) == {0, 1, 2}


def test_masked_addresses_and_numbers_are_no_keywords() -> None:
    texts = ["пишу с petrov@mail.example письмо 8-900", "письмо на ivanov@mail.example 8-900"]
    assert keywords({0: texts})[0] == ("письмо",)


def test_keywords_of_a_cluster_that_shares_no_word_are_single_words() -> None:
    assert all(" " not in word for word in keywords({0: ["черные чернила", "синяя бумага"]})[0])


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

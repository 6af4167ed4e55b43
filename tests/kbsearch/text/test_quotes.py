"""What others said is left out of what is searched for, when the student's own words ask something."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.text.pointing import asks_by_itself
from kbsearch.text.quoted_speech import is_person
from kbsearch.text.quotes import own_words, without_quotes

QUOTED = {
    "Markdown": (
        "> где запись вебинара?\n> ссылка мёртвая\n\nкогда проверят задание?",
        "когда проверят задание?",
    ),
    "levels": (
        ">> пуш не проходит\n> сделай git pull\n\nкак поменять текст коммита?",
        "как поменять текст коммита?",
    ),
    "below": (
        "How can I make my repository private?\n\nOn Tue, Mar 10, 2026 at 6:40 PM R <r@mail.example> wrote:\n"
        "> Hi all, my site on Pages shows an old page.\n>\n> I waited one hour.",
        "How can I make my repository private?",
    ),
    "Russian mail": (
        "12 марта 2026 г., 14:05, Ольга <o@mail.example> написала:\n> ВПР даёт Н/Д\n\nсводная не обновляется",
        "сводная не обновляется",
    ),
    "broken author": (
        "On Mon, 9 Mar 2026 at 10:12, Support of it\n<help@school.example> wrote:\n> Here you are.\n\n"
        "Where do I download the receipt?",
        "Where do I download the receipt?",
    ),
    "original": (
        "Как заморозить подписку?\n\n-----Original Message-----\nFrom: Школа\nSent: Monday\nSubject: Урок\n\n"
        "Урок перенесён.\n\nВыберите время.",
        "Как заморозить подписку?",
    ),
    "Telegram": (
        "Иван Петров, [12.03.2026 14:05]\nформа перезагружает страницу\n\nИван Петров, [12.03.26, 14:06:10]\n"
        "помогите\n\nкак складывать числа из полей?",
        "как складывать числа из полей?",
    ),
    "masked": ("[name], [12.03.2026 14:05]\nне грузится видео\n\nгде субтитры?", "где субтитры?"),
    "lines": (
        "[12.03.2026 18:44] Оксана: где шрифт?\n12.03.2026, 18:45 - Глеб: тут\nменю прячется под баннером",
        "меню прячется под баннером",
    ),
    "Discord": ("Глеб — сегодня в 14:05\nне приходит код\n\nкак сменить карту?", "как сменить карту?"),
    "said": (
        "«Почему 0.1 + 0.2 не 0.3?» — Иван писал вчера. А почему 5 + 5 после input даёт 55?",
        "А почему 5 + 5 после input даёт 55?",
    ),
    "asked": ('Anna said: "my apply wants to destroy it". Where do I store keys?', "Where do I store keys?"),
    "in the chat": (
        "Мама написала в чат: «не приходит СМС с кодом». Как сменить тариф?",
        "Как сменить тариф?",
    ),
    "reply": (
        "В ответ на сообщение Сергея «якорь прыгает не туда»:\nкак открыть новое окно?",
        "как открыть новое окно?",
    ),
    "forwarded": (
        "Переслано от: Школа\nС 1 апреля скидка на все курсы!\n\nможно платить частями?",
        "можно платить частями?",
    ),
    "forwarded mail": (
        "---------- Forwarded message ---------\nОт: Школа\nДата: пн\nТема: Код\n\nДарим 5 %.\n\n"
        "Какие бумаги нужны для вычета?",
        "Какие бумаги нужны для вычета?",
    ),
}
OWN = [
    ">>> print(x)\n3\n>>> x > 2\nTrue\nпочему печатается 3?",
    "> npm start\n> server@1.0.0 start\n> node server.js\nпочему сервер не отвечает на запросы?",
    "> Hello world\nпочему вывод без перевода строки?",
    "<button\n  type='submit'\n>\n  Отправить\n</button\n>\nпочему кнопка не нажимается дважды?",
    "если x\n> 5 то как записать условие правильно?",
    "пишу в консоли python main.py\n> out.txt\nпочему файл пустой остаётся?",
    "запрос where price\n>= 100 почему возвращает пустую таблицу?",
    "```markdown\n> цитата в моём учебном файле\n```\nпочему цитата не выделяется отступом?",
    "> x <- c(1, 2, 3)\n> mean(x)\n[1] 2\nкак посчитать медиану столбца?",
    "> TypeError: area() missing 1 required argument\n\nпочему не хватает аргументов площади?",
    "Система пишет: «неверный логин или пароль». Как войти в кабинет?",
    "Ментор написал: «замените цикл на генератор». Как записать генератор списка?",
    'Git said: "Please tell me who you are". How do I introduce myself to the repository?',
    "Ответ на задачу «Список покупок» не принимается, формат вывода верный",
    "[12.03.2026 18:44] ERROR: connection lost\nпочему приложение теряет соединение?",
    "curl -v\nDate: Mon, 9 Mar\nServer: nginx\nпочему nginx отвечает ошибкой 502?",
    "Как учить «ser и estar» быстрее, есть таблица?",
]
POINTING = [
    "> You are in 'detached HEAD' state\n\nчто это значит?",
    "> урок закрыт замком, хотя пятый я прошёл\n\nу меня то же самое, что делать?",
    "«Шестой урок закрыт замком» — писал Влад. У меня то же самое, что делать?",
    "Таня, [11.03.2026 08:12]\nсписали дважды\n\nу меня тоже так, куда писать?",
    "> column must appear in the GROUP BY clause\n\n+1, same here. How to fix?",
    "> где запись вебинара?\n\nспасибо!",
    "> где запись вебинара?",
]


@pytest.mark.parametrize(("text", "own"), QUOTED.values(), ids=QUOTED)
def test_quotes_are_left_out(text: str, own: str) -> None:
    assert without_quotes(text) == own


@pytest.mark.parametrize("text", OWN)
def test_what_looks_like_a_quote_and_is_none_stays(text: str) -> None:
    assert own_words(text) == text
    assert without_quotes(text) == text


@pytest.mark.parametrize("text", POINTING)
def test_a_quote_stays_where_the_rest_only_points_at_it(text: str) -> None:
    assert own_words(text) != text
    assert without_quotes(text) == text


@pytest.mark.parametrize(
    "text", ["что это?", "та же ошибка", "как это исправить?", "what does this mean?", "", "🙏"]
)
def test_pointing_asks_nothing_by_itself(text: str) -> None:
    assert not asks_by_itself(text)


@pytest.mark.parametrize("text", ["где сертификат?", "как скачать видео", "pods stay pending", "二 или 两?"])
def test_a_few_words_may_ask_by_themselves(text: str) -> None:
    assert asks_by_itself(text)


def test_names_of_people_are_told_from_things() -> None:
    assert all(map(is_person, ["Иван", "Петрова", "Anna", "@olga", "[name]"]))
    assert not any(map(is_person, ["Ментор", "Система", "Git", "терминал", "она", "He"]))


_PIECES = st.sampled_from(
    [
        "> где запись?",
        ">",
        ">>> x",
        "Иван, [12.03.2026 14:05]",
        "«не приходит письмо» — писал Влад.",
        "```",
        "",
        "как сдать?",
        "On Mon, Ivan wrote:",
        "Переслано от Школы",
        "From: a",
        "To: b",
        "что это?",
        "Анна писала: «всё пропало у меня»",
    ]
)


@given(st.lists(_PIECES, max_size=12).map("\n".join))
def test_leaving_quotes_out_twice_changes_nothing_more(text: str) -> None:
    once = without_quotes(text)
    assert without_quotes(once) == once
    assert len(once) <= len(text)
    assert once or not text


@given(st.text(alphabet="абв где?.!\n", max_size=200))
def test_a_text_without_marks_is_unchanged(text: str) -> None:
    assert without_quotes(text) == text

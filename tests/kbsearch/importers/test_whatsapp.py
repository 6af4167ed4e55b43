"""Chats of WhatsApp as text: layouts of telephones, replies, and what is no question."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, Skipped
from kbsearch.importers.sources import open_source

RUSSIAN = """\
02.03.2026, 18:19 - Сообщения и звонки защищены сквозным шифрованием.
02.03.2026, 18:19 - Ольга Ким создал(-а) группу "Frontend 12"
02.03.2026, 18:20 - Анна Петрова: Почему пуш не проходит?
пишет: rejected
02.03.2026, 18:21 - Анна Петрова: <Без медиафайлов>
02.03.2026, 18:25 - Ольга Ким: Сделайте сначала git pull
02.03.2026, 18:26 - Анна Петрова: спасибо, помогло
03.03.2026, 09:05 - +7 916 123-45-67: Где запись вебинара? @79161234567 подскажите
03.03.2026, 09:06 - +7 916 123-45-67: Данное сообщение удалено
"""


def drawn(folder: Path, text: str, **options: Any) -> tuple[list[IncomingQuestion], Counter[str]]:
    path = folder / "Чат WhatsApp.txt"
    path.write_text(text, "utf-8")
    source = open_source(path, ImportOptions(mentors=("Ольга Ким",), **options))
    assert source.format == "whatsapp"
    records = list(source.records())
    skipped = Counter(one.reason for one in records if isinstance(one, Skipped))
    return [one for one in records if isinstance(one, IncomingQuestion)], skipped


def test_messages_become_questions_with_replies(tmp_path: Path) -> None:
    (push, webinar), skipped = drawn(tmp_path, RUSSIAN, course="git")
    assert (push.text, push.author, push.course) == (
        "Почему пуш не проходит?\nпишет: rejected",
        "Анна Петрова",
        "git",
    )
    assert (push.asked_at, push.place, push.source) == (
        datetime(2026, 3, 2, 18, 20),
        "line 3",
        "Чат WhatsApp",
    )
    (reply,) = push.replies
    assert (reply.text, reply.by_mentor, reply.accepted) == ("Сделайте сначала git pull", True, True)
    assert (webinar.author, webinar.text) == ("+7 916 123-45-67", "Где запись вебинара? [name] подскажите")
    assert skipped == {
        "a service message": 2,
        "a message without text (picture, sticker, file)": 1,
        "a deleted post": 1,
    }


@pytest.mark.parametrize(
    ("line", "moment", "author"),
    [
        ("[02.03.2026, 18:20:11] Анна: почему?", datetime(2026, 3, 2, 18, 20, 11), "Анна"),
        ("\u200e[3/2/26, 6:20:11\u202fPM] ~\u202fAnna: почему?", datetime(2026, 3, 2, 18, 20, 11), "Anna"),
        (
            "3/2/26, 6:20\u202fPM - \u202a+1 (415) 555-0134\u202c: почему?",
            datetime(2026, 3, 2, 18, 20),
            "+1 (415) 555-0134",
        ),
        ("02/03/2026, 6:20 pm - Anna: почему?", datetime(2026, 3, 2, 18, 20), "Anna"),
        ("02/03/26, 18:20 - Anna: почему?", datetime(2026, 3, 2, 18, 20), "Anna"),
        ("2026-03-02, 18:20 - Anna: почему?", datetime(2026, 3, 2, 18, 20), "Anna"),
        ("02.03.26, 18:20 - Anna: почему? \u200e<Сообщение изменено>", datetime(2026, 3, 2, 18, 20), "Anna"),
        (
            "02.03.26, 18:20 - Anna: \u200eIMG-20260302.jpg (файл добавлен)\nпочему?",
            datetime(2026, 3, 2, 18, 20),
            "Anna",
        ),
    ],
)
def test_layouts_of_telephones(tmp_path: Path, line: str, moment: datetime, author: str) -> None:
    (asked,), _ = drawn(tmp_path, line + "\n")
    assert (asked.text, asked.asked_at, asked.author) == ("почему?", moment, author)


def test_one_day_of_the_chat_tells_whether_the_month_is_first(tmp_path: Path) -> None:
    lines = "3/2/26, 18:20 - Anna: почему?\n3/14/26, 18:20 - Bob: где?\n"
    assert [one.asked_at for one in drawn(tmp_path, lines)[0]] == [
        datetime(2026, 3, 2, 18, 20),
        datetime(2026, 3, 14, 18, 20),
    ]
    lines = "3/2/26, 6:20 PM - Anna: почему?\n14/2/26, 6:20 PM - Bob: где?\n"
    assert drawn(tmp_path, lines)[0][0].asked_at == datetime(2026, 2, 3, 18, 20)


def test_mentions_of_names_are_masked(tmp_path: Path) -> None:
    (asked,), _ = drawn(tmp_path, "02.03.26, 18:20 - A: @\u2068Ольга Ким\u2069 почему?\n")
    assert asked.text == "[name] почему?"


def test_a_text_that_only_has_a_date_is_no_chat(tmp_path: Path) -> None:
    path = tmp_path / "q.txt"
    path.write_text("text,date\nпочему?,02.03.2026\n", "utf-8")
    assert open_source(path, ImportOptions()).format == "csv"

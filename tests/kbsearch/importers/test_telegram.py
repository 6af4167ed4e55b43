"""Telegram Desktop exports: bursts, replies, thanks, topics, and what is no question."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kbsearch.errors import UnreadableFile
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, Skipped
from kbsearch.importers.sources import open_source

START = 1_767_225_600
MENTOR = {"from": "Мария Ковалёва", "from_id": "user900"}


def said(id: int, who: int, text: Any, minute: float = 0, **fields: Any) -> dict[str, Any]:
    message = {"id": id, "type": "message", "date": "2026-01-01T03:00:00", "from": f"Ученик {who}"}
    message |= {"date_unixtime": str(int(START + minute * 60)), "from_id": f"user{who}", "text": text}
    return message | fields


def chat(*messages: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"name": "Поток 7", "type": "private_supergroup", "id": 42, "messages": list(messages), **fields}


def drawn(
    folder: Path, data: Any, *mentors: str, **options: Any
) -> tuple[list[IncomingQuestion], list[Skipped]]:
    path = folder / "result.json"
    path.write_text(json.dumps(data, ensure_ascii=False), "utf-8")
    records = list(open_source(path, ImportOptions(mentors=mentors, **options)).records())
    questions = [record for record in records if isinstance(record, IncomingQuestion)]
    return questions, [record for record in records if isinstance(record, Skipped)]


def test_of_a_folder_what_stands_beside_the_chat_is_counted(tmp_path: Path) -> None:
    (tmp_path / "result.json").write_text(json.dumps(chat(said(1, 1, "как сдать?"))), "utf-8")
    for name in ("questions.csv", "cases.xlsx", "messages.html"):
        (tmp_path / name).write_text("text\nраз\n", "utf-8")
    records = list(open_source(tmp_path, ImportOptions()).records())
    beside = [record.place for record in records if isinstance(record, Skipped) and record.harmless]
    assert beside == ["cases.xlsx", "questions.csv"]
    assert [q.text for q in records if isinstance(q, IncomingQuestion)] == ["как сдать?"]


def test_a_burst_of_one_person_is_one_question(tmp_path: Path) -> None:
    data = chat(
        said(1, 1, "Всем привет", 0),
        said(2, 1, "не могу запушить", 1),
        said(3, 1, ["пишет ", {"type": "code", "text": "rejected"}, " что делать?"], 3.5),
        said(4, 1, "а другой вопрос позже", 9),
    )
    questions, _ = drawn(tmp_path, data)
    assert [q.text for q in questions] == [
        "Всем привет\nне могу запушить\nпишет `rejected` что делать?",
        "а другой вопрос позже",
    ]
    first = questions[0]
    assert (first.source, first.external_id, first.author) == ("telegram:42", "1", "user1")
    assert first.asked_at == datetime(2026, 1, 1, tzinfo=UTC)


def test_another_person_between_ends_a_burst(tmp_path: Path) -> None:
    data = chat(said(1, 1, "первый", 0), said(2, 2, "второй", 0.5), said(3, 1, "третий", 1))
    assert [q.text for q in drawn(tmp_path, data)[0]] == ["первый", "второй", "третий"]


def test_replies_are_folded_and_thanks_accept_them(tmp_path: Path) -> None:
    data = chat(
        said(1, 1, "как откатить коммит?", 0),
        said(2, 2, "у меня так же", 5, reply_to_message_id=1),
        said(3, 9, "git reset", 6, reply_to_message_id=1, **MENTOR),
        said(4, 9, "и потом push", 7, **MENTOR),
        said(5, 1, "Спасибо, помогло!", 8, reply_to_message_id=4),
        said(6, 3, "а где расписание?", 9),
    )
    questions, skipped = drawn(tmp_path, data, "мария ковалёва")
    assert [q.text for q in questions] == ["как откатить коммит?", "а где расписание?"]
    student, mentor = questions[0].replies
    assert (student.by_mentor, student.accepted) == (False, False)
    assert (mentor.text, mentor.by_mentor, mentor.accepted) == ("git reset\nи потом push", True, True)
    assert skipped == []


@pytest.mark.parametrize(
    ("text", "quoted"),
    [
        ("а как теперь удалить ветку на сервере?", 2),
        ("спасибо! а как теперь удалить ветку", 2),
        ("и ещё: почему она называется master?", 1),
    ],
)
def test_the_asker_who_goes_on_asking_begins_another_question(tmp_path: Path, text: str, quoted: int) -> None:
    data = chat(
        said(1, 1, "как откатить коммит?", 0),
        said(2, 9, "git reset", 6, reply_to_message_id=1, **MENTOR),
        said(3, 1, text, 20, reply_to_message_id=quoted),
        said(4, 9, "вот так", 25, reply_to_message_id=3, **MENTOR),
    )
    questions, skipped = drawn(tmp_path, data, "user900")
    assert [(q.text, q.external_id, [r.text for r in q.replies]) for q in questions] == [
        ("как откатить коммит?", "1", ["git reset"]),
        (text, "3", ["вот так"]),
    ]
    assert skipped == []


@pytest.mark.parametrize(
    ("asked_back", "text"),
    [
        ("какая у вас версия?", "3.11, а это вообще важно?"),  # answers what was asked back
        ("обновите git", "обновил, пишет https://example.org/?a=1"),  # adds to the question
        ("обновите git", "а зачем?"),  # means nothing alone
    ],
)
def test_what_the_asker_adds_stays_with_the_question(tmp_path: Path, asked_back: str, text: str) -> None:
    data = chat(
        said(1, 1, "не ставится пакет, что делать?", 0),
        said(2, 9, asked_back, 6, reply_to_message_id=1, **MENTOR),
        said(3, 1, text, 20, reply_to_message_id=2),
    )
    [question], skipped = drawn(tmp_path, data, "user900")
    assert [reply.text for reply in question.replies] == [asked_back, text]
    assert skipped == []


@pytest.mark.parametrize("text", ["ok", "понял, спасибо", "Всем привет!", "+1", "👍"])
def test_small_talk_that_belongs_nowhere_is_passed_over_and_counted(tmp_path: Path, text: str) -> None:
    data = chat(said(1, 1, text, 0), said(2, 2, "как откатить коммит?", 30))
    questions, skipped = drawn(tmp_path, data)
    assert [q.text for q in questions] == ["как откатить коммит?"]
    assert [(row.place, row.harmless) for row in skipped] == [("message 1", True)]


def test_a_nod_of_the_asker_is_no_reply_but_yes_of_a_mentor_is(tmp_path: Path) -> None:
    data = chat(
        said(1, 1, "можно сдать завтра?", 0),
        said(2, 9, "да", 6, reply_to_message_id=1, **MENTOR),
        said(3, 1, "ок", 7, reply_to_message_id=2),
        said(4, 1, "спасибо", 20, reply_to_message_id=3),
    )
    [question], skipped = drawn(tmp_path, data, "user900")
    assert [(reply.text, reply.accepted) for reply in question.replies] == [("да", True)]
    assert [row.place for row in skipped] == ["message 3"]


@pytest.mark.parametrize("mentor", ["user900", "900", "Мария Ковалёва"])
def test_a_mentor_who_speaks_right_after_a_question_answers_it(tmp_path: Path, mentor: str) -> None:
    data = chat(
        said(1, 1, "где дедлайн?", 0),
        said(2, 9, "в календаре", 4, **MENTOR),
        said(3, 1, "спасибо", 5),
        said(4, 9, "Всем доброе утро, сегодня вебинар", 600, **MENTOR),
    )
    questions, skipped = drawn(tmp_path, data, mentor)
    assert [(q.text, [r.text for r in q.replies]) for q in questions] == [("где дедлайн?", ["в календаре"])]
    assert questions[0].replies[0].accepted
    assert [row.harmless for row in skipped] == [True]


def test_without_mentors_everybody_asks(tmp_path: Path) -> None:
    data = chat(said(1, 1, "где дедлайн?", 0), said(2, 9, "в календаре", 4))
    assert len(drawn(tmp_path, data)[0]) == 2


def test_messages_without_content_are_passed_over(tmp_path: Path) -> None:
    data = chat(
        {"id": 1, "type": "service", "action": "invite_members", "text": ""},
        said(2, 1, "", 0, photo="a.jpg"),
        said(3, 1, [], 1, media_type="sticker"),
        said(4, 1, "почему?", 2, **{"from": None}),
    )
    questions, skipped = drawn(tmp_path, data)
    assert [q.text for q in questions] == ["почему?"]
    assert [row.harmless for row in skipped] == [True] * 3


CHANNEL = {"from": "Школа", "from_id": "channel7"}


def test_posts_of_the_linked_channel_are_passed_over_and_their_comments_ask(tmp_path: Path) -> None:
    data = chat(
        said(1, 0, "Завтра вебинар!", 0, **CHANNEL, forwarded_from="Школа", saved_from="Школа"),
        said(2, 0, "И запись", 1, **CHANNEL, forwarded_from="Школа", forwarded_from_id="channel7"),
        said(3, 1, "а во сколько?", 2, reply_to_message_id=1),
        said(4, 0, "в 19:00", 3, **CHANNEL, reply_to_message_id=3),
    )
    questions, skipped = drawn(tmp_path, data)
    assert [(q.text, [r.text for r in q.replies]) for q in questions] == [("а во сколько?", ["в 19:00"])]
    assert {(row.reason, row.harmless) for row in skipped} == {
        ("a channel's post, forwarded into its discussion group", True)
    }
    assert [row.place for row in skipped] == ["message 1", "message 2"]


@pytest.mark.parametrize(
    "fields",
    [
        {"forwarded_from": "Школа"},  # a person forwards the post to ask about it
        CHANNEL,  # somebody writes in the name of a channel
        CHANNEL | {"forwarded_from": "Другой", "forwarded_from_id": "channel8"},
    ],
)
def test_other_forwards_and_channels_still_ask(tmp_path: Path, fields: dict[str, Any]) -> None:
    assert len(drawn(tmp_path, chat(said(1, 1, "что это значит?", **fields)))[0]) == 1


def test_a_broken_message_is_reported(tmp_path: Path) -> None:
    data = chat(said(1, 1, "а", 0, date_unixtime="вчера"), {"text": "без id"}, said(3, 1, "б", 1))
    questions, skipped = drawn(tmp_path, data)
    assert [q.text for q in questions] == ["б"]
    assert [(row.place, row.harmless) for row in skipped] == [("message 1", False), ("entry 2", False)]


def test_exports_of_2021_have_numbers_and_local_dates(tmp_path: Path) -> None:
    message = {
        "id": 1,
        "type": "message",
        "date": "2021-03-02T15:00:00",
        "from": "А",
        "from_id": 5,
        "text": "как?",
    }
    [question] = drawn(tmp_path, chat(message))[0]
    assert question.author == "user5"
    assert question.asked_at == datetime(2021, 3, 2, 15)


def test_topics_tell_the_course(tmp_path: Path) -> None:
    data = chat(
        {"id": 10, "type": "service", "action": "topic_created", "title": "Урок 5. Git", "text": ""},
        said(11, 1, "как откатить?", 0, reply_to_message_id=10),
        said(12, 2, "в общем чате", 0.2),
        said(13, 1, "вот так пишет", 0.5, reply_to_message_id=10),
        said(14, 2, "reset", 2, reply_to_message_id=13),
    )
    questions, _ = drawn(tmp_path, data)
    assert [(q.text, q.course, len(q.replies)) for q in questions] == [
        ("как откатить?\nвот так пишет", "Урок 5. Git", 1),
        ("в общем чате", "", 0),
    ]


def test_a_name_that_only_the_export_knows_is_masked(tmp_path: Path) -> None:
    text = ["спросите ", {"type": "mention_name", "text": "Иван Петров", "user_id": 7}, " где"]
    [question] = drawn(tmp_path, chat(said(1, 1, text)))[0]
    assert question.text == "спросите [name] где"


def test_an_export_of_an_account_gives_its_groups(tmp_path: Path) -> None:
    own = chat(said(1, 1, "заметка"), type="saved_messages")
    data = {"chats": {"list": [own, chat(said(1, 1, "как?"), id=5), chat(said(1, 1, "где?"), id=6)]}}
    questions, _ = drawn(tmp_path, data)
    assert [(q.source, q.text) for q in questions] == [("telegram:5", "как?"), ("telegram:6", "где?")]


def test_a_truncated_export_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(chat(said(1, 1, "как?")))[:-20], "utf-8")
    with pytest.raises(UnreadableFile, match="not whole JSON") as caught:
        open_source(path, ImportOptions())
    assert "export it again" in caught.value.remedy


def test_a_deeply_nested_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "result.json"
    path.write_text('{"a":' * 100_000, "utf-8")
    with pytest.raises(UnreadableFile, match="is not whole JSON"):
        open_source(path, ImportOptions())


def test_a_reply_to_another_chat_answers_nothing_here(tmp_path: Path) -> None:
    data = chat(
        said(3, 1, "почему пуш не проходит?"),
        said(4, 2, "как понять, что дедлайн прошёл?", 60, reply_to_message_id=3, reply_to_peer_id="channel5"),
    )
    questions, _ = drawn(tmp_path, data)
    assert [(q.text, len(q.replies)) for q in questions] == [
        ("почему пуш не проходит?", 0),
        ("как понять, что дедлайн прошёл?", 0),
    ]


def test_what_a_message_quotes_is_marked(tmp_path: Path) -> None:
    quote = {"type": "blockquote", "text": "Сначала git pull\nпотом push", "collapsed": False}
    questions, _ = drawn(tmp_path, chat(said(1, 1, [quote, "\nа если конфликт?"])))
    assert questions[0].text == "> Сначала git pull\n> потом push\nа если конфликт?"


def test_a_chat_of_a_strange_type_is_read(tmp_path: Path) -> None:
    questions, _ = drawn(tmp_path, chat(said(1, 1, "как сдать проект?"), type=[]))
    assert len(questions) == 1

"""Posts of Stepik, Open edX, Canvas and Discord."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, Skipped
from kbsearch.importers.sources import open_source

ASKED = datetime(2026, 3, 2, 15, 20, tzinfo=UTC)


def drawn(folder: Path, data: Any, kind: str, **options: Any) -> tuple[list[IncomingQuestion], Counter[str]]:
    path = folder / "export.json"
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), "utf-8")
    source = open_source(path, ImportOptions(**options))
    assert source.format == kind
    records = list(source.records())
    skipped = Counter(one.reason for one in records if isinstance(one, Skipped))
    return [one for one in records if isinstance(one, IncomingQuestion)], skipped


def stepik(number: int, parent: int | None, user: int, role: str, text: str, **fields: Any) -> dict[str, Any]:
    told = {"id": number, "parent": parent, "user": user, "user_role": role, "text": text, "target": 33421}
    return told | {"time": f"2026-03-02T15:2{number}:00Z", "is_deleted": False} | fields


def test_comments_of_stepik(tmp_path: Path) -> None:
    comments = [
        stepik(3, 1, 5, "student", "<p>Спасибо!</p>"),
        stepik(2, 1, 6, "teacher", "<p>Функция ничего не <b>возвращает</b>.</p>"),
        stepik(
            1,
            None,
            5,
            "student",
            "<p>Почему <code>print</code> печатает None?</p>",
            time="2026-03-02T15:20:00Z",
        ),
        stepik(4, None, 7, "student", "", is_deleted=True),
        stepik(5, 4, 8, "student", "<p>тоже</p>"),
        stepik(6, None, 6, "teacher", "<p>Пишите сюда.</p>"),
        stepik(7, None, 9, "student", "<p>Где сертификат?</p>"),
    ]
    data = {"meta": {"page": 1}, "comments": comments, "users": [{"id": 9, "full_name": "Ольга Ким"}]}
    (asked,), skipped = drawn(tmp_path, data, "stepik", mentors=("Ольга Ким",))
    assert (asked.text, asked.author, asked.external_id) == ("Почему `print` печатает None?", "5", "1")
    assert (asked.asked_at, asked.source) == (ASKED, "stepik")
    (reply,) = asked.replies
    assert (reply.by_mentor, reply.accepted) == (True, True)
    assert skipped == {
        "a deleted post": 1,
        "a reply to a post that the file does not have": 1,
        "a mentor's message that answers no question": 2,
    }


def test_the_forum_of_open_edx(tmp_path: Path) -> None:
    thread = {"_id": {"$oid": "a1"}, "_type": "CommentThread", "author_id": "77", "author_username": "ann"}
    thread |= {"title": "Push rejected", "body": "Why?", "course_id": "edX/Git/2026"}
    thread["created_at"] = {"$date": {"$numberLong": "1772464800000"}}
    below = {
        "_type": "Comment",
        "comment_thread_id": {"$oid": "a1"},
        "author_id": "1",
        "author_username": "olga",
    }
    answer = below | {"_id": {"$oid": "a2"}, "body": "Pull first", "endorsed": True}
    thanks = below | {"_id": {"$oid": "a3"}, "parent_id": {"$oid": "a2"}, "body": "see the docs"}
    lines = "\n".join(map(json.dumps, (thread, answer, thanks)))
    (asked,), skipped = drawn(tmp_path, f"{lines}\n{{broken\n", "edx", mentors=("olga",))
    assert (asked.text, asked.course, asked.external_id) == ("Push rejected\nWhy?", "edX/Git/2026", "a1")
    assert asked.asked_at == datetime(2026, 3, 2, 15, 20, tzinfo=UTC)
    assert [(one.text, one.by_mentor, one.accepted) for one in asked.replies] == [
        ("Pull first", True, True),
        ("see the docs", True, False),
    ]
    assert sum(skipped.values()) == 1


def test_a_discussion_of_canvas(tmp_path: Path) -> None:
    inner = {"id": 2, "user_id": 1, "message": "<p>Pull first</p>", "created_at": "2026-03-02T15:40:00Z"}
    entry = {"id": 1, "user_id": 77, "parent_id": None, "message": "<p>Why <b>rejected</b>?</p>"}
    entry |= {"created_at": "2026-03-02T15:20:00Z", "user_name": "Ann"}
    (asked,), _ = drawn(tmp_path, [entry | {"recent_replies": [inner]}], "canvas")
    assert (asked.text, asked.author, asked.asked_at) == ("Why rejected?", "77", ASKED)
    assert [one.text for one in asked.replies] == ["Pull first"]
    view = {"participants": [{"id": 1, "display_name": "Olga"}], "view": [entry | {"replies": [inner]}]}
    (asked,), _ = drawn(tmp_path, view, "canvas", mentors=("olga",))
    assert asked.replies[0].by_mentor


def test_a_channel_of_discord(tmp_path: Path) -> None:
    ann, olga = (
        {"id": number, "name": name, "isBot": False} for number, name in (("77", "ann"), ("1", "olga"))
    )

    def said(number: int, author: Any, content: str, **fields: Any) -> dict[str, Any]:
        told = {"id": str(number), "type": "Default", "timestamp": f"2026-03-02T15:2{number}:00.5+00:00"}
        return told | {"content": content, "author": author, "reference": None} | fields

    messages = [
        said(0, ann, "Why is push rejected?"),
        said(4, olga, "Pull first", type="Reply", reference={"messageId": "0"}),
        said(5, ann, "thanks, it works"),
        said(6, ann, "", attachments=[{"id": "9"}]),
        said(7, {"id": "8", "name": "bot", "isBot": True}, "Welcome"),
        said(8, ann, "joined", type="GuildMemberJoin"),
        said(9, ann, "and this?", type="Reply", reference={"messageId": "lost"}),
    ]
    data = {"guild": {"id": "1"}, "channel": {"id": "2", "name": "git-help"}, "messages": messages}
    (asked,), skipped = drawn(tmp_path, data, "discord", mentors=("Olga",))
    assert (asked.text, asked.author, asked.course) == ("Why is push rejected?", "77", "git-help")
    (reply,) = asked.replies
    assert (reply.text, reply.by_mentor, reply.accepted) == ("Pull first", True, True)
    assert sum(skipped.values()) == 4


def test_messages_of_vk_newest_first(tmp_path: Path) -> None:
    asked = {"id": 12, "conversation_message_id": 4, "date": 1772464800, "from_id": 123}
    asked["text"] = "Почему пуш не проходит? [id200|Ольга], помогите"
    answer = {
        "id": 13,
        "conversation_message_id": 5,
        "date": 1772465000,
        "from_id": -200,
        "text": "Сделайте git pull",
    }
    thanks = {
        "id": 14,
        "conversation_message_id": 6,
        "date": 1772465100,
        "from_id": 123,
        "text": "спасибо, помогло",
    }
    joined = {"id": 15, "date": 1772465200, "from_id": 9, "text": "", "action": {"type": "chat_invite_user"}}
    answer["reply_message"] = asked
    data = {"response": {"count": 4, "items": [joined, thanks, answer, asked], "profiles": []}}
    (question,), skipped = drawn(tmp_path, data, "vk")
    assert question.text == "Почему пуш не проходит? [name], помогите"
    assert (question.external_id, question.author, question.asked_at) == ("4", "123", ASKED)
    (reply,) = question.replies
    assert (reply.text, reply.by_mentor, reply.accepted) == ("Сделайте git pull", True, True)
    assert skipped == {"a service message": 1}


def test_conversations_of_intercom(tmp_path: Path) -> None:
    def part(number: int, kind: str, body: str, who: str) -> dict[str, Any]:
        author = {"type": who, "id": who, "name": who}
        told = {"id": str(number), "part_type": kind, "body": body, "author": author}
        return told | {"created_at": 1772464800 + number}

    parts = [
        part(1, "comment", "<p>Pull first</p>", "admin"),
        part(2, "note", "<p>rude one</p>", "admin"),
        part(3, "close", "", "admin"),
        part(4, "comment", "<p>and then?</p>", "user"),
    ]
    source = {
        "id": "403",
        "subject": "",
        "body": "<p>Push is rejected</p>",
        "author": {"type": "user", "id": "user"},
    }
    talk = {"id": "204", "created_at": 1772464800, "title": None, "source": source}
    talk["conversation_parts"] = {"conversation_parts": parts}
    (question,), skipped = drawn(tmp_path, {"conversations": [talk], "pages": {}}, "intercom")
    assert (question.text, question.external_id, question.asked_at) == ("Push is rejected", "204", ASKED)
    assert [(one.text, one.by_mentor) for one in question.replies] == [
        ("Pull first", True),
        ("and then?", False),
    ]
    assert skipped == {"a private reply": 1, "a service message": 1}


def test_a_table_with_like_keys_stays_a_table(tmp_path: Path) -> None:
    row = {"id": 1, "message": "why?", "created_at": "2026-03-02T15:20:00Z", "user_id": 7, "course": "git"}
    (asked,), _ = drawn(tmp_path, [row], "json")
    assert (asked.course, asked.author) == ("git", "7")


@pytest.mark.parametrize("odd", [None, [], {}, True, -1, "", [[]], {"$oid": []}])
def test_odd_values_break_nothing(tmp_path: Path, odd: Any) -> None:
    path = tmp_path / "export.json"
    whole = stepik(1, None, 5, "student", "<p>Почему?</p>")
    post = {"_id": {"$oid": "a1"}, "_type": "CommentThread", "author_id": "77", "body": "Why?"}
    for entry in (whole, post):
        for key in entry:
            path.write_text(
                json.dumps([whole | {"id": 2} if entry is whole else post, entry | {key: odd}]), "utf-8"
            )
            list(open_source(path, ImportOptions()).records())

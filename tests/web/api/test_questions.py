"""Questions over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from kbsearch.app import Kbsearch
from kbsearch.importers.iso_8601 import read_moment
from kbsearch.importers.records import IncomingCourse, IncomingLesson, IncomingQuestion
from kbsearch.models import utc_now

Call = Callable[..., TestResponse]

WHOLE = {
    "text": "Здравствуйте! Пуш не проходит, пишите на ivan@example.com",
    "source": "platform",
    "external_id": "q-1",
    "author": "student-77",
    "course": "git",
    "lesson": "git-1",
    "asked_at": "2026-03-02T18:20:00+03:00",
    "language": "ru",
    "replies": [{"text": "Сначала git pull", "author": "mentor-1", "by_mentor": True, "accepted": True}],
}


def test_a_question_is_taken_once(call: Call) -> None:
    first, second = call("questions", WHOLE), call("questions", WHOLE)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.get_json() == {"id": first.get_json()["id"], "created": True, "repeats": None}
    assert second.get_json() == {"id": first.get_json()["id"], "created": False, "repeats": None}


def test_replies_that_come_later_are_added_once(call: Call) -> None:
    fellow = {"text": "Пишите на ivan@example.com", "author": "student-78"}
    mentor = {"text": "Сначала git pull", "author": "mentor-1", "by_mentor": True}
    asked = {"text": "Пуш не проходит", "source": "platform", "external_id": "q-2"}

    def sent(*replies: dict[str, object]) -> tuple[str, list[tuple[str, bool]]]:
        answer = call("questions", asked | {"replies": replies})
        assert answer.status_code in {200, 201}
        question = call(f"questions/{answer.get_json()['id']}").get_json()
        return question["state"], [(one["text"], one["accepted"]) for one in question["replies"]]

    assert sent(fellow, fellow)[0] == "open"
    state, replies = sent(fellow, mentor)
    assert (state, len(replies)) == ("answered", 2)
    assert "ivan@example.com" not in str(replies)
    assert replies[1] == ("Сначала git pull", False)
    assert sent(mentor) == (state, replies)
    assert sent(mentor | {"accepted": True})[1] == [replies[0], ("Сначала git pull", True)]
    assert sent(mentor)[1][1] == ("Сначала git pull", True)


def test_a_reply_that_is_accepted_later_answers_the_question(call: Call) -> None:
    reply: dict[str, object] = {"text": "Сначала git pull", "author": "student-78"}
    asked = {"text": "Пуш не проходит", "source": "platform", "external_id": "q-3", "replies": [reply]}
    question = call("questions", asked).get_json()["id"]
    assert call(f"questions/{question}").get_json()["state"] == "open"
    many = {"questions": [asked | {"replies": [reply | {"accepted": True}]}]}
    assert call("questions", many).status_code == 200
    assert call(f"questions/{question}").get_json()["state"] == "answered"


def test_a_question_is_read_back_masked(call: Call) -> None:
    question = call(f"questions/{call('questions', WHOLE).get_json()['id']}").get_json()
    assert "ivan@example.com" not in question["text"]
    assert question["text"].startswith("Здравствуйте! Пуш не проходит")
    assert question["asked_at"] == "2026-03-02T15:20:00Z"
    assert (question["course"], question["lesson"], question["state"]) == ("git", "git-1", "answered")
    assert [(reply["text"], reply["by_mentor"]) for reply in question["replies"]] == [
        ("Сначала git pull", True)
    ]
    assert "student-77" not in str(question)
    assert call("questions/999").status_code == 404


def test_a_question_is_answered_in_the_same_call(call: Call) -> None:
    asked = {"text": "как отменить последний коммит", "course": "git", "lesson": "git-1"}
    answer = call("questions", asked | {"suggest": True}).get_json()
    assert answer["created"] is True
    alone = call("suggest", asked).get_json()
    volatile = {"suggestion_id", "milliseconds", "repeats"}
    assert answer["suggestion"]["suggestion_id"]
    assert {name: answer["suggestion"][name] for name in alone.keys() - volatile} == {
        name: alone[name] for name in alone.keys() - volatile
    }


def test_many_are_taken_together(call: Call) -> None:
    texts = ["Один?", "Два?", "Один?"]
    body = {"questions": [{"text": text} for text in texts]}
    first = call("questions", body)
    assert first.status_code == 201
    results = first.get_json()["results"]
    assert [result["created"] for result in results] == [True, True, False]
    assert results[0]["id"] == results[2]["id"]
    again = call("questions", body)
    assert again.status_code == 200
    assert [result["id"] for result in again.get_json()["results"]] == [result["id"] for result in results]


def test_of_many_all_or_none_are_taken(call: Call, school: Kbsearch) -> None:
    before = school.questions.count()
    answer = call("questions", {"questions": [{"text": "Раз?"}, {"text": "ы" * 30_000}]})
    assert answer.status_code == 413
    answer = call("questions", {"questions": [{"text": "Раз?"}, {"text": "Два?", "course": "alchemy"}]})
    assert answer.status_code == 422
    assert school.questions.count() == before


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": "\0 \n"}, "text"),
        ({"text": None}, "text"),
        ({"text": 7}, "text"),
        ({"txt": "Как?"}, "txt"),
        ({"external_id": "x" * 201}, "external_id"),
        ({"source": ""}, "source"),
        ({"asked_at": "2026-03-02T18:20:00"}, "asked_at"),
        ({"asked_at": "yesterday"}, "asked_at"),
        ({"asked_at": f"{utc_now() + timedelta(days=2):%Y-%m-%dT%H:%M:%SZ}"}, "asked_at"),
        ({"language": "Русский"}, "language"),
        ({"replies": [{"text": ""}]}, "replies.0.text"),
        ({"replies": [{"text": "a"}] * 101}, "replies"),
        ({"suggest": "perhaps"}, "suggest"),
    ],
)
def test_a_field_that_cannot_be_used_is_named(call: Call, change: dict[str, object], field: str) -> None:
    answer = call("questions", WHOLE | change)
    assert answer.status_code == 422
    problem = answer.get_json()
    assert [error["field"] for error in problem["errors"]] == [field]
    assert f"'{field}'" in problem["detail"]


def test_a_lesson_of_another_course_is_refused(call: Call, school: Kbsearch) -> None:
    school.questions.save_course(IncomingCourse("sql", "SQL", (IncomingLesson("sql-1", "Начало"),)))
    wrong = {"text": "Как отменить коммит?", "course": "git", "lesson": "sql-1"}
    for path, body in (("questions", wrong), ("suggest", wrong), ("questions", {"questions": [wrong]})):
        answer = call(path, body)
        assert answer.status_code == 422
        assert "belongs to course sql, not to git" in answer.get_json()["detail"]
    assert call("search", q="коммит", course="git", lesson="sql-1").status_code == 422
    assert call("questions", wrong | {"course": ""}).status_code == 201
    assert call("questions", wrong | {"text": "Как вернуть коммит?", "lesson": "git-1"}).status_code == 201


def test_null_in_a_field_that_may_be_left_out_is_as_good_as_leaving_it_out(call: Call) -> None:
    optional = (
        "external_id",
        "source",
        "author",
        "course",
        "lesson",
        "asked_at",
        "language",
        "replies",
        "suggest",
    )
    answer = call("questions", {"text": "Как сдать проект?"} | dict.fromkeys(optional))
    assert answer.status_code == 201
    stored = call(f"questions/{answer.get_json()['id']}").get_json()
    assert (stored["source"], stored["course"], stored["replies"]) == ("api", "", [])
    assert call("suggest", {"text": "Как сдать проект?", "course": None, "lesson": None}).status_code == 200


def test_what_is_empty_is_said_to_be(call: Call) -> None:
    for answer in (
        call("search", q=" "),
        call("questions", {"text": ""}),
        call("questions", {"questions": []}),
    ):
        assert [error["detail"] for error in answer.get_json()["errors"]] == ["It must not be empty"]


def test_a_text_that_is_too_long_is_counted_in_characters(call: Call) -> None:
    (error,) = call("questions", {"text": "как", "course": "x" * 101}).get_json()["errors"]
    assert error["detail"] == "Value should have at most 100 characters, not 101"


def test_fields_of_many_are_named_with_their_place(call: Call) -> None:
    answer = call("questions", {"questions": [{"text": "Как?"}, {"text": "Где?", "curse": "git"}]})
    assert [error["field"] for error in answer.get_json()["errors"]] == ["questions.1.curse"]
    for wrong in ([], [{"text": "Как?"}] * 501, "Как?", None):
        assert call("questions", {"questions": wrong}).status_code == 422


def test_what_was_sent_is_not_repeated(call: Call) -> None:
    answer = call("questions", {"text": ["тайна 89161234567"], "note": "тайна"})
    assert answer.status_code == 422
    assert "тайна" not in answer.text
    assert "89161234567" not in answer.text


@pytest.mark.parametrize(
    ("wrong", "field", "status"),
    [
        ({"course": "alchemy"}, "course", 422),
        ({"lesson": "al-1"}, "lesson", 422),
        ({"course": "sql", "lesson": "git-1"}, "lesson", 422),
        ({"text": "\u0001"}, "text", 422),
        ({"text": "ы" * 20_001}, "text", 413),
        ({"replies": [{"text": "\u0001"}, {"text": "ы" * 20_001}]}, "replies.1.text", 413),
        ({"asked_at": "1999-12-31T23:59:59Z"}, "asked_at", 422),
        ({"asked_at": "0001-01-01T00:00:00+14:00"}, "asked_at", 422),
        ({"replies": [{"text": "a", "replied_at": "1970-01-01T00:00:00Z"}]}, "replies.0.replied_at", 422),
    ],
)
def test_what_is_found_later_has_its_field_too(
    call: Call, school: Kbsearch, wrong: dict[str, object], field: str, status: int
) -> None:
    school.questions.save_course(IncomingCourse("sql", "SQL", (IncomingLesson("sql-1", "Начало"),)))
    one = call("questions", {"text": "Как?"} | wrong)
    many = call("questions", {"questions": [{"text": "Где?"}, {"text": "Как?"} | wrong]})
    for answer, named in ((one, field), (many, f"questions.1.{field}")):
        (error,) = answer.get_json()["errors"]
        assert (answer.status_code, error["field"]) == (status, named)
        assert not error["detail"].startswith("questions")
    assert school.questions.count() == 0


def test_an_unknown_course_is_named(call: Call) -> None:
    problem = call("questions", {"text": "Как?", "course": "alchemy"}).get_json()
    assert problem["status"] == 422
    assert "alchemy" in problem["detail"]
    for asked in (
        call("suggest", {"text": "Как?", "course": "alchemy"}),
        call("search", q="git", course="alchemy"),
    ):
        assert asked.status_code == 422
        assert "alchemy" in asked.get_json()["detail"]
        assert "git" in asked.get_json()["remedy"]


@pytest.mark.parametrize(
    "moment",
    ["2026-03-02T18:20:00+03", "20260302T152000,0Z", "2026-03-02t15:14:60z", "2026-W10-1T15:20Z"],
)
def test_times_may_be_written_in_every_way_of_iso_8601(call: Call, moment: str) -> None:
    number = call("questions", {"text": "как?", "asked_at": moment}).get_json()["id"]
    asked = call(f"questions/{number}").get_json()["asked_at"]
    assert asked == ("2026-03-02T15:15:00Z" if "60z" in moment else "2026-03-02T15:20:00Z")


def test_a_text_over_the_limit_is_too_large(call: Call) -> None:
    answer = call("questions", {"text": "ы" * 1_000_000})
    assert (answer.status_code, answer.get_json()["code"]) == (413, "too-large")


def test_emoji_and_nul_are_no_trouble(call: Call) -> None:
    taken = call("questions", {"text": "Как\0 быть 🙈?", "author": "a\0b"})
    assert taken.status_code == 201
    assert call(f"questions/{taken.get_json()['id']}").get_json()["text"] == "Как быть 🙈?"


def test_a_new_question_tells_its_address(call: Call) -> None:
    first, again = (call("questions", {"text": "как?", "external_id": "1"}) for _ in range(2))
    assert first.headers["Location"] == f"/api/v1/questions/{first.get_json()['id']}"
    assert call(first.headers["Location"].removeprefix("/api/v1/")).get_json()["text"] == "как?"
    assert "Location" not in again.headers
    many = call("questions", {"questions": [{"text": "где?"}, {"text": "когда?"}]})
    assert (many.status_code, "Location" in many.headers) == (201, False)


def test_who_keeps_up_reads_the_questions_that_changed(call: Call, school: Kbsearch) -> None:
    sent = [{"text": text, "source": "lms", "external_id": text} for text in ("а?", "б?", "в?")]
    ids = [one["id"] for one in call("questions", {"questions": sent}).get_json()["results"]]
    call("questions", {"text": "чужой?"})
    page = call("questions", source="lms", limit=2).get_json()
    assert ([one["id"] for one in page["items"]], page["total"]) == (ids[:2], 3)
    assert [one["id"] for one in call("questions", source="lms", after=ids[1]).get_json()["items"]] == ids[2:]
    begun = utc_now()
    assert call("questions", updated_since=begun.isoformat()).get_json()["items"] == []
    school.questions.answer(ids[0], school.cases.by_slug("undo-commit").id)
    call("questions", sent[1] | {"replies": [{"text": "вот так"}]})
    call("questions", sent[2])
    changed = call("questions", updated_since=begun.isoformat()).get_json()["items"]
    assert [one["id"] for one in changed] == ids[:2]
    assert changed[0]["state"] == "answered"
    assert [reply["text"] for reply in changed[1]["replies"]] == ["вот так"]
    assert all(read_moment(one["updated_at"]) >= begun for one in changed)
    assert call("questions", state="answered").get_json()["total"] == 1
    assert call("questions", state="lost").status_code == 422


def test_a_plus_of_a_time_in_an_address_may_have_become_a_space(
    client: FlaskClient, school: Kbsearch, bearer: Callable[..., dict[str, str]]
) -> None:
    call_id = school.questions.receive(IncomingQuestion("как?")).question_id
    answer = client.get("/api/v1/questions?updated_since=2026-03-02T18:20:00+03:00", headers=bearer())
    assert [one["id"] for one in answer.get_json()["items"]] == [call_id]

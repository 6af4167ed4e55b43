"""Intake and reading of questions."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict, InvalidInput, NotFound, TooLarge
from kbsearch.importers.records import IncomingCourse, IncomingLesson, IncomingQuestion, IncomingReply
from kbsearch.models import Case, Collection, Outbox, Question, QuestionState
from kbsearch.services.intake import text_key
from kbsearch.services.questions import Titles

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def asked(text: str = "Как отменить коммит?", **fields: object) -> IncomingQuestion:
    return IncomingQuestion(text=text, **fields)  # type: ignore[arg-type]


def outbox_ids(app: Kbsearch) -> list[int]:
    with app.database.reading() as session:
        rows = session.scalars(select(Outbox).order_by(Outbox.id)).all()
    assert {row.collection for row in rows} <= {Collection.QUESTIONS}
    return [row.entity_id for row in rows]


def add_case(app: Kbsearch) -> int:
    with app.database.writing() as session:
        case = Case(slug="undo", title="Отмена коммита", answer="git reset")
        session.add(case)
        session.flush()
        return case.id


def test_a_question_is_stored_masked_with_its_author_hashed(app: Kbsearch) -> None:
    text = "Здравствуйте, пишите на ivan@mail.ru или +7 900 123-45-67 😀\x00\r\nспасибо"
    received = app.questions.receive(asked(text, author="Иван Петров", source="form", asked_at=NOON))
    question = app.questions.get(received.question_id)
    assert question.text == "Здравствуйте, пишите на [email] или [phone] 😀\nспасибо"
    assert len(question.author_key) == 32
    assert "Иван" not in question.author_key
    assert question.language == "ru"
    assert question.state == QuestionState.OPEN
    assert question.asked_at == NOON
    assert outbox_ids(app) == [question.id]


def test_taking_a_question_in_twice_changes_nothing(app: Kbsearch) -> None:
    first = app.questions.receive(asked(source="lms", external_id="7"))
    again = app.questions.receive(asked("другой текст", source="lms", external_id="7"))
    other = app.questions.receive(asked(source="forum", external_id="7"))
    assert (first.created, again.created, other.created) == (True, False, True)
    assert again.question_id == first.question_id
    assert app.questions.get(first.question_id).text == "Как отменить коммит?"
    assert outbox_ids(app) == [first.question_id, other.question_id]


def test_without_an_id_the_content_is_the_id(app: Kbsearch) -> None:
    batch = [asked(author="a"), asked(author="a"), asked(author="b"), asked(author="a", asked_at=NOON)]
    results = app.questions.receive_many(batch)
    assert [result.created for result in results] == [True, False, True, True]
    assert results[0].question_id == results[1].question_id
    assert app.questions.receive_many(batch)[0].created is False


def test_two_writers_at_once_store_each_question_once(app: Kbsearch) -> None:
    batch = [asked(f"вопрос {n}", external_id=str(n)) for n in range(60)]
    results: list[list[bool]] = []

    def work() -> None:
        results.append([received.created for received in app.questions.receive_many(batch)])

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(sum(created) for created in results) == 60
    with app.database.reading() as session:
        assert session.scalar(select(func.count(Question.id))) == 60
    assert len(outbox_ids(app)) == 60


def test_more_questions_than_a_statement_may_name(app: Kbsearch) -> None:
    batch = [asked(f"вопрос {n}", external_id=str(n)) for n in range(1203)]
    results = app.questions.receive_many(batch)
    assert all(result.created for result in results)
    texts = [question.text for question in app.questions.by_ids([result.question_id for result in results])]
    assert texts == [f"вопрос {n}" for n in range(1203)]
    assert not any(result.created for result in app.questions.receive_many(batch))


@pytest.mark.parametrize("text", ["", "  \n\t ", "\x00\x01"])
def test_empty_text_is_refused(app: Kbsearch, text: str) -> None:
    with pytest.raises(InvalidInput, match="There is no text"):
        app.questions.receive(asked(text))


def test_a_batch_is_taken_whole_or_not_at_all(app: Kbsearch) -> None:
    with pytest.raises(InvalidInput, match="line 2"):
        app.questions.receive_many([asked(place="line 1"), asked("", place="line 2")])
    assert app.questions.latest() == []
    assert outbox_ids(app) == []


def test_a_text_over_the_limit_is_refused_with_the_limit(app: Kbsearch) -> None:
    with pytest.raises(TooLarge) as caught:
        app.questions.receive(asked("я" * 1_000_000))
    assert "1000000 characters; at most 20000" in caught.value.message
    assert "KBSEARCH_MAX_QUESTION_CHARS" in caught.value.remedy


def test_half_characters_and_composed_letters_are_mended(app: Kbsearch) -> None:
    received = app.questions.receive(asked("и\u0306ог \ud83d"))
    assert app.questions.get(received.question_id).text == "йог \ufffd"


def test_replies_are_masked_and_answer_the_question(app: Kbsearch) -> None:
    replies = (
        IncomingReply("пишите мне @mentor_oleg", author="Олег", by_mentor=True, replied_at=NOON),
        IncomingReply("  "),
        IncomingReply("спасибо", author="Иван"),
    )
    received = app.questions.receive(asked(replies=replies))
    question = app.questions.get(received.question_id)
    assert [reply.text for reply in question.replies] == ["пишите мне [name]", "спасибо"]
    assert question.state == QuestionState.ANSWERED


def test_later_replies_of_a_known_question_are_added_once(app: Kbsearch) -> None:
    first = app.questions.receive(asked(external_id="1", replies=(IncomingReply("у меня так же"),)))
    later = asked(
        external_id="1",
        replies=(IncomingReply("у меня так же"), IncomingReply("git reset --soft HEAD~1", by_mentor=True)),
    )
    for _ in range(2):
        assert app.questions.receive(later).created is False
    question = app.questions.get(first.question_id)
    assert [reply.position for reply in question.replies] == [0, 1]
    assert question.state == QuestionState.ANSWERED
    assert outbox_ids(app) == [question.id, question.id]


def test_naive_dates_are_in_the_schools_time_zone(app: Kbsearch) -> None:
    received = app.questions.receive(asked(asked_at=datetime(2026, 3, 2, 15)))
    assert app.questions.get(received.question_id).asked_at == NOON


def outline(app: Kbsearch) -> None:
    lessons = (IncomingLesson("fe-1", "HTML"), IncomingLesson("fe-2", "CSS", "Каскад"))
    app.questions.save_course(IncomingCourse("frontend", "Вёрстка", lessons))


def test_a_lesson_tells_its_course(app: Kbsearch) -> None:
    outline(app)
    received = app.questions.receive(asked(lesson="fe-2"), strict_course=True)
    assert app.questions.get(received.question_id).course_code == "frontend"


def test_an_unknown_course_is_refused_only_where_it_must_be_known(app: Kbsearch) -> None:
    app.questions.receive(asked("a", course="nope"), strict_course=True)
    outline(app)
    app.questions.receive(asked("b", course="nope"))
    with pytest.raises(InvalidInput, match="no course 'nope'") as caught:
        app.questions.receive(asked("c", course="nope"), strict_course=True)
    assert "frontend" in caught.value.remedy
    with pytest.raises(InvalidInput, match="no lesson 'fe-9'"):
        app.questions.receive(asked("d", lesson="fe-9"), strict_course=True)


def test_the_place_that_a_program_asks_for_must_be_known(app: Kbsearch) -> None:
    app.questions.check_place("nope", "fe-9")
    outline(app)
    app.questions.check_place("frontend", "fe-2")
    app.questions.check_place("", "")
    with pytest.raises(InvalidInput, match="no course 'nope'"):
        app.questions.check_place("nope")
    with pytest.raises(InvalidInput, match="no lesson 'fe-9'"):
        app.questions.check_place("", "fe-9")


def test_of_many_lessons_those_of_the_course_or_the_first_are_named(app: Kbsearch) -> None:
    outline(app)
    lessons = tuple(IncomingLesson(f"py-{number:02}", "Урок") for number in range(30))
    app.questions.save_course(IncomingCourse("python", "Python", lessons))
    with pytest.raises(InvalidInput) as caught:
        app.questions.check_place("frontend", "fe-9")
    assert caught.value.remedy == "Use one of: fe-1, fe-2; or leave it empty."
    with pytest.raises(InvalidInput) as caught:
        app.questions.check_place("", "fe-9")
    assert caught.value.remedy.endswith("py-17, …; or leave it empty.")


def test_a_course_is_brought_up_to_date(app: Kbsearch) -> None:
    outline(app)
    lessons = (IncomingLesson("fe-3", "JavaScript"), IncomingLesson("fe-1", "HTML5"))
    app.questions.save_course(IncomingCourse("frontend", "Веб-разработка", lessons))
    [course] = app.questions.courses()
    assert course.title == "Веб-разработка"
    assert [(lesson.code, lesson.title) for lesson in course.lessons] == [
        ("fe-3", "JavaScript"),
        ("fe-1", "HTML5"),
    ]


def test_titles_are_those_of_the_outline(app: Kbsearch) -> None:
    assert app.questions.titles() == Titles({}, {}, {})
    outline(app)
    told, known = app.questions.titles(), app.questions.courses()
    assert told.courses == {course.code: course.title for course in known}
    lessons = [lesson for course in known for lesson in course.lessons]
    assert told.lessons == {lesson.code: lesson.title for lesson in lessons}
    assert told.course_of == {lesson.code: lesson.course_code for lesson in lessons}


def test_a_lesson_of_another_course_is_not_taken_away(app: Kbsearch) -> None:
    outline(app)
    with pytest.raises(InvalidInput, match="fe-1 belongs to course frontend"):
        app.questions.save_course(IncomingCourse("other", "Другой", (IncomingLesson("fe-1", "x"),)))
    assert [course.code for course in app.questions.courses()] == ["frontend"]


def test_states(app: Kbsearch) -> None:
    key = app.questions.receive(asked()).question_id
    case_id = add_case(app)
    assert app.questions.answer(key, case_id).case_id == case_id
    assert app.questions.dismiss(key).state == QuestionState.DISMISSED
    assert app.questions.reopen(key).state == QuestionState.OPEN
    app.questions.reopen(key)
    assert outbox_ids(app) == [key] * 4
    with pytest.raises(NotFound):
        app.questions.answer(key, 999)
    with pytest.raises(NotFound):
        app.questions.dismiss(999)


def test_latest_goes_on_where_the_last_page_ended(app: Kbsearch) -> None:
    times = [NOON, NOON, NOON - timedelta(days=1), NOON + timedelta(days=1)]
    batch = [asked(f"q{n}", course="c" * (n % 2), asked_at=at) for n, at in enumerate(times)]
    app.questions.receive_many(batch)
    first = app.questions.latest(limit=2)
    second = app.questions.latest(limit=2, before_id=first[-1].id)
    assert [question.text for question in [*first, *second]] == ["q3", "q1", "q0", "q2"]
    assert [question.text for question in app.questions.latest(course="c", state="open")] == ["q3", "q1"]
    assert app.questions.count(course="c") == 2


def test_a_question_cannot_be_changed(app: Kbsearch) -> None:
    key = app.questions.receive(asked()).question_id
    with pytest.raises(Conflict, match="immutable"), app.database.writing() as session:
        session.get_one(Question, key).text = "другое"


def test_greetings_case_and_signs_do_not_change_the_text_key() -> None:
    same = [
        "Здравствуйте! Как ещё раз сдать ДЗ?",
        "как еще раз сдать дз",
        "Как ещё раз — сдать «дз»?! спасибо",
    ]
    assert len({text_key(text) for text in same}) == 1
    assert text_key("???") != text_key("!!!")


def test_courses_that_questions_and_cases_name_are_told_in_order(app: Kbsearch) -> None:
    assert app.questions.named_courses() == []
    for place, course in enumerate(("theory", "", "motorway", "theory")):
        app.questions.receive(asked(f"вопрос номер {place}", course=course))
    with app.database.writing() as session:
        session.add(Case(slug="parking", title="Parking", answer="Mirror.", course_code="yard"))
    assert app.questions.named_courses() == ["motorway", "theory", "yard"]

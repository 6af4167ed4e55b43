"""Questions that repeat earlier ones."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict, NotFound
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.models import LinkKind, Outbox, QuestionLink, QuestionState
from kbsearch.services.cases import CaseDraft

COMMIT = "Как отменить последний коммит в git"


def ask(app: Kbsearch, *texts: str, course: str = "git", lesson: str = "") -> list[int]:
    batch = [
        IncomingQuestion(text, external_id=f"{course}/{lesson}/{at}/{text}", course=course, lesson=lesson)
        for at, text in enumerate(texts)
    ]
    return [received.question_id for received in app.questions.receive_many(batch)]


def drain(app: Kbsearch) -> None:
    app.pipeline.drain_all(lambda done, total, stage: None)


def roots(app: Kbsearch, *ids: int) -> list[int]:
    return [app.duplicates.group(one).questions[0].id for one in ids]


def test_the_same_words_are_linked_as_they_come_in(app: Kbsearch) -> None:
    first, other, again = ask(
        app, COMMIT, "Где лежит запись вебинара", "здравствуйте! как отменить последний коммит в GIT?"
    )
    repeat = app.duplicates.of([first, other, again])
    assert list(repeat) == [again]
    assert (repeat[again].first.id, repeat[again].kind, repeat[again].probability) == (
        first,
        LinkKind.EXACT,
        1.0,
    )
    assert not repeat[again].by_person
    assert not repeat[again].answer.answered
    assert app.questions.get(again).text.startswith("здравствуйте")


def test_c_sharp_is_not_what_was_asked_of_c_plus_plus(app: Kbsearch) -> None:
    asked = [f"Какой компилятор поставить для {name} на Windows?" for name in ("C++", "C#", "c++")]
    first, other, again = ask(app, *asked)
    drain(app)
    assert {one: repeat.to_id for one, repeat in app.duplicates.of([other, again]).items()} == {again: first}


def test_what_is_repeated_is_readable_though_typed_in_the_wrong_layout(app: Kbsearch) -> None:
    typed = "ghbdtn rfr jnvtybnm gjcktlybq rjvvbn d git"
    first, again = ask(app, typed, typed)
    repeat = app.duplicates.of([again])[again]
    assert (repeat.wording, repeat.first.text) == ("привет как отменить последний коммит в git", typed)
    assert app.duplicates.group(first).wording == repeat.wording


def test_repeats_within_one_batch_lead_to_its_first(app: Kbsearch) -> None:
    ids = ask(app, *[COMMIT] * 5)
    assert roots(app, *ids) == [ids[0]] * 5
    assert app.duplicates.group(ids[3]).answer.size == 5


def test_the_same_words_are_the_same_in_any_course_but_a_few_are_not(app: Kbsearch) -> None:
    first, short = ask(app, COMMIT, "не работает", course="git", lesson="1")
    other, elsewhere = ask(app, COMMIT, "Не работает!", course="sql", lesson="1")
    here = ask(app, "не  работает(", course="git", lesson="1")[0]
    assert roots(app, other, elsewhere, here) == [first, elsewhere, short]


@pytest.mark.parametrize("text", ["спасибо!", "+1", "😀", "ок"])
def test_small_talk_repeats_nothing(app: Kbsearch, text: str) -> None:
    ids = ask(app, text, text)
    drain(app)
    assert app.duplicates.of(ids) == {}


def test_nearly_the_same_words_are_linked_when_indexed(app: Kbsearch) -> None:
    first, near, denied, number, task = ask(
        app,
        "почему не открывается домашнее задание 3 урока",
        "Добрый день, почему не открывается домашнее задание урока 3?",
        "почему открывается домашнее задание 3 урока",
        "почему не открывается домашнее задание 4 урока",
        "почему не открывается сертификат 3 урока",
    )
    assert app.duplicates.of([near]) == {}
    drain(app)
    found = app.duplicates.of([near, denied, number, task])
    assert set(found) == {near}
    assert found[near].kind == LinkKind.NEAR
    assert found[near].first.id == first
    assert 0.9 <= found[near].probability < 1


def test_near_ones_of_another_course_are_other_questions(app: Kbsearch) -> None:
    ask(app, "почему не открывается домашнее задание третьего урока", course="git")
    there = ask(app, "почему не открывается домашнее задание урока третьего", course="sql")
    drain(app)
    assert app.duplicates.of(there) == {}


def test_many_at_once_are_linked_as_one_by_one(app: Kbsearch) -> None:
    things = "ветка коммит экран сервер пароль курс оплата видео чат отчёт таблица формула график"
    words = things.split()
    texts = [f"почему пропала {one} после слова {other}" for one in words for other in words if one < other]
    ids = ask(
        app,
        *texts,
        *[f"Подскажите, пожалуйста: после слова {t.split()[5]} почему пропала {t.split()[2]}" for t in texts],
    )
    drain(app)
    half = len(texts)
    assert len(texts) > 50
    linked = app.duplicates.of(ids)
    assert {one for one in linked if one in ids[:half]} == set()
    assert [linked[one].first.id for one in ids[half:]] == ids[:half]


def test_the_answer_of_a_group_is_known_to_all_of_it(app: Kbsearch) -> None:
    case = app.cases.create(CaseDraft("Отмена коммита", "git reset --soft HEAD~1"), state="published")
    _, second, third = ask(app, *[COMMIT] * 3)
    app.questions.answer(second, case.id)
    answer = app.duplicates.of([third])[third].answer
    assert (answer.case.id if answer.case else 0, answer.question.id if answer.question else 0) == (
        case.id,
        second,
    )
    app.duplicates.answer_likewise(third)
    question = app.questions.get(third)
    assert (question.state, question.case_id) == (QuestionState.ANSWERED, case.id)
    with pytest.raises(Conflict, match="is not open"):
        app.duplicates.answer_likewise(third)
    with app.database.reading() as session:
        assert third in session.scalars(select(Outbox.entity_id)).all()


def test_a_reply_answers_a_group_too(app: Kbsearch) -> None:
    reply = IncomingReply("git reset", by_mentor=True)
    app.questions.receive(IncomingQuestion(COMMIT, external_id="1", replies=(reply,)))
    again = app.questions.receive(IncomingQuestion(COMMIT, external_id="2")).question_id
    answer = app.duplicates.of([again])[again].answer
    assert answer.case is None
    assert answer.reply is not None
    assert answer.reply.text == "git reset"
    app.duplicates.answer_likewise(again)
    assert app.questions.get(again).state == QuestionState.ANSWERED


def test_an_archived_case_answers_nothing(app: Kbsearch) -> None:
    case = app.cases.create(CaseDraft("Отмена коммита", "git reset --soft HEAD~1"), state="published")
    first, second = ask(app, COMMIT, COMMIT)
    app.questions.answer(first, case.id)
    app.cases.move(case.id, "archived")
    assert not app.duplicates.of([second])[second].answer.answered
    with pytest.raises(Conflict):
        app.duplicates.answer_likewise(second)


def test_people_link_and_unlink_and_the_machine_leaves_it_so(app: Kbsearch) -> None:
    person = app.people.create("anna", "Анна", "correct horse battery", "mentor").id
    first, second, other = ask(app, COMMIT, COMMIT, "откат фиксации")
    assert app.duplicates.unlink(second, person) == first
    assert app.duplicates.of([second]) == {}
    app.duplicates.find_all()
    drain(app)
    assert app.duplicates.of([second]) == {}
    third = ask(app, COMMIT, lesson="7")[0]
    assert roots(app, third) == [first]
    app.duplicates.link(second, other, person)
    assert roots(app, first, second, other, third) == [first, second, second, first]
    assert app.duplicates.of([other])[other].by_person
    app.duplicates.unlink(other, person)
    assert roots(app, other) == [other]


def test_groups_that_a_person_joins_come_apart_again(app: Kbsearch) -> None:
    one = ask(app, *["как пересдать экзамен осенью"] * 3)
    two = ask(app, *["когда повторная аттестация"] * 3)
    app.duplicates.link(one[2], two[1])
    assert set(roots(app, *one, *two)) == {one[0]}
    assert app.duplicates.groups().total == 1
    assert app.duplicates.unlink(two[0]) == one[0]
    assert roots(app, *one, *two) == [one[0]] * 3 + [two[0]] * 3


def test_what_cannot_be_linked(app: Kbsearch) -> None:
    first, second = ask(app, COMMIT, COMMIT)
    with pytest.raises(Conflict, match="linked already"):
        app.duplicates.link(second, first)
    with pytest.raises(Conflict, match="linked already"):
        app.duplicates.link(first, first)
    with pytest.raises(NotFound, match="no question 999"):
        app.duplicates.link(first, 999)
    with pytest.raises(Conflict, match="not linked"):
        app.duplicates.unlink(first)


def test_a_text_that_is_not_stored(app: Kbsearch) -> None:
    first = ask(app, "почему не открывается домашнее задание третьего урока")[0]
    drain(app)
    same = app.duplicates.earlier("ПОЧЕМУ не открывается домашнее задание третьего урока???")
    near = app.duplicates.earlier("почему домашнее задание третьего урока не открывается", course="git")
    assert same is not None
    assert (same.first.id, same.kind) == (first, LinkKind.EXACT)
    assert near is not None
    assert (near.first.id, near.kind) == (first, LinkKind.NEAR)
    assert app.duplicates.earlier("почему не открывается сертификат", course="git") is None
    assert (
        app.duplicates.earlier("почему домашнее задание третьего урока не открывается", course="sql") is None
    )


def test_a_dismissed_question_is_repeated_by_none(app: Kbsearch) -> None:
    first = ask(app, COMMIT)[0]
    app.questions.dismiss(first)
    again = ask(app, COMMIT, lesson="2")
    drain(app)
    assert app.duplicates.of(again) == {}


def test_questions_of_before_there_were_links(app: Kbsearch) -> None:
    ids = ask(app, COMMIT, COMMIT, COMMIT)
    with app.database.writing() as session:
        for link in session.scalars(select(QuestionLink)):
            session.delete(link)
    assert app.duplicates.of(ids) == {}
    assert app.duplicates.find_all() == 2
    assert roots(app, *ids) == [ids[0]] * 3
    assert app.duplicates.find_all() == 0


def test_a_search_shows_repeats_once(app: Kbsearch) -> None:
    case = app.cases.create(CaseDraft("Отмена", "git reset --soft HEAD~1"), state="published")
    ids = ask(app, *[COMMIT] * 4, "как создать ветку в git")
    app.questions.answer(ids[2], case.id)
    drain(app)
    hits = app.search.search("отменить коммит").questions
    assert [hit.asked for hit in hits if hit.question.text == COMMIT] == [4]
    assert hits[0].case is not None
    assert hits[0].case.id == case.id
    similar = app.search.similar_questions(ids[1])
    assert not {hit.question.id for hit in similar} & set(ids[:4])

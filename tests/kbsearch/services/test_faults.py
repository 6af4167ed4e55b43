"""Faults of the platform: the sample school replayed, closing with one answer, dismissing, and undo."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.errors import Conflict, InvalidInput, NotFound
from kbsearch.importers.records import IncomingQuestion
from kbsearch.importers.sample_school import read_questions, read_truth, sample_school_folder
from kbsearch.models import Fault, FaultState, Question, QuestionState
from kbsearch.ports import silent
from kbsearch.services.fault_report import messages_in, report_of
from kbsearch.services.fault_watch import FaultWatch

OUTAGE = "pl-x-outage"


class Clock:
    """Tells the time that a test has got to."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        """The present moment."""
        return self.moment


def take_in(app: Kbsearch, watch: FaultWatch, batch: list[IncomingQuestion]) -> None:
    app.questions.receive_many(batch)
    app.pipeline.drain_all(silent)
    while watch.watch():
        pass


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[datetime]]:
    """The sixteen weeks of the sample school, the day of the outage hour by hour; when faults were found."""
    home = tmp_path_factory.mktemp("replayed") / "home"
    app = Kbsearch(Settings(home=home))
    app.database.upgrade()
    questions = list(read_questions(sample_school_folder()))
    truth = read_truth(sample_school_folder())
    first = min(
        one.asked_at
        for one in questions
        if truth[one.external_id].topic == OUTAGE and one.asked_at is not None
    )
    morning = first.replace(hour=0, minute=0)
    clock = Clock(morning)
    watch = FaultWatch(app.database, app.question_index, app.embedder, app.settings, clock)
    times = {id(one): one.asked_at or morning for one in questions}
    take_in(app, watch, [one for one in questions if times[id(one)] < morning])
    for hour in range(1, 25):
        clock.moment = morning + timedelta(hours=hour)
        begin = clock.moment - timedelta(hours=1)
        take_in(app, watch, [one for one in questions if begin <= times[id(one)] < clock.moment])
    clock.moment = morning + timedelta(weeks=6)
    take_in(app, watch, [one for one in questions if times[id(one)] >= morning + timedelta(days=1)])
    found = [row.fault.found_at for row in app.faults.list()]
    app.database.close()
    return home, [first, *found]


@pytest.fixture
def school(replayed: tuple[Path, list[datetime]], tmp_path: Path) -> Iterator[Kbsearch]:
    """A copy of the replayed school."""
    shutil.copytree(replayed[0], tmp_path / "home")
    app = Kbsearch(Settings(home=tmp_path / "home"))
    yield app
    app.database.close()


def test_the_outage_is_found_within_two_hours_and_nothing_else_in_sixteen_weeks(
    replayed: tuple[Path, list[datetime]],
) -> None:
    first, *found = replayed[1]
    assert len(found) == 1
    assert first < found[0] <= first + timedelta(hours=2)


def test_its_questions_are_gathered_while_it_goes_on(school: Kbsearch) -> None:
    truth = read_truth(sample_school_folder())
    real = {one for one, told in truth.items() if told.topic == OUTAGE}
    (row,) = school.faults.list()
    gathered = {question.external_id for question, _ in school.faults.get(row.fault.id).questions}
    assert len(gathered & real) >= 0.9 * len(real)
    assert len(gathered & real) >= 0.9 * len(gathered)


def test_the_report_says_since_when_how_many_and_what_they_saw(school: Kbsearch) -> None:
    detail = school.faults.get(1)
    report = detail.report
    assert report.questions == len(detail.questions) == sum(count for _, count in report.hourly)
    assert report.since == detail.questions[0][0].asked_at
    assert 0 < report.students <= report.questions
    assert len(report.examples) == 3
    assert dict(report.messages)["502"] >= 5
    assert all(count > 0 for _, _, count in report.lessons)


def test_no_example_says_the_same_as_another() -> None:
    begin = datetime(2026, 11, 2, 9, tzinfo=UTC)
    asked = [
        (
            Question(
                text=words, text_key=words, author_key="", course_code="", lesson_code="", asked_at=begin
            ),
            likely,
        )
        for words, likely in (
            ("video error 500 again", 0.9),
            ("the player stays black", 0.5),
            ("video error 500 again", 0.9),
            ("no sound in the lesson", 0.4),
            ("video error 500 again", 0.9),
            ("video error 500 again", 0.9),
        )
    ]
    fault = Fault(started_at=begin, last_at=begin)
    assert [one.text for one in report_of(fault, asked, [begin]).examples] == [
        "video error 500 again",
        "no sound in the lesson",
    ]


def test_closing_answers_all_that_wait_and_undo_takes_it_back(school: Kbsearch) -> None:
    before = {question.id: question.state for question, _ in school.faults.get(1).questions}
    waiting = [one for one, state in before.items() if state == QuestionState.OPEN]
    assert school.faults.close(1, "Платформа снова работает.") == len(waiting) > 0
    for one in waiting:
        question = school.questions.get(one)
        assert question.state == QuestionState.ANSWERED
        assert question.replies[-1].text == "Платформа снова работает."
        assert question.replies[-1].by_mentor
    assert school.faults.get(1).report.waiting == 0
    with pytest.raises(Conflict):
        school.faults.close(1, "Ещё раз.")
    school.faults.reopen(1)
    assert {question.id: question.state for question, _ in school.faults.get(1).questions} == before
    assert all(not school.questions.get(one).replies for one in waiting)


def test_undo_leaves_alone_what_somebody_answered_meanwhile(school: Kbsearch) -> None:
    question = next(one for one, _ in school.faults.get(1).questions if one.state == QuestionState.OPEN)
    school.faults.close(1, "Готово.")
    school.questions.dismiss(question.id)
    school.faults.reopen(1)
    assert school.questions.get(question.id).state == QuestionState.DISMISSED


def test_a_question_that_does_not_belong_is_not_answered_with_the_others(school: Kbsearch) -> None:
    question = next(one for one, _ in school.faults.get(1).questions if one.state == QuestionState.OPEN)
    count = school.faults.get(1).report.questions
    school.faults.take_out(1, question.id)
    assert school.faults.get(1).report.questions == count - 1
    school.faults.close(1, "Готово.")
    assert school.questions.get(question.id).state == QuestionState.OPEN
    school.faults.reopen(1)
    school.faults.put_back(1, question.id)
    assert school.faults.get(1).report.questions == count
    with pytest.raises(NotFound):
        school.faults.take_out(1, 10**6)


def test_a_dismissed_burst_does_not_come_back(school: Kbsearch) -> None:
    last = school.faults.get(1).fault.last_at
    school.faults.dismiss(1)
    clock = Clock(last + timedelta(hours=1))
    watch = FaultWatch(school.database, school.question_index, school.embedder, school.settings, clock)
    again = [
        IncomingQuestion(text, source="again", author=f"a{n}", asked_at=last + timedelta(minutes=4 * n))
        for n, text in enumerate(("сайт не работает", "платформа лежит?", "ошибка 502", "лк не грузится") * 2)
    ]
    take_in(school, watch, again)
    assert [row.fault.state for row in school.faults.list()] == [FaultState.DISMISSED]


def test_mentors_are_warned_while_it_goes_on(school: Kbsearch) -> None:
    from kbsearch.services.faults import FaultService

    last = school.faults.get(1).fault.last_at
    at = FaultService(school.database, school.settings, Clock(last + timedelta(hours=1)))
    row = at.current()
    assert row is not None
    assert row.fault.id == 1
    later = FaultService(school.database, school.settings, Clock(last + timedelta(days=1)))
    assert later.current() is None
    at.close(1, "Готово.")
    assert at.current() is None


def test_an_answer_is_needed_and_the_fault_must_exist(school: Kbsearch) -> None:
    for answer in ("", "  ", "а" * 5_001):
        with pytest.raises(InvalidInput):
            school.faults.close(1, answer)
    with pytest.raises(NotFound):
        school.faults.get(99)
    with pytest.raises(Conflict):
        school.faults.reopen(1)


def test_messages_are_counted_once_a_question() -> None:
    found = messages_in(
        ["502 502 Bad Gateway", "пишет «Нет соединения» и 502", "вышло 14500 рублей, глава 4.502"]
    )
    assert found == {"502": 2, "bad gateway": 1, "Нет соединения": 1}

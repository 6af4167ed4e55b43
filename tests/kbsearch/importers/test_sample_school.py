"""The sample school is whole, of the size it claims, and can be moved in time."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

from kbsearch.importers.sample_school import read_courses, read_questions, read_truth, sample_school_folder
from kbsearch.text.language import detect_language

FOLDER = sample_school_folder()


def test_every_question_has_its_truth_and_every_case_exists() -> None:
    questions = list(read_questions(FOLDER))
    truth = read_truth(FOLDER)
    assert {question.external_id for question in questions} == set(truth)
    cases = {path.stem for path in (FOLDER / "cases").glob("*.md")}
    assert {row.case_slug for row in truth.values()} - {""} <= cases
    assert len(questions) >= 700
    assert len(cases) >= 80


def test_a_tenth_is_english_and_chit_chat_is_told_from_questions() -> None:
    questions = list(read_questions(FOLDER))
    languages = Counter(detect_language(question.text) for question in questions)
    assert 0.08 <= languages["en"] / len(questions) <= 0.2
    truth = read_truth(FOLDER).values()
    assert all(row.case_slug == "" for row in truth if not row.is_question)
    assert sum(not row.is_question for row in truth) >= 50


def test_times_span_sixteen_weeks_with_an_outage_of_six_hours_and_a_growing_topic() -> None:
    questions = list(read_questions(FOLDER))
    times = [question.asked_at for question in questions if question.asked_at]
    assert times == sorted(times)
    assert timedelta(weeks=15) < times[-1] - times[0] <= timedelta(weeks=16)
    truth = read_truth(FOLDER)
    outage = [q.asked_at for q in questions if q.asked_at and truth[q.external_id].topic == "pl-x-outage"]
    assert len(outage) >= 30
    assert outage[-1] - outage[0] <= timedelta(hours=6)
    growing = Counter(
        (question.asked_at - times[0]).days // 7
        for question in questions
        if question.asked_at and truth[question.external_id].topic == "py-x-ai-assistants"
    )
    assert sum(growing[week] for week in range(12, 16)) > 2 * sum(growing[week] for week in range(12))


def test_shifting_moves_all_times_by_whole_weeks_to_just_before_now() -> None:
    now = datetime(2027, 1, 13, 12, tzinfo=UTC)
    before, after = list(read_questions(FOLDER)), list(read_questions(FOLDER, until=now))
    shifts = {
        b.asked_at - a.asked_at for a, b in zip(before, after, strict=True) if a.asked_at and b.asked_at
    }
    assert len(shifts) == 1
    assert shifts.pop() % timedelta(weeks=1) == timedelta()
    last = after[-1].asked_at
    assert last is not None
    assert timedelta() <= now - last < timedelta(weeks=1)


def test_cohorts_begin_with_the_first_questions_and_move_with_them() -> None:
    now = datetime(2027, 1, 13, 12, tzinfo=UTC)
    first, moved = (next(read_questions(FOLDER, until=until)).asked_at for until in (None, now))
    assert first is not None
    assert moved is not None
    for before, after in zip(read_courses(FOLDER), read_courses(FOLDER, until=now), strict=True):
        assert before.cohorts
        assert timedelta() <= first.date() - before.cohorts[0] < timedelta(weeks=1)
        assert after.cohorts == tuple(day + (moved - first) for day in before.cohorts)

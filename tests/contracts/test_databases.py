"""What pages read and people do is the same on SQLite and on a real PostgreSQL server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, is_dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from clustering.labels import Description
from clustering.record import Finding, record
from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.models import (
    Base,
    Case,
    Cluster,
    ClusterCount,
    Colour,
    Coverage,
    Enrolment,
    InferredLesson,
    Job,
    Lesson,
    LineDecision,
    Person,
    Question,
    QuestionState,
    Role,
    Run,
)
from kbsearch.services.covered_questions import Cover, QuestionFilter
from kbsearch.services.proposal_work import ProposalWork
from kbsearch.services.trends import TrendService
from tests.simulation.schools import Plan, SimulatedCase, draw
from tests.simulation.storing import store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
CLUSTERS = 12
REPEATED = 41
"""Every question with such a number was asked by one and the same student."""


@pytest.fixture
def schools(tmp_path: Path, empty_postgresql: str) -> Iterator[tuple[Kbsearch, Kbsearch]]:
    """The same school on either database."""
    found = []
    for name, url in (("sqlite", ""), ("postgresql", empty_postgresql)):
        app = Kbsearch(Settings(home=tmp_path / name, encoder="hashing", database_url=url))
        app.database.upgrade()
        _plant(app)
        found.append(app)
    yield found[0], found[1]
    for app in found:
        app.database.close()


def _plant(app: Kbsearch) -> None:
    """A simulated school with lessons, replies, owners, coverage and enrolments."""
    drawn = draw(5, Plan(clusters=CLUSTERS, weeks=60, cases=0, volume=25))
    drawn = replace(drawn, cases=[SimulatedCase(number, 40, 0.5) for number in range(3)])
    drawn.counts[0][-1] = 25
    store(app.database, drawn, NOW)
    with app.database.writing() as session:
        courses = sorted(set(session.scalars(select(Question.course_code))) - {""})
        lessons = {course: [f"{course}-{n}" for n in range(3)] for course in courses}
        for course, codes in lessons.items():
            rows = enumerate(codes)
            session.add_all(Lesson(code=code, course_code=course, title=code, position=n) for n, code in rows)
            monday = (NOW - timedelta(days=NOW.weekday())).date()
            session.add(Enrolment(course_code=course, week=monday, students=50))
        session.add(Person(id=1, login="o", name="Owner", role=Role.MENTOR, password_hash="x"))
        session.flush()
        session.get_one(Case, 1).owner_id = 1
        for cluster in range(1, CLUSTERS + 1):
            colour = list(Colour)[cluster % 3]
            session.add(_coverage(cluster, colour, in_programme=(None, True, False)[cluster % 3]))
    _tell(app, lessons)
    _go_on_counting(app)


def _go_on_counting(app: Kbsearch) -> None:
    """Let PostgreSQL number on from the ids that were given."""
    with app.database.writing() as session:
        if session.get_bind().dialect.name == "postgresql":
            for model in (Run, Cluster, Question, Case):
                sequence = func.pg_get_serial_sequence(f'"{model.__tablename__}"', "id")
                session.execute(select(func.setval(sequence, func.max(model.id))))


def _coverage(cluster: int, colour: Colour, *, in_programme: bool | None) -> Coverage:
    return Coverage(
        cluster_id=cluster,
        colour=colour,
        sampled=10,
        sure={Colour.GREEN: 8, Colour.YELLOW: 4, Colour.RED: 1}[colour],
        same_case=6,
        case_id=None,
        in_programme=in_programme,
        model_version="m",
        checked_at=NOW - timedelta(hours=cluster),
    )


def _tell(app: Kbsearch, lessons: dict[str, list[str]]) -> None:
    """Lessons told or inferred, answers and students of the questions, by their numbers."""
    table = Question.__table__
    with app.database.writing() as session:
        for question in session.scalars(select(Question).order_by(Question.id)):
            number, codes = question.id, lessons.get(question.course_code)
            values: dict[str, Any] = {}
            if codes and number % 2:
                values["lesson_code"] = codes[number % 3]
            elif codes and number % 8 == 0:
                session.add(InferredLesson(question_id=number, lesson_code=codes[0], probability=0.9))
            if number % REPEATED == 0:
                values["author_key"] = "one" if number % 3 else ""
            if number % 5 == 0:
                values |= {"state": QuestionState.ANSWERED, "case_id": number % 3 + 1 if number % 2 else None}
            elif number % 37 == 0:
                values["state"] = QuestionState.DISMISSED
            if values:
                session.execute(table.update().where(table.c.id == number).values(**values))


def _plain(value: Any) -> Any:
    """``value`` in parts that can be compared between databases."""
    if isinstance(value, Base):
        kept = {column.name: getattr(value, column.name, None) for column in value.__table__.columns}
        return {name: _plain(each) for name, each in kept.items() if not name.endswith("_at")}
    if is_dataclass(value) and not isinstance(value, type):
        return [_plain(getattr(value, name)) for name in value.__dataclass_fields__]
    if isinstance(value, dict):
        return {str(name): _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return round(value, 9) if isinstance(value, float) else value


READ: dict[str, Callable[[Kbsearch], Any]] = {
    "figures": lambda app: app.gaps.figures(NOW),
    "gaps": lambda app: app.gaps.gaps(now=NOW),
    "clusters by colour": lambda app: app.gaps.clusters(Colour.RED, NOW),
    "outside": lambda app: app.gaps.gaps(outside=True, now=NOW),
    "hard points": lambda app: app.hard_points.map(now=NOW),
    "hard points of a course": lambda app: app.hard_points.map(course="course-1", now=NOW),
    "stuck": lambda app: app.hard_points.stuck(now=NOW),
    "weeks": lambda app: app.insight_rows.counts(app.hard_points.map(now=NOW).weeks),
    "rows of a cover": lambda app: [
        app.insight_rows.page(QuestionFilter(cover=cover, start=NOW - timedelta(weeks=9), end=NOW), limit=20)
        for cover in Cover
    ],
    "rows of a lesson": lambda app: app.insight_rows.page(QuestionFilter(lesson="course-1-0"), limit=20),
    "rows that wait": lambda app: app.insight_rows.page(QuestionFilter(waiting=True, author="one"), limit=20),
    "rows of an owner": lambda app: app.insight_rows.page(QuestionFilter(owner_id=1), limit=20),
    "stale": lambda app: app.case_care.stale(NOW),
    "contributions": lambda app: app.case_care.contributions(app.hard_points.map(now=NOW).weeks[-1]),
    "list": lambda app: app.clusters.list(now=NOW).items,
    "list of a course": lambda app: app.clusters.list(course="course-1", sort="recent", now=NOW).items,
    "list uncovered": lambda app: app.clusters.list(sort="uncovered", now=NOW).items,
    "a cluster": lambda app: _plain(app.clusters.get(1, now=NOW))[0:5],
    "queue": lambda app: app.reviews.next(now=NOW),
    "trends": lambda app: [astuple(one) for one in app.trends.courses(NOW)],
    "loud": lambda app: app.trends.loud(NOW),
    "lessons": lambda app: app.trends.lessons("course-1", NOW),
    "days": lambda app: app.trends.daily(1, now=NOW),
    "days of a large cluster": lambda app: TrendService(app.database, app.settings, 0).daily(1, now=NOW),
}


@pytest.mark.parametrize("counted", [False, True])
def test_pages_read_the_same(schools: tuple[Kbsearch, Kbsearch], counted: bool) -> None:
    for app in schools:
        if counted:
            app.cluster_counts.refresh(NOW)
            app.trends.refresh(NOW)
    for name, read in READ.items():
        told, other = (_plain(read(app)) for app in schools)
        assert told == other, name
        assert told not in ([], [[], 0]) or name in {"stale", "contributions", "rows of an owner"}, name


def test_effects_and_counts_are_kept_alike(schools: tuple[Kbsearch, Kbsearch]) -> None:
    kept = []
    for app in schools:
        app.effects.refresh(NOW)
        app.cluster_counts.refresh(NOW)
        assert not app.effects.refresh_due(NOW)
        assert app.effects.waiting() == 0
        with app.database.reading() as session:
            counts = list(session.scalars(select(ClusterCount).order_by(ClusterCount.cluster_id)))
        listed = [(row.case_id, row.title, row.effect.verdict, row.effect.ratio) for row in app.effects.all()]
        kept.append(_plain([listed, [app.effects.of(case) for case in (1, 2, 3)], counts]))
    assert kept[0] == kept[1]
    assert len(kept[0][2]) == CLUSTERS


def _edited(app: Kbsearch) -> Any:
    """What is there after a person did everything that can be done."""
    edits = app.cluster_edits
    app.cluster_counts.refresh(NOW)
    edits.rename(2, "Другое имя")
    merged = edits.merge(3, 4)
    edits.split(5, [question.id for question, _ in app.clusters.get(5, now=NOW).questions[:2]])
    one, *others = [question.id for question, _ in app.clusters.get(6, now=NOW).questions[:3]]
    edits.move(others, 7)
    edits.pin([others[0]], 7)
    edits.dismiss([one])
    assert edits.reopen(one), "the edit that dismissed this question alone is found by its list"
    assert not edits.reopen(one)
    edits.dismiss([one, others[1]])
    assert not edits.reopen(one), "one that dismissed others too is left alone"
    edits.undo(merged.id)
    return [
        app.clusters.list(now=NOW).items,
        [_plain(app.clusters.get(each, now=NOW))[:5] for each in (5, 7)],
    ]


def test_edits_do_the_same(schools: tuple[Kbsearch, Kbsearch]) -> None:
    told, other = (_plain(_edited(app)) for app in schools)
    assert told == other


def _accepted(app: Kbsearch) -> Any:
    """What is there after one line was accepted, one rejected and taken back, and then the rest accepted."""
    with app.database.reading() as session:
        ids = list(session.scalars(select(Question.id).order_by(Question.id)))
    labels = [one % 7 for one in ids]
    described = {label: Description(f"topic {label}", (), ()) for label in set(labels)}
    run = Run(algorithm="x", started_at=NOW, parameters={"newest_question": ids[-1]})
    run_id = record(
        app.database,
        run,
        Finding(np.array(ids), np.array(labels), np.full(len(ids), 0.5), described),
        accept=False,
    )
    lines = [each.line for each in app.proposals.get(run_id).lines]
    app.proposals.accept(run_id, [lines[0].id])
    app.proposals.reject(run_id, [lines[1].id])
    app.proposals.reopen(run_id, [lines[1].id])
    first = app.clusters.list(now=NOW).items
    work = ProposalWork(app.database, at_once=0)
    asked, again = work.accept(run_id), work.accept(run_id, [lines[1].id])
    job = app.jobs.claim()
    assert isinstance(asked, Job)
    assert isinstance(again, Job)
    assert job is not None
    assert asked.id == again.id == job.id
    work.work(job)
    assert app.jobs.get(job.id).result == {"accepted": len(lines) - 1}
    decided = {each.line.decision for each in app.proposals.get(run_id).lines}
    assert decided == {LineDecision.ACCEPTED}
    return [first, app.clusters.list(now=NOW).items]


def test_feedback_is_taken_back_the_same(schools: tuple[Kbsearch, Kbsearch]) -> None:
    found = []
    for app in schools:
        question, case = app.questions.latest(state="open", limit=1)[0], app.cases.list().items[0]
        with app.database.writing() as session:
            session.add(Person(id=2, login="m", name="Mentor", role=Role.MENTOR, password_hash="x"))
        people, said = (1, 2), []
        for person in people:
            view = app.suggestions.suggest(question.text, question_id=question.id)
            given = app.suggestions.feedback(view.id, "answered", case_id=case.id, person_id=person)
            said.append(given.id)
        app.cases.add_confirmed_wording(question.id, 2)
        app.golden.grow()
        states = []
        for feedback, person in zip(said, people, strict=True):
            app.suggestions.withdraw(feedback, person_id=person)
            states.append((app.questions.get(question.id).state, len(app.cases.get(case.id).variants)))
            app.promise.check_new()
        found.append((states, app.insight_rows.page(QuestionFilter(loose=True), limit=1)[1]))
    assert found[0] == found[1]
    assert [state for state, _ in found[0][0]] == [QuestionState.ANSWERED, QuestionState.OPEN]


def test_lines_are_accepted_the_same(schools: tuple[Kbsearch, Kbsearch]) -> None:
    told, other = (_plain(_accepted(app)) for app in schools)
    assert told == other

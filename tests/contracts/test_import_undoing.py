"""Undoing an import is the same on SQLite and on PostgreSQL, and leaves no trace in any table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Table, UniqueConstraint, func, insert, select

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.models import (
    Aside,
    AsideReason,
    Base,
    Case,
    CaseEffect,
    Cluster,
    ClusterCount,
    ClusterTrend,
    Cohort,
    Course,
    Coverage,
    CoverageSample,
    Enrolment,
    Fault,
    FaultQuestion,
    FaultSignal,
    FirstMatch,
    GoldenPair,
    GoldenSource,
    InferredLesson,
    Job,
    JobKind,
    Lesson,
    Membership,
    ProposedPlace,
    Question,
    Run,
    RunState,
    Theme,
    utc_now,
)
from kbsearch.services.cluster_counts import ClusterCountService
from kbsearch.services.imports import ImportOptions

NOW = utc_now()
A = "id,text\n1,Как отменить коммит в git?\n2,Где посмотреть расписание занятий?\n"
B = A.replace("1,", "3,") + "4,Как подключить базу данных?\n"
B_CASES = "id,title,answer\nnew,Подключение базы,host и port\n"


@pytest.fixture(params=["sqlite", "postgresql"])
def app(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kbsearch]:
    """An empty kbsearch on either database."""
    url = request.getfixturevalue("empty_postgresql") if request.param == "postgresql" else ""
    found = Kbsearch(Settings(home=tmp_path / "home", encoder="hashing", database_url=url))
    found.database.upgrade()
    yield found
    found.database.close()


def taken(app: Kbsearch, folder: Path, content: str) -> int:
    (folder / "q.csv").write_text(content, "utf-8")
    return app.imports.run(folder / "q.csv", ImportOptions(source="lms")).import_id


def referring(*names: str) -> list[tuple[Table, str]]:
    """Each table with the column that refers to one of the tables ``names``."""
    return [
        (table, key.parent.name)
        for table in Base.metadata.sorted_tables
        for key in table.foreign_keys
        if key.column.table.name in names
    ]


def work_of_the_machine(app: Kbsearch) -> None:
    """What runs, the watch and the matcher store of every question and case."""
    with app.database.writing() as session:
        run = Run(algorithm="leiden", finished_at=NOW, state=RunState.ACCEPTED)
        proposed = Run(algorithm="leiden", finished_at=NOW, state=RunState.PROPOSED)
        session.add_all([run, proposed])
        session.flush()
        theme = Theme(label="Всё", size=3, first_run_id=run.id, last_run_id=run.id)
        session.add(theme)
        session.flush()
        git = Cluster(label="Коммит", size=2, first_run_id=run.id, last_run_id=run.id, theme_id=theme.id)
        new = Cluster(label="База", size=1, first_run_id=run.id, last_run_id=run.id, candidate=True)
        fault = Fault(started_at=NOW, last_at=NOW)
        session.add_all([git, new, fault])
        session.flush()
        session.add(
            Coverage(cluster_id=git.id, colour="red", sampled=1, sure=0, same_case=0, model_version="m")
        )
        case = session.scalar(select(Case.id))
        session.add(
            ClusterTrend(cluster_id=git.id, run_id=run.id, state="new", p=0, weeks=1, observed=1, expected=0)
        )
        for question in session.scalars(select(Question).order_by(Question.id)):
            one, cluster = question.id, {"4": new, "2": None}.get(question.external_id, git)
            if cluster is not None:
                session.add(
                    Membership(run_id=run.id, question_id=one, cluster_id=cluster.id, exemplar_rank=1)
                )
                sample = CoverageSample(question_id=one, cluster_id=cluster.id, case_id=case, probability=1)
                sample.model_version = "m"
                session.add(sample)
            session.add(ProposedPlace(run_id=proposed.id, question_id=one))
            session.add(FirstMatch(question_id=one, case_id=case, probability=1, model_version="m"))
            session.add(InferredLesson(question_id=one, lesson_code="l", probability=1))
            session.add(FaultSignal(question_id=one, asked_at=NOW, probability=1))
            session.add(FaultQuestion(question_id=one, fault_id=fault.id, probability=1))
            session.add(Aside(question_id=one, reason=AsideReason.THANKS, probability=1))
            if case is not None and question.external_id == "4":
                golden = {"text": "x", "text_key": str(one), "case_id": case, "source": GoldenSource.ANSWERED}
                session.execute(insert(GoldenPair), [golden | {"question_id": one}])
    ClusterCountService(app.database).refresh()


def test_nothing_is_left_of_what_goes(app: Kbsearch, tmp_path: Path) -> None:
    taken(app, tmp_path, A)
    cases, questions = taken(app, tmp_path, B_CASES), taken(app, tmp_path, B)
    with app.database.reading() as session:
        gone = session.scalars(select(Question.id).where(Question.external_id.in_(["3", "4"]))).all()
    app.suggestions.suggest("Как подключить базу данных?", question_id=gone[0])
    app.pipeline.drain_all()
    work_of_the_machine(app)
    assert app.past_imports.undo(questions).questions == 2
    with app.database.reading() as session:
        for table, name in referring("question"):
            left = session.scalars(select(table.c[name]).where(table.c[name].in_(gone))).all()
            assert not left, f"{table.name}.{name}"
        assert [(one.label, one.size) for one in session.scalars(select(Cluster))] == [("Коммит", 1)]
        assert session.scalars(select(Theme.size)).all() == [1]
        assert (
            session.scalars(select(ClusterTrend)).all() == session.scalars(select(ClusterCount)).all() == []
        )
        assert session.scalar(select(func.count()).select_from(FaultQuestion)) == 2
        asked = select(Job.parameters).where(Job.kind == JobKind.COVERAGE)
        assert session.scalars(asked).one()["occasion"] == "run"
    assert app.past_imports.undo(cases).cases == 1
    with app.database.reading() as session:
        for table, name in referring("case"):
            assert not session.scalars(select(table.c[name]).where(table.c[name].is_not(None))).all()
        assert session.scalars(select(FirstMatch)).all() == [], "they are asked again"
    app.pipeline.drain_all()
    assert app.maintenance.check().ok
    assert (app.question_index.count(), app.case_index.count()) == (2, 0)


def test_a_cluster_and_a_fault_end_with_their_last_question(app: Kbsearch, tmp_path: Path) -> None:
    first = taken(app, tmp_path, A)
    work_of_the_machine(app)
    assert app.past_imports.undo(first).questions == 2
    with app.database.reading() as session:
        ended = session.scalars(select(Cluster).where(Cluster.candidate.is_(False))).one()
        assert (ended.size, ended.label, ended.keywords) == (0, "…", [])
        assert session.scalars(select(Fault)).all() == []
        assert session.scalars(select(CaseEffect)).all() == []


def test_outlines_and_enrolments_come_back_as_they_were(app: Kbsearch, tmp_path: Path) -> None:
    lesson = '{"id": "g1", "title": "A"}'
    old = f'{{"id": "git", "title": "Git", "cohorts": ["2026-02-02"], "lessons": [{lesson}]}}'
    new = '[{"id": "web", "title": "Web", "lessons": []}, {"id": "git", "title": "G", "lessons": []}]'
    rows = "course,week,students\ngit,2026-W06,"

    def told(outline: str, students: str) -> list[int]:
        (tmp_path / "o.json").write_text(outline, "utf-8")
        (tmp_path / "e.csv").write_text(rows + students, "utf-8")
        files = (tmp_path / "o.json", tmp_path / "e.csv")
        return [app.imports.run(path, ImportOptions()).import_id for path in files]

    def programme() -> list[Any]:
        parts = (Course.code, Course.title), (Lesson.code, Lesson.title, Lesson.position), (Cohort.starts_on,)
        with app.database.reading() as session:
            students = (Enrolment.course_code, Enrolment.week, Enrolment.students)
            return [sorted(map(tuple, session.execute(select(*each)))) for each in (*parts, students)]

    told(old, "10")
    before = programme()
    numbers = told(new, "20\nweb,2026-W06,5")
    then = programme()
    later = told(new, "20\nweb,2026-W06,5")
    for one in numbers:
        app.past_imports.undo(one)
    assert programme() == then, "the last import says the same"
    for one in later:
        app.past_imports.undo(one)
    assert programme() == before


def test_it_is_undone_whole_or_not_at_all(app: Kbsearch, tmp_path: Path) -> None:
    taken(app, tmp_path, A)
    second = taken(app, tmp_path, B)
    work_of_the_machine(app)

    def rows() -> dict[str, Any]:
        with app.database.reading() as session:
            tables = Base.metadata.sorted_tables
            return {table.name: session.scalar(select(func.count()).select_from(table)) for table in tables}

    def die(done: int, total: int, stage: str) -> None:
        raise KeyboardInterrupt

    before = rows()
    with pytest.raises(KeyboardInterrupt):
        app.past_imports.undo(second, progress=die)
    assert rows() == before
    assert app.past_imports.undo(second).questions == 2


def test_deleting_a_question_reads_no_table_whole() -> None:
    for table, name in referring("question", "reply"):
        whole = [index for index in table.indexes if index.dialect_options["sqlite"]["where"] is None]
        unique = [each for each in table.constraints if isinstance(each, UniqueConstraint)]
        found = [next(iter(each.columns)).name for each in (*whole, *unique, table.primary_key)]
        assert name in found, f"{table.name}.{name} has no index"

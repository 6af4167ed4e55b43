"""Undoing imports: what goes, what stays, and that nothing is left of what goes."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from kbsearch.app import Kbsearch
from kbsearch.errors import Conflict, InvalidInput, NotFound
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.models import (
    Base,
    Case,
    Import,
    ImportState,
    JobKind,
    Question,
    QuestionLink,
    QuestionState,
    Reply,
    Suggestion,
    utc_now,
)
from kbsearch.services.import_plans import Work
from kbsearch.services.imports import ImportOptions, Origin
from kbsearch.services.past_imports import PastImports

A = "id,text\n1,Как отменить коммит в git?\n2,Где посмотреть расписание занятий?\n"
B = (
    "id,text\n2,Где посмотреть расписание занятий?\n3,Как отменить коммит в git?\n"
    "4,Как подключить базу данных?\n5,Почему не открывается проверка домашней работы?\n"
)


def taken(app: Kbsearch, folder: Path, content: str, name: str = "q.csv", **options: Any) -> int:
    path = folder / name
    path.write_text(content, "utf-8")
    given = {"source": "lms"} | options
    found = app.imports.run(path, ImportOptions(**given)).import_id
    app.pipeline.drain_all()
    return found


def contents(app: Kbsearch, *, but: tuple[str, ...] = ("import", "outbox", "job")) -> dict[str, Any]:
    """All rows of all tables, without moments, versions and ids that nothing refers to."""
    found: dict[str, Any] = {}
    with app.database.reading() as session:
        for table in Base.metadata.sorted_tables:
            if table.name in but:
                continue
            columns = [
                column
                for column in table.columns
                if not column.name.endswith("_at")
                and column.name not in {"version", "import_id"}
                and not (table.name in {"variant", "reply", "revision"} and column.name == "id")
            ]
            rows = session.execute(select(*columns)).all() if columns else []
            found[table.name] = sorted(map(repr, rows))
    return found


def texts(app: Kbsearch) -> list[str]:
    return sorted(question.text for question in app.questions.latest(limit=500))


def question_id(app: Kbsearch, external_id: str) -> int:
    with app.database.reading() as session:
        return session.scalars(select(Question.id).where(Question.external_id == external_id)).one()


def test_undoing_the_second_import_leaves_what_the_first_one_brought(app: Kbsearch, tmp_path: Path) -> None:
    taken(app, tmp_path, A)
    before, found = contents(app), texts(app)
    second = taken(app, tmp_path, B)
    assert app.question_index.count() == 5
    outcome = app.past_imports.undo(second)
    assert (outcome.questions, outcome.kept) == (3, {})
    app.pipeline.drain_all()
    assert contents(app) == before
    assert texts(app) == found
    assert app.question_index.count() == 2
    assert app.maintenance.check().ok


def test_what_was_undone_comes_in_again_whole(app: Kbsearch, tmp_path: Path) -> None:
    taken(app, tmp_path, A)
    first = taken(app, tmp_path, B)
    ids = {question_id(app, name) for name in "345"}
    app.past_imports.undo(first)
    again = app.imports.run(tmp_path / "q.csv", ImportOptions(source="lms"))
    assert again.taken == {"questions_new": 3, "questions_known": 1}
    assert not ids & {question_id(app, name) for name in "345"}, "ids are never given again"
    app.pipeline.drain_all()
    assert app.question_index.count() == 5
    assert app.past_imports.undo(again.import_id).questions == 3


def test_an_import_is_undone_once(app: Kbsearch, tmp_path: Path) -> None:
    first = taken(app, tmp_path, A)
    app.past_imports.undo(first)
    with pytest.raises(Conflict, match="undone already"):
        app.past_imports.undo(first)
    with pytest.raises(Conflict, match="undone already"):
        app.past_imports.preview(first)
    with pytest.raises(NotFound, match="no import 99"):
        app.past_imports.undo(99)
    record = app.past_imports.get(first).record
    assert (record.state, record.undone["questions"]) == (ImportState.UNDONE, 2)


def test_an_import_that_is_running_is_not_undone_unless_it_was_killed(app: Kbsearch, tmp_path: Path) -> None:
    first = taken(app, tmp_path, A)
    with app.database.writing() as session:
        session.get_one(Import, first).state = ImportState.RUNNING
    with pytest.raises(Conflict, match="still running"):
        app.past_imports.undo(first)
    with app.database.writing() as session:
        session.get_one(Import, first).seen_at = utc_now() - timedelta(hours=1)
        session.get_one(Import, first).taken = {}
    listed = app.past_imports.latest()[0]
    assert (listed.state, listed.taken) == (ImportState.FAILED, {"questions_new": 2}), "it could not say so"
    assert app.past_imports.undo(first).questions == 2


def test_an_import_whose_job_has_ended_runs_no_more(app: Kbsearch, tmp_path: Path) -> None:
    job = app.jobs.enqueue(JobKind.IMPORT, {"path": "q.csv"})
    app.jobs.cancel(job.id)
    path = tmp_path / "q.csv"
    path.write_text(A, "utf-8")
    first = app.imports.run(path, ImportOptions(source="lms"), origin=Origin("q.csv", job.id)).import_id
    with app.database.writing() as session:
        session.get_one(Import, first).state = ImportState.RUNNING
    assert app.past_imports.get(first).state == ImportState.FAILED
    assert app.past_imports.undo(first).questions == 2


def test_an_import_that_took_nothing_has_nothing_to_undo(app: Kbsearch, tmp_path: Path) -> None:
    taken(app, tmp_path, A)
    again = taken(app, tmp_path, A)
    with pytest.raises(Conflict, match="Nothing of import"):
        app.past_imports.undo(again)
    (tmp_path / "broken.csv").write_text("id,text\n7,Когда вебинар?\n8,\n", "utf-8")
    with pytest.raises(InvalidInput):
        app.imports.run(tmp_path / "broken.csv", ImportOptions(on_error="stop"))
    broken = app.past_imports.latest()[0].record
    assert broken.state == ImportState.FAILED
    with pytest.raises(Conflict, match="Nothing of import"):
        app.past_imports.ask(broken.id)


def test_an_import_that_broke_off_is_undone_as_far_as_it_came(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id,text\n" + "".join(f"{n},Вопрос про урок {n}\n" for n in range(600)), "utf-8")

    def stop(done: int, total: int, stage: str) -> None:
        raise Conflict("cancelled")

    with pytest.raises(Conflict, match="cancelled"):
        app.imports.run(path, ImportOptions(), stop)
    record = app.past_imports.latest()[0].record
    assert (record.state, app.questions.count()) == (ImportState.FAILED, 500)
    assert app.past_imports.undo(record.id).questions == 500
    assert app.questions.count() == 0


def test_a_running_import_stops_when_it_is_undone_meanwhile(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id,text\n" + "".join(f"{n},Вопрос про урок {n}\n" for n in range(600)), "utf-8")

    def undo(done: int, total: int, stage: str) -> None:
        record = app.past_imports.latest()[0].record
        with app.database.writing() as session:
            session.get_one(Import, record.id).seen_at = utc_now() - timedelta(hours=1)
        app.past_imports.undo(record.id)

    with pytest.raises(Conflict, match="undone meanwhile"):
        app.imports.run(path, ImportOptions(), undo)
    assert app.questions.count() == 0


def _answer(app: Kbsearch, one: int, other: int, case_id: int) -> None:
    app.questions.answer(one, case_id)


def _dismiss(app: Kbsearch, one: int, other: int, case_id: int) -> None:
    app.questions.dismiss(one)


def _reply(app: Kbsearch, one: int, other: int, case_id: int) -> None:
    said = IncomingReply(text="См. урок 3", by_mentor=True)
    app.questions.receive(
        IncomingQuestion(text="x", source="lms", external_id="4", replies=(said,), place="")
    )


def _judge(app: Kbsearch, one: int, other: int, case_id: int) -> None:
    view = app.suggestions.suggest("Как подключить базу данных?", question_id=one)
    app.suggestions.feedback(view.id, "nothing_fits")


def _link(app: Kbsearch, one: int, other: int, case_id: int) -> None:
    app.duplicates.link(one, other)


def _phrase(app: Kbsearch, one: int, other: int, case_id: int) -> None:
    from kbsearch.services.case_drafts import draft_of, with_variant

    case = app.cases.get(case_id)
    text = "Как подключить базу данных?"
    app.cases.save(case_id, with_variant(draft_of(case), text), version=case.version, sources={text: one})


@pytest.mark.parametrize(
    ("work", "reason"),
    [
        (_answer, Work.ANSWERED),
        (_dismiss, Work.ANSWERED),
        (_reply, Work.ANSWERED),
        (_judge, Work.JUDGED),
        (_link, Work.LINKED),
        (_phrase, Work.PHRASING),
    ],
)
def test_questions_that_people_worked_on_stay(app: Kbsearch, tmp_path: Path, work: Any, reason: Work) -> None:
    taken(app, tmp_path, "id,title,answer\nbase,Подключение базы,host и port\n", "c.csv", kind="cases")
    taken(app, tmp_path, A)
    second = taken(app, tmp_path, B)
    kept = question_id(app, "4")
    work(app, kept, question_id(app, "2"), 1)
    app.pipeline.drain_all()
    preview = app.past_imports.preview(second)
    assert preview.plan.kept == {kept: reason}
    assert [(one.id, one.work) for one in preview.examples] == [(kept, reason)]
    outcome = app.past_imports.undo(second)
    assert (outcome.questions, outcome.kept) == (2, {str(reason): 1})
    assert question_id(app, "4") == kept
    app.pipeline.drain_all()
    assert app.question_index.count() == 3


def test_feedback_that_was_taken_back_is_no_work(app: Kbsearch, tmp_path: Path) -> None:
    first = taken(app, tmp_path, A)
    view = app.suggestions.suggest("Как отменить коммит?", question_id=question_id(app, "1"))
    given = app.suggestions.feedback(view.id, "nothing_fits")
    assert app.past_imports.preview(first).plan.kept
    app.suggestions.withdraw(given.id)
    assert app.past_imports.undo(first).questions == 2


def test_looking_at_suggestions_is_no_work_and_leaves_no_trace(app: Kbsearch, tmp_path: Path) -> None:
    first = taken(app, tmp_path, A)
    app.suggestions.suggest("Как отменить коммит?", question_id=question_id(app, "1"))
    assert app.past_imports.undo(first).questions == 2
    with app.database.reading() as session:
        assert session.scalars(select(Suggestion)).all() == []


def test_repeats_of_what_goes_repeat_each_other(app: Kbsearch, tmp_path: Path) -> None:
    first = taken(app, tmp_path, A)
    taken(
        app, tmp_path, "id,text\n11,Как отменить коммит в git?\n12,Как отменить коммит в git?\n", source="x"
    )
    with app.database.reading() as session:
        assert {link.root_id for link in session.scalars(select(QuestionLink))} == {1}
    app.past_imports.undo(first)
    app.pipeline.drain_all()
    one, other = question_id(app, "11"), question_id(app, "12")
    with app.database.reading() as session:
        links = [
            (link.question_id, link.to_id, link.root_id) for link in session.scalars(select(QuestionLink))
        ]
    assert links == [(other, one, one)]


def test_replies_that_an_import_added_go_and_the_question_waits_again(app: Kbsearch, tmp_path: Path) -> None:
    told = '{{"id": "1", "text": "Как сдать работу?", "replies": [{}]}}\n'
    plain = '{"text": "Так же не понял", "by_mentor": false}'
    taken(app, tmp_path, told.format(plain), "q.jsonl")
    before = contents(app)
    more = plain.replace("}", ', "accepted": true}') + ', {"text": "Кнопкой"}'
    second = taken(app, tmp_path, told.format(more), "q.jsonl")
    assert app.questions.get(1).state == QuestionState.ANSWERED
    with app.database.reading() as session:
        assert session.scalar(select(func.count(Reply.id))) == 2
    assert app.past_imports.preview(second).plan.replies == 1
    assert app.past_imports.undo(second).replies == 1
    assert contents(app) == before
    assert app.questions.get(1).state == QuestionState.OPEN


CASES = "id,title,answer,variants\nundo,Отмена коммита,git reset,как отменить\nbase,База,host,\n"


def test_cases_go_and_changed_ones_say_again_what_they_said(app: Kbsearch, tmp_path: Path) -> None:
    taken(app, tmp_path, CASES, "c.csv")
    before = contents(app)
    changed = CASES.replace("git reset", "git revert") + "new,Новый,ответ,\n"
    second = taken(app, tmp_path, changed, "c.csv")
    assert app.case_index.count() == 3
    outcome = app.past_imports.undo(second)
    assert (outcome.cases, outcome.restored, outcome.kept_cases) == (1, 1, [])
    app.pipeline.drain_all()
    assert contents(app) == before
    assert app.case_index.count() == 2
    assert app.maintenance.check().ok
    again = app.imports.run(tmp_path / "c.csv", ImportOptions(source="lms"))
    assert again.taken == {"cases_new": 1, "cases_changed": 1, "cases_same": 1}


def test_cases_that_people_edited_or_used_stay_and_are_named(app: Kbsearch, tmp_path: Path) -> None:
    first = taken(app, tmp_path, CASES + "third,Третий,ответ,\n", "c.csv")
    taken(app, tmp_path, A)
    app.cases.move(app.cases.by_slug("undo").id, "needs_check")
    app.questions.answer(question_id(app, "2"), app.cases.by_slug("base").id)
    outcome = app.past_imports.undo(first)
    assert [one["title"] for one in outcome.kept_cases] == ["Отмена коммита", "База"]
    assert outcome.cases == 1
    with app.database.reading() as session:
        assert session.scalars(select(Case.slug).order_by(Case.id)).all() == ["undo", "base"]


def test_the_worker_undoes_and_ends_the_job_at_once(app: Kbsearch, tmp_path: Path) -> None:
    first = taken(app, tmp_path, A)
    job = app.past_imports.ask(first)
    assert app.past_imports.ask(first).id == job.id
    claimed = app.jobs.claim()
    assert claimed is not None
    app.past_imports.work(claimed)
    ended = app.jobs.get(job.id)
    assert (ended.state, ended.result["questions"]) == ("done", 2)
    assert PastImports(app.database).get(first).record.state == ImportState.UNDONE


def test_answers_that_an_evaluation_set_told_are_no_work_of_people(app: Kbsearch, tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "cases.jsonl").write_text('{"id": "1", "title": "Коммит", "answer": "git reset"}\n', "utf-8")
    asked = '{"id": "1", "text": "Как отменить коммит?"}\n{"id": "2", "text": "Как убрать коммит?"}\n'
    (folder / "questions.jsonl").write_text(asked, "utf-8")
    (folder / "relevant.csv").write_text("question_id,case_id\n1,1\n2,1\n", "utf-8")
    first = app.imports.run(folder, ImportOptions())
    assert first.taken == {"cases_new": 1, "questions_new": 2}
    view = app.suggestions.suggest("Как убрать коммит?", question_id=question_id(app, "2"))
    plan = app.past_imports.preview(first.import_id).plan
    assert (len(plan.questions), len(plan.cases)) == (2, 1)
    app.suggestions.feedback(view.id, "nothing_fits")
    outcome = app.past_imports.undo(first.import_id)
    assert (outcome.questions, outcome.kept) == (1, {"judged": 1})
    assert [one["title"] for one in outcome.kept_cases] == ["Коммит"], "the question that stays has it"


def test_an_import_that_is_run_again_goes_on_with_its_record(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id,text\n" + "".join(f"{n},Вопрос про урок {n}\n" for n in range(600)), "utf-8")
    job = app.jobs.enqueue("import", {"path": str(path)})  # type: ignore[arg-type]  # as the database has it

    def stop(done: int, total: int, stage: str) -> None:
        raise Conflict("the worker stops")

    with pytest.raises(Conflict, match="the worker stops"):
        app.imports.run(path, ImportOptions(), stop, Origin("q.csv", job.id))
    report = app.imports.run(path, ImportOptions(), origin=Origin("q.csv", job.id))
    record = app.past_imports.of_job(job.id)
    assert record is not None
    assert (record.id, record.state, len(app.past_imports.latest())) == (report.import_id, "done", 1)
    assert record.taken["questions_new"] == 600
    assert app.past_imports.undo(record.id).questions == 600

"""Imports end to end: what is taken, what is known, and that nothing is half taken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput
from kbsearch.importers.records import IncomingCourse, IncomingLesson
from kbsearch.models import QuestionState
from kbsearch.services.imports import ImportOptions, ImportService
from kbsearch.services.outline_names import Unknown

CSV = "id,вопрос,курс\n1,Как отменить коммит? мой ник @ivan_petrov,git\n2,,git\n3,Где расписание?,nope\n"
CASES = "id,title,answer,variants\nundo,Отмена коммита,git reset,пишите @vasya_dev\nempty,Пустой ответ,,\n"


def written(folder: Path, content: str, name: str = "q.csv") -> Path:
    path = folder / name
    path.write_text(content, "utf-8")
    return path


def test_a_file_is_taken_once(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, CSV)
    stages: list[tuple[int, int, str]] = []
    first = app.imports.run(
        path, ImportOptions(), lambda done, total, stage: stages.append((done, total, stage))
    )
    assert first.taken == {"questions_new": 2}
    assert (first.skipped_count, first.skipped[0].place) == (1, "line 3")
    assert first.masked == {"name": 1}
    assert stages[-1][0] == stages[-1][1] == path.stat().st_size
    again = app.imports.run(path, ImportOptions())
    assert again.taken == {"questions_known": 2}
    assert again.masked == {}
    assert (again.anything, again.clashes) == (True, 0)
    texts = {question.text for question in app.questions.latest()}
    assert texts == {"Как отменить коммит? мой ник [name]", "Где расписание?"}


def test_the_same_ids_with_other_texts_are_noticed(app: Kbsearch, tmp_path: Path) -> None:
    app.imports.run(written(tmp_path, CSV), ImportOptions(source="lms"))
    report = app.imports.run(written(tmp_path, "id,text\n1,совсем другое\n"), ImportOptions(source="lms"))
    assert (report.taken, report.clashes) == ({"questions_known": 1}, 1)


def test_a_preview_tells_ids_that_are_not_those_of_questions(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, "id,text\n1,как сдать?\n1,Как сдать\n1,где чат?\n2,где чат?\n")
    preview = app.imports.preview(path, ImportOptions())
    assert (preview.counts, preview.clashes) == ({"questions": 2}, 1)
    assert [sample.place for sample in preview.sample] == ["line 2", "line 5"]
    preview = app.imports.preview(path, ImportOptions(mapping={"id": ""}))
    assert (preview.mapping, preview.clashes) == ({"text": "text"}, 0)
    assert app.imports.run(path, ImportOptions(mapping={"id": ""})).taken == {
        "questions_new": 3,
        "questions_known": 1,
    }


SHARED = "№,вопрос,ответ\n1,как сдать?,на странице\n1,где чат?,в меню\n1,как войти?,\n2,где оценки?,\n"


@pytest.mark.parametrize("batch", [1, 2, 500])
def test_rows_of_a_file_that_share_an_id_are_told_and_not_mixed(
    app: Kbsearch, tmp_path: Path, batch: int
) -> None:
    path, imports = written(tmp_path, SHARED), ImportService(app.database, app.questions, batch=batch)
    first, again = (imports.run(path, ImportOptions()) for _ in range(2))
    assert (first.taken, first.clashes) == ({"questions_new": 2}, 0)
    assert (again.taken, again.clashes) == ({"questions_known": 2}, 0)
    for report in (first, again):
        assert (report.clashes_within, report.id_column) == (2, "№")
        assert [(row.place, "id" in row.reason) for row in report.skipped] == [
            ("line 3", True),
            ("line 4", True),
        ]
    replies = {one.text: [reply.text for reply in one.replies] for one in app.questions.latest()}
    assert replies == {"как сдать?": ["на странице"], "где оценки?": []}


def test_all_or_nothing_takes_no_file_whose_rows_share_an_id(app: Kbsearch, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"line 3: its id is that of an earlier row.*Nothing was taken"):
        app.imports.run(written(tmp_path, SHARED), ImportOptions(on_error="stop"))
    assert app.questions.count() == 0


def test_ids_of_another_file_are_no_ids_that_rows_share(app: Kbsearch, tmp_path: Path) -> None:
    app.imports.run(written(tmp_path, "id,text\n1,раз\n2,два\n"), ImportOptions(source="lms"))
    other = written(tmp_path, "id,text\n1,три\n2,два\n2,пять\n")
    report = app.imports.run(other, ImportOptions(source="lms"))
    assert report.taken == {"questions_known": 2}
    assert (report.clashes, report.clashes_within) == (1, 1)


def test_questions_of_a_table_without_a_date_are_told(app: Kbsearch, tmp_path: Path) -> None:
    again = "3,три,\n3,четыре,\n"  # known by then, and one that shares its id
    path = written(tmp_path, f"id,text,asked\n1,раз,\n2,два,2026-11-02\n3,три,\n{again}")
    assert app.imports.preview(path, ImportOptions()).undated == 2
    assert app.imports.run(path, ImportOptions()).undated == 2
    assert app.imports.run(path, ImportOptions()).undated == 0
    cases = written(tmp_path, "title,answer\nкак,так\n")
    assert app.imports.run(cases, ImportOptions()).undated == 0


def test_known_questions_keep_their_course_and_lesson_and_the_report_says_so(
    app: Kbsearch, tmp_path: Path
) -> None:
    options = ImportOptions(source="lms")
    first = "id,text,course,lesson\n1,раз,,\n2,два,git,\n3,три,git,git-1\n4,четыре,git,git-1\n"
    app.imports.run(written(tmp_path, first), options)
    mended = "id,text,course,lesson\n1,раз,git,\n2,два,git,git-2\n3,три,,\n4,четыре,git,git-1\n"
    report = app.imports.run(written(tmp_path, mended), options)
    assert (report.taken, report.clashes, report.kept_places) == ({"questions_known": 4}, 0, 2)
    assert {q.text: q.course_code for q in app.questions.latest()}["раз"] == ""


def test_cases_are_taken_and_brought_up_to_date(app: Kbsearch, tmp_path: Path) -> None:
    report = app.imports.run(written(tmp_path, CASES), ImportOptions())
    assert report.taken == {"cases_new": 1}
    assert [(row.place, "no answer" in row.reason) for row in report.skipped] == [("line 3", True)]
    case = app.cases.by_slug("undo")
    assert [variant.text for variant in case.variants] == ["пишите [name]"]
    assert report.masked == {"name": 1}
    assert app.imports.run(written(tmp_path, CASES), ImportOptions()).taken == {"cases_same": 1}
    changed = CASES.replace("git reset", "git reset --soft")
    assert app.imports.run(written(tmp_path, changed), ImportOptions()).taken == {"cases_changed": 1}


def test_a_case_never_takes_the_place_of_another_of_its_file(app: Kbsearch, tmp_path: Path) -> None:
    rows = "id,title,answer\nundo,Отмена коммита,git reset\nundo,Отмена пуша,git revert\n"
    for outcome in ("cases_new", "cases_same"):
        report = app.imports.run(written(tmp_path, rows), ImportOptions())
        assert report.taken == {outcome: 1}
        assert [(row.place, row.details["place"]) for row in report.skipped] == [("line 3", "line 2")]
    assert app.cases.by_slug("undo").answer == "git reset"


def test_a_title_that_is_too_long_is_cut_and_kept_as_a_phrasing(app: Kbsearch, tmp_path: Path) -> None:
    title = "почему " * 80
    app.imports.run(written(tmp_path, f"id,title,answer\nlong,{title},потому\n"), ImportOptions())
    case = app.cases.by_slug("long")
    assert case.title.endswith("…")
    assert [variant.text for variant in case.variants] == [title.strip()]


@pytest.mark.parametrize("content", [CSV, CASES])
def test_stop_takes_everything_or_nothing(app: Kbsearch, tmp_path: Path, content: str) -> None:
    with pytest.raises(InvalidInput, match=r"line 3: .*Nothing was taken"):
        app.imports.run(written(tmp_path, content), ImportOptions(on_error="stop"))
    assert app.questions.latest() == []
    assert app.cases.list().total == 0
    whole = "\n".join(line for at, line in enumerate(content.splitlines()) if at != 2)
    if content is CASES:
        whole = "\n".join(content.splitlines()[:2])
    assert app.imports.run(written(tmp_path, whole), ImportOptions(on_error="stop")).anything


def test_titles_of_courses_and_topics_become_codes(app: Kbsearch, tmp_path: Path) -> None:
    app.questions.save_course(
        IncomingCourse("fe", "Веб-разработка", (IncomingLesson("fe-5", "Урок 5. Git"),))
    )
    rows = "text,course,lesson\nа,веб-разработка,\nб,Урок 5. Git,\nв,,урок 5. git\nг,другой,\n"
    report = app.imports.run(written(tmp_path, rows), ImportOptions())
    found = {q.text: (q.course_code, q.lesson_code) for q in app.questions.latest()}
    assert found == {"а": ("fe", ""), "б": ("fe", "fe-5"), "в": ("fe", "fe-5"), "г": ("другой", "")}
    assert report.unknown == [Unknown("course", "другой", 1)]


SCHOOL = (
    IncomingCourse("python-start", "Python с нуля", (IncomingLesson("py-01", "Установка Python"),)),
    IncomingCourse("web", "Веб-разработка", (IncomingLesson("web-01", "Первая страница"),)),
)
QUESTIONS_OF = """text,course,lesson
а,python-strat,py-01
б,python-strat,
в,python-start,py-10
г,,Первая странца
д,python-start,Установка Python
"""
CASES_OF = """title,answer,course,lessons
Отмена коммита,ответ,python-strat,py-01
Отмена слияния,ответ,python-strat,
Отмена ветки,ответ,python-start,"py-01,py-10"
Отмена тега,ответ,,Первая странца
"""
ENROLMENTS_OF = """course,week,students
python-strat,2026-W47,10
python-strat,2026-W48,11
web,2026-W47,12
"""


@pytest.mark.parametrize("rows", [QUESTIONS_OF, CASES_OF, ENROLMENTS_OF])
def test_courses_and_lessons_that_no_outline_has_are_told(app: Kbsearch, tmp_path: Path, rows: str) -> None:
    for course in SCHOOL:
        app.questions.save_course(course)
    path = written(tmp_path, rows)
    preview, report = app.imports.preview(path, ImportOptions()), app.imports.run(path, ImportOptions())
    assert preview.unknown == report.unknown
    assert report.skipped_count == 0
    told = {(one.kind, one.name): (one.rows, one.nearest) for one in report.unknown}
    assert told.pop(("course", "python-strat")) == (2, "python-start")
    lessons = {("lesson", "py-10"): (1, "py-01"), ("lesson", "Первая странца"): (1, "Первая страница")}
    assert told == ({} if rows is ENROLMENTS_OF else lessons)


def test_lessons_of_another_course_are_told(app: Kbsearch, tmp_path: Path) -> None:
    for course in SCHOOL:
        app.questions.save_course(course)
    path = written(
        tmp_path, "text,course,lesson\nа,web,py-01\nб,web,Установка Python\nв,,py-01\nг,web,web-01\n"
    )
    preview, report = app.imports.preview(path, ImportOptions()), app.imports.run(path, ImportOptions())
    assert preview.unknown == report.unknown == [Unknown("elsewhere", "py-01", 2, "python-start")]
    assert report.taken["questions_new"] == 4


def test_without_any_outline_courses_are_told_as_well(app: Kbsearch, tmp_path: Path) -> None:
    report = app.imports.run(written(tmp_path, ENROLMENTS_OF), ImportOptions())
    assert {one.name: one.rows for one in report.unknown} == {"python-strat": 2, "web": 1}


def test_an_evaluation_set_marks_questions_as_answered_by_their_case(app: Kbsearch, tmp_path: Path) -> None:
    case = {"id": "c1", "title": "Отмена коммита", "answer": "reset"}
    written(tmp_path, json.dumps(case), "cases.jsonl")
    written(tmp_path, '{"id":"q1","text":"как?"}\n{"id":"q2","text":"где?"}', "questions.jsonl")
    written(tmp_path, "question_id,case_id\nq1,c1\n", "relevant.csv")
    report = app.imports.run(tmp_path, ImportOptions())
    assert report.taken == {"cases_new": 1, "questions_new": 2}
    found = {q.text: (q.state, q.case_id is not None) for q in app.questions.latest()}
    assert found == {"как?": (QuestionState.ANSWERED, True), "где?": (QuestionState.OPEN, False)}
    assert app.imports.run(tmp_path, ImportOptions()).taken == {"cases_same": 1, "questions_known": 2}


def test_a_preview_stores_nothing_and_masks_its_samples(app: Kbsearch, tmp_path: Path) -> None:
    preview = app.imports.preview(written(tmp_path, CSV), ImportOptions())
    assert (preview.format, preview.encoding, preview.columns) == ("csv", "utf-8", ("id", "вопрос", "курс"))
    assert preview.mapping == {"id": "id", "text": "вопрос", "course": "курс"}
    assert (preview.counts, preview.skipped_count) == ({"questions": 2}, 1)
    assert preview.sample[0].fields["text"] == "Как отменить коммит? мой ник [name]"
    assert preview.complete
    assert app.questions.latest() == []


def test_a_preview_counts_the_cases_that_would_be_taken(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, CASES)
    preview = app.imports.preview(path, ImportOptions())
    report = app.imports.run(path, ImportOptions())
    assert (preview.counts, report.taken) == ({"cases": 1}, {"cases_new": 1})
    assert preview.skipped == report.skipped


def test_a_preview_of_a_long_file_reads_its_beginning(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, "text\n" + "".join(f"как {number}?\n" for number in range(30)))
    preview = app.imports.preview(path, ImportOptions(), limit=10)
    assert (preview.counts, preview.complete) == ({"questions": 10}, False)


def test_a_preview_shows_the_columns_when_none_is_known(app: Kbsearch, tmp_path: Path) -> None:
    preview = app.imports.preview(written(tmp_path, "a,b\n1,2\n"), ImportOptions())
    assert preview.columns == ("a", "b")
    assert "hold the text" in preview.problem
    assert preview.counts == {}


def test_half_characters_and_long_languages_of_cases_are_mended(app: Kbsearch, tmp_path: Path) -> None:
    case = {"title": "Как \ud83d сдать", "answer": "так \ud83d\x00", "tags": ["\ud83d"], "language": "x" * 50}
    report = app.imports.run(written(tmp_path, json.dumps([case]), "cases.json"), ImportOptions())
    assert report.taken == {"cases_new": 1}
    [stored] = app.cases.list().items
    assert (stored.title, stored.answer, stored.language) == ("Как \ufffd сдать", "так \ufffd", "x" * 8)


def test_outlines_may_stand_in_an_object_and_errors_name_the_lesson(app: Kbsearch, tmp_path: Path) -> None:
    good = {"id": "a", "title": "А", "lessons": [{"id": "a1", "title": "Урок"}]}
    bad = {"id": "b", "lessons": [{"id": "b1"}, {"title": "без номера"}]}
    report = app.imports.run(
        written(tmp_path, json.dumps({"courses": [good, bad]}), "o.json"), ImportOptions()
    )
    assert report.taken == {"courses": 1}
    [row] = report.skipped
    assert (row.place, row.details["number"], row.remedy) == ("course 2", 2, "Give each lesson an id.")


def test_the_preview_of_outlines_finds_what_the_import_refuses(app: Kbsearch, tmp_path: Path) -> None:
    app.questions.save_course(IncomingCourse("old", "Old", (IncomingLesson("o1", "Раз"),)))
    courses = [
        ("a", ["a1", "a2"], []),
        ("twice", ["t1", "t1"], []),
        ("x" * 101, [], []),
        ("long", ["y" * 101], []),
        ("stolen", ["o1"], []),
        ("also-stolen", ["a2"], []),
        ("ancient", [], ["0001-01-01"]),
        ("a", ["a1"], ["2026-02-02"]),
        ("b", ["a2"], []),
    ]
    told = [
        {"id": code, "title": code, "lessons": [{"id": one} for one in lessons], "cohorts": days}
        for code, lessons, days in courses
    ]
    path = written(tmp_path, json.dumps(told), "o.json")
    preview = app.imports.preview(path, ImportOptions())
    assert [row.place for row in preview.skipped] == [f"course {number}" for number in range(2, 8)]
    report = app.imports.run(path, ImportOptions())
    assert (report.skipped, report.taken) == (preview.skipped, preview.counts)


@pytest.mark.parametrize("ids", [True, False])
def test_questions_that_were_taken_without_their_subjects_are_known(
    app: Kbsearch, tmp_path: Path, ids: bool
) -> None:
    rows = ["Ticket ID,Subject,Description,Reporter", "1,Пуш,Пишет rejected,anna", "2,Слияние,Конфликт,boris"]
    path = written(tmp_path, "\n".join(rows))
    told = {} if ids else {"id": ""}
    before = app.imports.run(path, ImportOptions(mapping={**told, "title": ""}))
    report = app.imports.run(path, ImportOptions(mapping=told))
    assert (before.taken, report.taken) == ({"questions_new": 2}, {"questions_known": 2})
    assert (report.clashes, report.skipped_count) == (0, 0)


def test_a_preview_shows_subjects_and_rows_of_one_text_stay_apart(app: Kbsearch, tmp_path: Path) -> None:
    rows = [
        "Summary,Issue type,Issue key,Description",
        "Пуш anna@example.com,Bug,,Не работает",
        "Вход,Bug,,Не работает",
        "Оплата,Bug,,",
    ]
    path = written(tmp_path, "\n".join(rows))
    shown = [sample.fields["text"] for sample in app.imports.preview(path, ImportOptions()).sample]
    assert shown == ["Пуш [email]\nНе работает", "Вход\nНе работает", "Оплата"]
    assert app.imports.run(path, ImportOptions()).taken == {"questions_new": 3}
    assert app.imports.run(path, ImportOptions()).taken == {"questions_known": 3}

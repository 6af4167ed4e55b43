"""Enrolments: how many students a course has, week by week, from a table."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import openpyxl
import pytest

from kbsearch.app import Kbsearch
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingCourse
from kbsearch.services.enrolments import enrolled, monday_of

W46, W47, W48 = date(2026, 11, 9), date(2026, 11, 16), date(2026, 11, 23)
FILE = "курс;неделя;число студентов\nPython с нуля;2026-W46;120\npy;20.11.2026;110\nfe;2026-11-16;40\n"


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    app.questions.save_course(IncomingCourse("py", "Python с нуля"))
    return app


def taken(app: Kbsearch, folder: Path, text: str) -> dict[tuple[str, date], int]:
    path = folder / "enrolment.csv"
    path.write_text(text, "utf-8")
    app.imports.run(path, ImportOptions())
    with app.database.reading() as session:
        return enrolled(session, [W46, W47, W48])


def test_weeks_and_dates_are_read_and_courses_found_by_title(school: Kbsearch, tmp_path: Path) -> None:
    known = taken(school, tmp_path, FILE)
    assert (known["py", W46], known["py", W47], known["fe", W47]) == (120, 110, 40)


def test_a_week_without_a_figure_has_the_last_one_before_it(school: Kbsearch, tmp_path: Path) -> None:
    known = taken(school, tmp_path, FILE)
    assert known["py", W48] == 110
    assert ("fe", W46) not in known


def test_the_last_figure_of_a_week_counts_and_the_file_may_come_twice(
    school: Kbsearch, tmp_path: Path
) -> None:
    taken(school, tmp_path, FILE)
    later = "course,date,students\npy,2026-11-16,100\npy,2026-11-18,90\n"
    assert taken(school, tmp_path, later)["py", W47] == 90
    assert taken(school, tmp_path, later)["py", W46] == 120


def test_a_preview_shows_weeks_and_tells_what_is_wrong(school: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "enrolment.csv"
    path.write_text(
        "course,week,students\npy,2026-W47,12\n,2026-W47,3\npy,2026-W99,3\npy,2026-W47,many\n", "utf-8"
    )
    preview = school.imports.preview(path, ImportOptions())
    assert preview.counts == {"enrolments": 1}
    assert preview.sample[0].fields == {"course": "py", "week": "2026-11-16", "students": "12"}
    assert [row.reason for row in preview.skipped] == [
        "there is no course",
        "The week '{value}' is not understood.",
        "the number of students '{value}' is no whole number up to {most}",
    ]


def test_without_a_week_the_file_says_what_it_lacks(school: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "enrolment.csv"
    path.write_text("course,students\npy,12\n", "utf-8")
    assert "week" in school.imports.preview(path, ImportOptions()).problem


def test_questions_with_a_column_of_students_stay_questions(school: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "questions.csv"
    path.write_text("вопрос,студенты,неделя\nкак отменить коммит?,3,2\n", "utf-8")
    assert school.imports.preview(path, ImportOptions()).counts == {"questions": 1}


def test_mondays() -> None:
    assert monday_of(date(2026, 11, 22)) == W47
    assert monday_of(W47) == W47


def test_numbers_and_weeks_as_tables_write_them(school: Kbsearch, tmp_path: Path) -> None:
    known = taken(school, tmp_path, "курс;неделя;студентов\npy;2026-W46;1 200\npy;2026-W47;110.0\n")
    assert (known["py", W46], known["py", W47]) == (1_200, 110)
    book = openpyxl.Workbook()
    book.active.append(["Курс", "Неделя", "Студентов"])
    book.active.append(["fe", 46342, 40])
    book.save(tmp_path / "enrolment.xlsx")
    school.imports.run(tmp_path / "enrolment.xlsx", ImportOptions())
    with school.database.reading() as session:
        assert enrolled(session, [W47])["fe", W47] == 40


def test_what_no_database_takes_is_told_or_mended(school: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "enrolment.json"
    rows = [
        {"course": "p\x00y", "week": "2026-W47", "students": 12},
        {"course": "p\ud83dy", "week": "2026-W47", "students": 12},
        {"course": "x" * 101, "week": "2026-W47", "students": 12},
        {"course": "py", "week": "2999-W01", "students": 12},
        {"course": "py", "week": "soon", "students": 12},
        {"course": "py", "week": "0001-01-01", "students": 12},
        {"course": "py", "week": "1999-W52", "students": 12},
    ]
    path.write_text(json.dumps(rows), "utf-8")
    report = school.imports.run(path, ImportOptions())
    assert report.taken == {"enrolments": 2}
    assert [row.place for row in report.skipped] == [f"entry {number}" for number in range(3, 8)]
    assert "too far in the past" in report.skipped[-1].reason
    assert all(row.remedy for row in report.skipped)

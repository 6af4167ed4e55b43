"""`kbsearch imports` lists what was taken in, and takes it back."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kbsearch.app import Kbsearch
from kbsearch.cli import group
from kbsearch.config import Settings
from kbsearch.errors import Conflict, NotFound

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    runner = CliRunner(env={"KBSEARCH_HOME": str(tmp_path / "home"), "KBSEARCH_ENCODER": "hashing"})
    return lambda *words: runner.invoke(group, list(words))


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "march.csv"
    path.write_text("id,text\n1,Как отменить коммит?\n2,Где расписание занятий?\n", "utf-8")
    return str(path)


def test_an_import_is_listed_looked_at_and_undone(run: Run, file: str, tmp_path: Path) -> None:
    assert "to take it back: kbsearch imports undo 1" in run("import", file).output
    listed = run("imports", "list").output
    assert "march.csv: 2 questions" in listed
    looked = run("imports", "undo", "1", "--dry-run")
    assert looked.exit_code == 0
    assert "would remove\n  2 questions\n" in looked.output
    told = json.loads(run("imports", "undo", "1", "--dry-run", "--json").output)
    assert (told["questions"], told["kept"], told["later"]) == (2, {}, [])
    result = run("imports", "undo", "1")
    assert result.exit_code == 0, result.output
    assert "Import 1 is undone" in result.output
    app = Kbsearch(Settings(home=tmp_path / "home", encoder="hashing"))
    assert (app.questions.count(), app.question_index.count()) == (0, 0)
    app.database.close()
    assert json.loads(run("imports", "list", "--json").output)["items"][0]["state"] == "undone"
    assert "2 questions taken" in run("import", file).output


def test_what_people_worked_on_is_told_and_later_imports_are(run: Run, file: str, tmp_path: Path) -> None:
    run("import", file)
    run("import", file)
    app = Kbsearch(Settings(home=tmp_path / "home", encoder="hashing"))
    app.questions.dismiss(1)
    app.database.close()
    looked = run("imports", "undo", "1", "--dry-run").output
    assert "1 question stays, for people have worked on them since: answered, dismissed" in looked
    assert "question 1: Как отменить коммит?" in looked
    assert "known already: 2." in looked
    assert "1 question stays" in run("imports", "undo", "1").output


def test_what_cannot_be_undone_is_said(run: Run, file: str) -> None:
    assert run("init").exit_code == 0
    assert run("imports", "list").output == "No imports.\n"
    missing = run("imports", "undo", "7")
    assert isinstance(missing.exception, NotFound)
    assert "cannot be undone" in missing.exception.remedy
    run("import", file)
    run("imports", "undo", "1", "--json")
    assert isinstance(run("imports", "undo", "1").exception, Conflict)


def test_outlines_and_enrolments_are_taken_back(run: Run, tmp_path: Path) -> None:
    outline, students = tmp_path / "git.json", tmp_path / "students.csv"
    outline.write_text('{"id": "git", "title": "Git", "lessons": [{"id": "g1", "title": "Коммит"}]}', "utf-8")
    students.write_text("course,week,students\ngit,2026-W06,10\ngit,2026-W07,20\n", "utf-8")
    assert "kbsearch imports undo 2" in run("import", str(outline), str(students)).output
    outline.write_text('{"id": "git", "title": "Гит", "lessons": []}', "utf-8")
    students.write_text("course,week,students\ngit,2026-W07,30\n", "utf-8")
    run("import", str(outline), str(students))
    looked = run("imports", "undo", "1", "--dry-run").output
    assert "would remove\n  nothing now\n  the course 'Гит' stays as it is: import 3 told it anew" in looked
    undone = run("imports", "undo", "3").output
    assert "what 1 course says since: lessons and cohorts of before come back" in undone
    weeks = run("imports", "undo", "2").output
    assert "Removed:\n  1 week of enrolment\n" in weeks
    assert "1 week of enrolment stays as told: import 4 told them anew since" in weeks
    told = json.loads(run("imports", "undo", "1", "--json").output)
    assert (told["courses"], told["kept_courses"]) == (1, [])
    assert run("imports", "undo", "4").output.endswith("Removed:\n  1 week of enrolment\n")
    app = Kbsearch(Settings(home=tmp_path / "home", encoder="hashing"))
    assert app.questions.courses() == []
    app.database.close()

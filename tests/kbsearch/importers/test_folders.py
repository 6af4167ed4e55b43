"""Markdown cases and evaluation sets."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from kbsearch.errors import UnreadableFile
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingCase, IncomingQuestion, Skipped
from kbsearch.importers.sources import open_source


def drawn(path: Path, **options: Any) -> list[Any]:
    return list(open_source(path, ImportOptions(**options)).records())


def test_a_folder_of_markdown_is_cases_in_order_of_names(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "x.md").write_text("# нет")
    front = "---\nid: undo\ntitle: Отмена\nvariants:\n  - как вернуть, если всё\n"
    front += "tags: [git, 2026]\nlessons: fe-1\n"
    (tmp_path / "b.md").write_text(front + "course: git\nstate: draft\n---\n\nОтвет **тут**\n", "utf-8")
    (tmp_path / "a.md").write_text("Вступление\n\n# Заголовок внутри #\n\nОтвет", "utf-8")
    (tmp_path / "sub" / "c.md").write_text("просто текст", "utf-8")
    (tmp_path / "d.md").write_text("---\ntitle: [незакрыт\n---\nответ", "utf-8")
    (tmp_path / "e.md").write_bytes(b"")
    first, second, broken, empty, untitled = drawn(tmp_path)
    assert (first.title, first.slug, first.answer) == ("Заголовок внутри", "a", "Вступление\n\n\n\nОтвет")
    assert isinstance(second, IncomingCase)
    assert (second.slug, second.course, second.state, second.answer) == (
        "undo",
        "git",
        "draft",
        "Ответ **тут**",
    )
    assert second.variants == ("как вернуть, если всё",)
    assert (second.tags, second.lessons) == (("git", "2026"), ("fe-1",))
    assert (broken.place, "not YAML" in broken.reason) == ("d.md", True)
    assert empty.reason.format(**empty.details) == "the file is empty."
    assert untitled.reason == "there is no title and no heading"


def test_yaml_cannot_make_objects_or_explode(tmp_path: Path) -> None:
    path = tmp_path / "x.md"
    path.write_text("---\ntitle: !!python/object/apply:os.system ['true']\n---\nответ")
    assert isinstance(drawn(path)[0], Skipped)
    bomb = "a: &a [x, x]\n" + "".join(
        f"b{n}: &b{n} [*{'a' if n == 0 else f'b{n - 1}'}" + (f", *{'a' if n == 0 else f'b{n - 1}'}]\n")
        for n in range(40)
    )
    path.write_text(f"---\n{bomb}title: t\nvariants: *b39\ntags: *b39\n---\nответ")
    [case] = drawn(path)
    assert (case.title, case.variants, case.tags) == ("t", (), ())


def test_a_folder_without_cases_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match="no Markdown files"):
        drawn(tmp_path)


def test_an_evaluation_set_brings_cases_questions_and_answers(tmp_path: Path) -> None:
    folder = tmp_path / "mini-ru"
    folder.mkdir()
    (folder / "cases.jsonl").write_text(
        '{"id": "c1", "title": "Отмена коммита", "variants": ["откат"], "answer": "reset", "tags": ["git"]}\n'
        '{"id": "c2", "title": "Без ответа", "answer": ""}\n',
        "utf-8",
    )
    (folder / "questions.jsonl").write_text(
        '{"id": "q1", "text": "как?"}\nсломано\n{"id": "q2", "text": "где?"}\n', "utf-8"
    )
    (folder / "relevant.csv").write_text("question_id,case_id\nq1,c1\n", "utf-8")
    case, draft, question, broken, other = drawn(folder)
    assert (case.slug, case.state, draft.state) == ("mini-ru-c1", "published", "draft")
    assert isinstance(question, IncomingQuestion)
    assert (question.source, question.external_id, question.answered_by) == (
        "evalset:mini-ru",
        "q1",
        "mini-ru-c1",
    )
    assert broken.place == "questions.jsonl, line 2"
    assert other.answered_by == ""


def test_what_lies_beside_a_set_is_passed_over_with_a_word(tmp_path: Path) -> None:
    for folder in ("cases", "pictures", ".git"):
        (tmp_path / folder / "deep").mkdir(parents=True)
    (tmp_path / "questions.jsonl").write_text('{"id": "q1", "text": "как?"}\n', "utf-8")
    (tmp_path / "README.md").write_text("A set.", "utf-8")
    for name in ("cases/deep/git.md", "pictures/a.png", ".git/x.md", "students.csv"):
        (tmp_path / name).write_text("# Git", "utf-8")
    beside = [one for one in drawn(tmp_path) if isinstance(one, Skipped)]
    assert [(one.place, one.harmless) for one in beside] == [("cases/", True), ("students.csv", True)]


def test_pairs_of_what_a_set_has_not_are_reported(tmp_path: Path) -> None:
    (tmp_path / "cases.jsonl").write_text('{"id": "c1", "title": "Отмена", "answer": "reset"}\n', "utf-8")
    (tmp_path / "questions.jsonl").write_text('{"id": "q1", "text": "как?"}\n', "utf-8")
    (tmp_path / "relevant.csv").write_text("question_id,case_id\nq1,c1\nq1,c9\nq9,c1\n", "utf-8")
    strays = [record for record in drawn(tmp_path) if isinstance(record, Skipped)]
    assert [(one.place, one.reason) for one in strays] == [
        ("relevant.csv, line 3", "the set has no such case"),
        ("relevant.csv, line 4", "the set has no such question"),
    ]
    (tmp_path / "cases.jsonl").unlink()  # the cases may have been imported before
    strays = [record for record in drawn(tmp_path) if isinstance(record, Skipped)]
    assert [one.place for one in strays] == ["relevant.csv, line 4"]


def test_files_of_one_name_in_several_folders_are_cases_of_their_own(tmp_path: Path) -> None:
    for folder in ("git", "python"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "install.MD").write_text(f"# Установка {folder}\n\nОтвет", "utf-8")
    (tmp_path / "push.markdown").write_text("# Пуш\n\nОтвет", "utf-8")
    assert [case.slug for case in drawn(tmp_path)] == ["git-install", "push", "python-install"]


def test_files_of_other_kinds_in_a_folder_of_cases_are_counted(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# Заголовок\n\nОтвет", "utf-8")
    (tmp_path / "questions.csv").write_text("text\nкак?\n", "utf-8")
    (tmp_path / ".hidden").write_text("x")
    case, other = drawn(tmp_path)
    assert isinstance(case, IncomingCase)
    assert (other.place, other.harmless) == ("questions.csv", True)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "questions.csv")
    with pytest.raises(UnreadableFile, match="no ordinary file"):
        drawn(tmp_path / "questions.csv")


def test_front_matter_that_is_not_closed_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text("---\ntitle: Отмена\n\n# Как отменить\n\nОтвет\n", "utf-8")
    [row] = open_source(path, ImportOptions()).records()
    assert isinstance(row, Skipped)
    assert (row.reason, row.harmless) == ("its front matter is not closed: a line of --- must end it", False)
    path.write_text("---\n\n# Как отменить\n\nОтвет\n", "utf-8")  # a rule above a heading
    [case] = open_source(path, ImportOptions()).records()
    assert isinstance(case, IncomingCase)
    assert case.title == "Как отменить"

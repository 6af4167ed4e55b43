"""`kbsearch import` as people and scripts use it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kbsearch.app import Kbsearch
from kbsearch.cli.counted import counted
from kbsearch.cli.imports import NOT_INDEXED, command
from kbsearch.config import Settings

CSV = "id;вопрос;кто\n1;Как отменить коммит? пишите @ivan_petrov;Оля\n2;;Оля\n3;Где расписание?;Пётр\n"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The folder of an installation that does not exist yet."""
    return tmp_path / "home"


def run(home: Path, *arguments: str | Path) -> Result:
    environment = {"KBSEARCH_HOME": str(home), "KBSEARCH_ENCODER": "hashing"}
    return CliRunner().invoke(command, [str(part) for part in arguments], env=environment)


def stored(home: Path) -> list[str]:
    app = Kbsearch(Settings(home=home, encoder="hashing"))
    try:
        return sorted(question.text for question in app.questions.latest())
    finally:
        app.database.close()


def test_a_file_becomes_searchable_and_a_second_run_knows_it(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(CSV, "utf-8")
    result = run(home, path)
    assert result.exit_code == 0, result.output
    assert "2 questions taken" in result.output
    assert "masked: 1 name" in result.output
    assert "line 3: there is no text" in result.output
    app = Kbsearch(Settings(home=home, encoder="hashing"))
    assert app.question_index.count() == 2
    app.database.close()
    again = run(home, path)
    assert again.exit_code == 0
    assert "2 questions known already" in again.output


def test_without_its_encoder_the_rows_are_stored_and_the_status_says_so(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(CSV, "utf-8")
    environment = {"KBSEARCH_HOME": str(home), "KBSEARCH_ENCODER": str(tmp_path / "no-such-model")}
    result = CliRunner().invoke(command, [str(path), "--json"], env=environment)
    assert result.exit_code == NOT_INDEXED == 3
    assert json.loads(result.stdout)["taken"] == {"questions_new": 2}
    assert "no-such-model" in result.stderr
    assert "is stored" in result.stderr
    assert len(stored(home)) == 2
    assert run(home, path).exit_code == 0
    app = Kbsearch(Settings(home=home, encoder="hashing"))
    assert app.question_index.count() == 2
    app.database.close()


@pytest.mark.parametrize("count", [2, 12])
def test_without_its_second_encoder_cases_are_found_all_the_same(
    home: Path, tmp_path: Path, count: int
) -> None:
    for number in range(count):
        (tmp_path / f"{number}.md").write_text(
            f"---\ntitle: Как удалить ветку {number}\n---\ngit branch -d\n"
        )
    environment = {
        "KBSEARCH_HOME": str(home),
        "KBSEARCH_ENCODER": "hashing",
        "KBSEARCH_SECOND_ENCODER": str(tmp_path / "no-such-model"),
    }
    result = CliRunner().invoke(command, [str(tmp_path)], env=environment)
    assert result.exit_code == 0, result.output
    assert "no-such-model" in result.stderr
    app = Kbsearch(Settings(home=home, encoder="hashing"))
    assert app.case_index.count() == count
    app.database.close()


def test_a_dry_run_stores_nothing(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(CSV, "utf-8")
    result = run(home, path, "--dry-run", "--map", "author=кто")
    assert result.exit_code == 0, result.output
    assert "would take: 2 questions" in result.output
    assert "[name]" in result.output
    assert stored(home) == []


def test_reports_as_json(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(CSV, "utf-8")
    report = json.loads(run(home, path, "--json", "--no-index").stdout)
    assert report["taken"] == {"questions_new": 2}
    assert report["skipped"] == [{"place": "line 3", "reason": "there is no text"}]
    error = run(home, tmp_path / "none.csv", "--json")
    assert json.loads(error.stdout)["code"] == "unreadable-file"
    assert error.exit_code == 1


def test_preview_and_report_say_which_row_holds_the_headers(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(f"Отчёт за сентябрь;;\n\n{CSV}", "utf-8")
    for arguments in (["--dry-run"], ["--no-index"]):
        shown = run(home, path, *arguments).output
        assert "headers: line 3" in shown
        assert "line 5: there is no text" in shown
    assert json.loads(run(home, path, "--json", "--no-index").stdout)["header"] == "line 3"
    bare = tmp_path / "bare.csv"
    bare.write_text("почему?;я\n", "utf-8")
    assert "headers: none, the first row is data" in run(home, bare, "--dry-run", "--map", "text=1").output


def test_nothing_to_take_is_a_failure_with_a_remedy(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("a,b\n1,2\n", "utf-8")
    result = run(home, path)
    assert result.exit_code == 1
    assert "--map text=COLUMN" in result.output
    assert "Traceback" not in result.output


def test_one_bad_file_does_not_keep_the_others_out(home: Path, tmp_path: Path) -> None:
    good = tmp_path / "q.csv"
    good.write_text(CSV, "utf-8")
    result = run(home, tmp_path / "none.csv", good, "--no-index")
    assert result.exit_code == 0
    assert "cannot be read" in result.output
    assert len(stored(home)) == 2


def test_stop_names_the_row_and_takes_nothing(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text(CSV, "utf-8")
    result = run(home, path, "--on-error", "stop")
    assert result.exit_code == 1
    assert "line 3: there is no text. Nothing was taken." in result.output
    assert stored(home) == []


def test_a_wrong_mapping_is_a_usage_error(home: Path, tmp_path: Path) -> None:
    result = run(home, tmp_path, "--map", "text")
    assert result.exit_code == 2
    assert "FIELD=COLUMN" in result.output


def test_rows_that_share_an_id_lead_to_another_column_not_to_another_source(
    home: Path, tmp_path: Path
) -> None:
    path = tmp_path / "q.csv"
    path.write_text("Номер,вопрос\n1,Как удалить ветку?\n1,Где оценки?\n1,Где чат?\n", "utf-8")
    told = "2 rows have the id of an earlier row and another text"
    shown = [run(home, path, *more).output for more in (("--dry-run",), (), ())]
    for output in shown:
        assert told in output
        assert "column 'Номер' holds no ids" in output
        assert "--map id=COLUMN" in output
        assert "--source" not in output
    assert "undo" not in shown[0]
    assert "(kbsearch imports undo 1)" in shown[1]
    assert "(see kbsearch imports list)" in shown[2]


def test_one_is_said_as_one(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id,text,кто\n1,Как удалить ветку?,a@b.example и c@d.example\n", "utf-8")
    assert "would take: 1 question\n" in run(home, path, "--dry-run").output
    assert " 1 question taken\n" in run(home, path).output
    assert " 1 question known already\n" in run(home, path).output
    path.write_text("id,text\n1,Как удалить метку?\n", "utf-8")
    assert " 1 of the known ones has another text here" in run(home, path).output
    assert counted(0, "case") == "0 cases"
    assert counted(1, "case is", "cases are") == "1 case is"
    assert counted(1_234, "case is", "cases are") == "1,234 cases are"


def test_channels_of_a_workspace_are_listed_and_chosen(home: Path, tmp_path: Path) -> None:
    for number, channel in enumerate(("git", "python", "random")):
        (tmp_path / "export" / channel).mkdir(parents=True)
        message = {
            "type": "message",
            "user": "U1",
            "text": f"Как сдать {channel}?",
            "ts": f"179083800{number}.0",
        }
        (tmp_path / "export" / channel / "2026-10-01.json").write_text(json.dumps([message]), "utf-8")
    shown = run(home, tmp_path / "export", "--dry-run").output
    assert "channels: git, python, random\n" in shown
    assert "would take: 3 questions" in shown
    taken = run(home, tmp_path / "export", "--channel", "#git", "--channel", "python").output
    assert " 2 questions taken\n" in taken
    assert "1 × a channel that was not chosen" in taken
    refused = run(home, tmp_path / "export", "--channel", "rust")
    assert refused.exit_code == 1
    assert "has no channel 'rust'.\n  Choose among: git, python, random." in refused.output

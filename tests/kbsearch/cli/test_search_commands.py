"""`kbsearch search` and `kbsearch suggest`."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from kbsearch.app import Kbsearch
from kbsearch.cli import group
from kbsearch.errors import StorageUnavailable
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.services.cases import CaseDraft

TITLES = ("Где взять сертификат", "Как создать ветку", "Как объединить ячейки", "Возврат денег за курс")


@pytest.fixture
def home(app: Kbsearch, monkeypatch: pytest.MonkeyPatch) -> str:
    for title in TITLES:
        app.cases.create(CaseDraft(title=title, answer=f"{title}: вот так."), state="published")
    reply = IncomingReply(text="В профиле.", by_mentor=True)
    app.questions.receive(IncomingQuestion(text="сертификат где лежит", replies=(reply,)))
    app.pipeline.drain()
    monkeypatch.setenv("KBSEARCH_HOME", str(app.settings.home))
    monkeypatch.setenv("KBSEARCH_ENCODER", "hashing")
    return str(app.settings.home)


def run(*arguments: str) -> str:
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 0, result.output
    return result.output


def test_search_shows_cases_reasons_and_past_questions(home: str) -> None:
    shown = run("search", "где сертификат")
    assert "Где взять сертификат" in shown
    assert "Shared words" in shown
    assert "В профиле." in shown


def test_search_as_json(home: str) -> None:
    found = json.loads(run("search", "где взять сертификат", "--json", "--limit", "1"))
    assert [case["title"] for case in found["cases"]] == ["Где взять сертификат"]
    assert 0 <= found["cases"][0]["probability"] <= 1


def test_suggest_says_when_nothing_fits(home: str) -> None:
    assert "Nothing fits" in run("suggest", "погода")
    found = json.loads(run("suggest", "погода", "--json"))
    assert (found["decision"], found["matches"]) == ("abstain", [])


def test_suggest_keeps_the_lines_of_an_answer(app: Kbsearch, home: str) -> None:
    answer = "Наберите:\n\n```bash\ngit add .\ngit commit\n```\n\n* раз;\n* два"
    app.cases.create(CaseDraft(title="Как сделать коммит", answer=answer), state="published")
    app.pipeline.drain()
    lines = [line.strip() for line in run("suggest", "как сделать коммит").splitlines()]
    assert lines[lines.index("```bash") :][:4] == ["```bash", "git add .", "git commit", "```"]
    assert "* два" in lines


def test_suggest_shows_the_answer_with_its_probability(home: str) -> None:
    shown = run("suggest", "где взять сертификат об окончании")
    assert "Где взять сертификат" in shown
    assert " %" in shown
    assert "вот так." in shown


def test_an_empty_text_is_one_clear_line(home: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from kbsearch.cli import main; main()", "suggest", " "],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "There is no text" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("command", [("search", "ветка"), ("suggest", "ветка"), ("index", "status")])
def test_a_lost_index_is_no_search_without_hits(home: str, command: tuple[str, ...]) -> None:
    shutil.rmtree(Path(home) / "index")
    result = CliRunner().invoke(group, command)
    assert result.exit_code == 1
    assert "is gone" in f"{result.output}{getattr(result.exception, 'message', '')}"


def test_suggest_before_init_says_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KBSEARCH_HOME", str(tmp_path))
    monkeypatch.setenv("KBSEARCH_ENCODER", "hashing")
    with pytest.raises(StorageUnavailable, match="no such table") as caught:
        CliRunner().invoke(group, ["suggest", "ветка"], catch_exceptions=False)
    assert "kbsearch init" in caught.value.remedy


def test_suggest_stays_light(home: str) -> None:
    script = (
        "import sys; from kbsearch.cli import group; group(['suggest', 'сертификат'], standalone_mode=False);"
        "heavy = {'sklearn', 'scipy', 'torch', 'flask', 'sentence_transformers'} & set(sys.modules);"
        "sys.exit(','.join(heavy) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr

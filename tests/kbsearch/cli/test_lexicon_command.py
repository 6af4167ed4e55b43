"""`kbsearch lexicon` lists, adds, removes and imports."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from kbsearch.cli import group
from kbsearch.errors import InvalidInput


@pytest.fixture
def run(tmp_path: Path) -> object:
    runner = CliRunner(env={"KBSEARCH_HOME": str(tmp_path / "home"), "KBSEARCH_ENCODER": "hashing"})
    assert runner.invoke(group, ["init"]).exit_code == 0
    return lambda *words, **given: runner.invoke(group, ["lexicon", *words], **given)


def test_entries_come_and_go(run: object) -> None:
    assert callable(run)
    assert run("add", "хвост", "пересдача").output == "хвост: пересдача\n"
    assert run("list", "--own").output == "own      хвост: пересдача\n"
    assert "запушить: push" in run("list").output
    assert run("remove", "хвост").exit_code == 0
    assert run("list", "--own").stdout == ""
    assert run("list", "--own").stderr == "There is no entry of your own.\n"
    assert run("list", "щщщ").stderr == "There is no entry with these words.\n"
    assert run("import", "-", input="долг, хвост: пересдача\n").output == "Taken: 2\n"


def test_everyday_words_want_a_yes(run: object) -> None:
    assert callable(run)
    assert "--yes" in run("add", "как", "способ").exception.remedy
    assert run("list", "--own").stdout == ""
    assert run("add", "как", "способ", "--yes").output == "как: способ\n"
    assert run("import", "-", "--yes", input="что: предмет\n").output == "Taken: 1\n"


@pytest.mark.parametrize(("said", "means"), [("X", "X"), ("хвосты", "Хвост")])
def test_what_means_itself_is_no_entry(run: object, said: str, means: str) -> None:
    assert callable(run)
    refused = run("add", said, means)
    assert refused.exit_code != 0
    assert isinstance(refused.exception, InvalidInput)
    assert "means itself already" in refused.exception.message
    assert run("list", "--own").stdout == ""

"""`kbsearch backup` and `kbsearch restore` as people call them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kbsearch.app import Kbsearch
from kbsearch.cli import group
from kbsearch.importers.records import IncomingQuestion


@pytest.fixture
def run(app: Kbsearch, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Result]:
    """Runs a command on the installation of `app`, which holds one question."""
    monkeypatch.setenv("KBSEARCH_HOME", str(app.settings.home))
    monkeypatch.setenv("KBSEARCH_ENCODER", "hashing")
    app.questions.receive_many([IncomingQuestion("Как сдать проект?", author="Мария")])
    app.database.close()
    return lambda *arguments: CliRunner().invoke(group, list(map(str, arguments)))


def test_a_backup_in_a_folder_is_named_by_the_time_and_older_ones_go(
    run: Callable[..., Result], tmp_path: Path
) -> None:
    for day in (1, 2, 3):
        (tmp_path / f"kbsearch-2025010{day}T030000Z.zip").write_text("earlier")
    (tmp_path / "kbsearch-notes.zip").write_text("mine")
    result = run("backup", tmp_path, "--keep", 2)
    assert result.exit_code == 0, result.output
    assert "1 question, 0 cases" in result.output
    assert "2 older backups deleted" in result.output
    names = {path.name for path in tmp_path.glob("*.zip")}
    assert {"kbsearch-20250103T030000Z.zip", "kbsearch-notes.zip"} < names
    assert len(names) == 3


def test_nothing_is_deleted_without_a_folder(run: Callable[..., Result], tmp_path: Path) -> None:
    result = run("backup", tmp_path / "backup.zip", "--keep", 2)
    assert result.exit_code == 2
    assert "needs a folder" in result.output


def test_a_backup_becomes_an_installation(
    run: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert run("backup", tmp_path / "backup.zip").exit_code == 0
    monkeypatch.setenv("KBSEARCH_HOME", str(tmp_path / "elsewhere"))
    result = run("restore", tmp_path / "backup.zip")
    assert result.exit_code == 0, result.output
    assert "Restored: 1 question, 0 cases" in result.output
    assert "questions: 1 of 1 indexed" in result.output
    again = run("restore", tmp_path / "backup.zip", "--replace", "--no-index")
    assert "what was there is now" in again.output
    assert "indexed" not in again.output


def test_a_key_that_was_a_setting_is_asked_for(
    run: Callable[..., Result], app: Kbsearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (app.settings.home / "author_key").unlink()
    assert run("backup", tmp_path / "backup.zip").exit_code == 0
    monkeypatch.setenv("KBSEARCH_HOME", str(tmp_path / "elsewhere"))
    assert "Set the same KBSEARCH_AUTHOR_KEY" in run("restore", tmp_path / "backup.zip", "--no-index").output
    monkeypatch.setenv("KBSEARCH_AUTHOR_KEY", "0" * 64)
    told = run("restore", tmp_path / "backup.zip", "--no-index", "--replace").output
    assert "KBSEARCH_AUTHOR_KEY" not in told

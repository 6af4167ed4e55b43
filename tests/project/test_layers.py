"""The import rule holds, and the check that says so can fail."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("kbsearch", "indexer", "clustering", "web")


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """Run import-linter on the packages in ``folder``."""
    return subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache", "--config", "pyproject.toml"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the packages that a test may spoil."""
    folder = tmp_path_factory.mktemp("layers")
    for package in PACKAGES:
        keep = shutil.ignore_patterns("static", "templates", "__pycache__")
        shutil.copytree(ROOT / package, folder / package, ignore=keep)
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_every_contract_is_kept() -> None:
    result = lint(ROOT)
    assert result.returncode == 0, result.stdout
    assert "0 broken" in result.stdout, result.stdout


@pytest.mark.parametrize(
    ("file", "line", "contract"),
    [
        ("kbsearch/services/planted.py", "import web", "Rooms import downwards only"),
        ("kbsearch/ports_two.py", "", "Every module of kbsearch has its place"),
        ("kbsearch/matching/planted.py", "import flask", "The domain knows no HTTP"),
        ("web/planted.py", "import sqlalchemy", "Pages and API reach data through services"),
        ("clustering/planted.py", "import flask", "The indexer and clustering know no HTTP"),
    ],
)
def test_a_planted_violation_is_reported(copy: Path, file: str, line: str, contract: str) -> None:
    planted = copy / file
    planted.write_text(f'"""Planted."""\n{line}\n')
    result = lint(copy)
    planted.unlink()
    assert result.returncode != 0
    assert any(contract in row and "BROKEN" in row for row in result.stdout.splitlines()), result.stdout

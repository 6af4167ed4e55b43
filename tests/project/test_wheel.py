"""The wheel holds everything a user needs: code, migrations, templates, static files, translations, data."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names of the files in a freshly built wheel."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(folder),
        ".",
    ]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("kbsearch-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


@pytest.mark.parametrize(
    "name",
    [
        "kbsearch/app/adapters.py",
        "kbsearch/matching/model.json",
        "kbsearch/matching/model_second.json",
        "kbsearch/migrations/env.py",
        "kbsearch/migrations/versions/0001_the_first_schema.py",
        "kbsearch/data/sample_school/questions.jsonl",
        "kbsearch/data/sample_school/truth.csv",
        "kbsearch/data/sample_school/courses/frontend.json",
        "indexer/embedded.py",
        "clustering/snn.py",
        "web/templates/base.html",
        "web/static/app.css",
        "web/static/app.js",
        "web/static/drafts.js",
        "web/translations/ru/LC_MESSAGES/messages.po",
    ],
)
def test_the_wheel_holds(names: set[str], name: str) -> None:
    assert name in names


def test_the_wheel_holds_no_tests_and_no_local_data(names: set[str]) -> None:
    assert not [name for name in names if name.startswith(("tests/", "var/", "benchmarks/", "docs/"))]

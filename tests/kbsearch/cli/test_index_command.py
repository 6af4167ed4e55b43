"""`kbsearch index`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kbsearch.app import Kbsearch
from kbsearch.cli.index import command
from kbsearch.importers.records import IncomingQuestion


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    app.questions.receive_many([IncomingQuestion(f"про git {n}", external_id=str(n)) for n in range(5)])
    app.pipeline.drain_all()
    return app


def run(app: Kbsearch, *words: str) -> Result:
    environment = {"KBSEARCH_HOME": str(app.settings.home), "KBSEARCH_ENCODER": "hashing"}
    return CliRunner().invoke(command, words, env=environment)


def vectors(app: Kbsearch) -> Path:
    return app.settings.index_dir / "questions" / "gen-0001" / "vectors.f32"


def test_status_shows_both_indexes(school: Kbsearch) -> None:
    result = run(school, "status")
    assert result.exit_code == 0
    assert "questions: 5 of 5 indexed, 0 waiting" in result.output
    assert "not there yet" in result.output
    told = json.loads(run(school, "status", "--json").output)
    assert told["collections"][1]["in_index"] == 5


def test_check_finds_and_mends(school: Kbsearch) -> None:
    assert run(school, "check").exit_code == 0
    vectors(school).write_bytes(b"")
    assert run(school, "status").exit_code == 1
    found = run(school, "check")
    assert found.exit_code == 1
    assert "kbsearch index check --mend" in found.output
    mended = run(school, "check", "--mend")
    assert mended.exit_code == 0
    assert "Mended." in mended.output
    assert json.loads(run(school, "check", "--json").output)["ok"]


def test_what_differs_is_listed_and_indexed_again(school: Kbsearch) -> None:
    school.question_index.delete(school.question_index.ids()[:2].tolist())
    assert "questions: 2 missing: 1, 2" in run(school, "check").output
    assert run(school, "check", "--mend").exit_code == 0
    assert school.question_index.count() == 5


def test_rebuild_tells_the_new_state(school: Kbsearch) -> None:
    result = run(school, "rebuild")
    assert result.exit_code == 0
    assert "gen-0002" in result.output
    assert json.loads(run(school, "rebuild", "--json").output)["collections"][1]["generation"] == "gen-0003"

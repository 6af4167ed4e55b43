"""`kbsearch duplicates` and `kbsearch why`."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from kbsearch.app import Kbsearch
from kbsearch.cli import group
from kbsearch.importers.records import IncomingCase, IncomingQuestion

TEXT = "Как отменить последний коммит"


@pytest.fixture
def environment(app: Kbsearch) -> dict[str, str]:
    app.cases.import_case(IncomingCase(title="Отмена коммита", answer="git reset", slug="undo"))
    batch = [IncomingQuestion(TEXT, external_id=str(number)) for number in range(3)]
    ids = [received.question_id for received in app.questions.receive_many(batch)]
    app.pipeline.drain_all(lambda done, total, stage: None)
    app.questions.answer(ids[1], app.cases.by_slug("undo").id)
    return {"KBSEARCH_HOME": str(app.settings.home), "KBSEARCH_ENCODER": "hashing"}


def run(environment: dict[str, str], *arguments: str) -> str:
    result = CliRunner().invoke(group, list(arguments), env=environment)
    assert result.exit_code == 0, result.output
    return result.output


def test_groups_are_listed(environment: dict[str, str]) -> None:
    shown = run(environment, "duplicates")
    assert "3 ×" in shown
    assert "→ undo" in shown
    found = json.loads(run(environment, "duplicates", "--find", "--json"))
    assert (found["total"], found["linked"]) == (1, 0)
    assert found["items"][0]["size"] == 3
    assert found["items"][0]["case"] == "undo"
    assert [question["text"] for question in found["items"][0]["questions"]] == [TEXT] * 3


def test_why(environment: dict[str, str]) -> None:
    shown = run(environment, "why", "как отменить коммит", "undo")
    assert "Отмена коммита (undo)" in shown
    assert "probability" in shown
    told = json.loads(run(environment, "why", "1", "undo", "--json"))
    assert told["rank"] == 1
    assert "коммит" in told["shared"]

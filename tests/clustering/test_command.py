"""`kbsearch cluster` from the shell, on a whole installation."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kbsearch.app import Kbsearch
from kbsearch.cli import group
from kbsearch.errors import InvalidInput
from kbsearch.importers.records import IncomingCourse, IncomingLesson, IncomingQuestion
from tests.clustering.conftest import TAILS, TOPICS


@pytest.fixture
def home(app: Kbsearch) -> Path:
    """An installation with questions that nobody has indexed yet."""
    app.questions.receive_many(
        [IncomingQuestion(topic.format(tail)) for topic in TOPICS.values() for tail in TAILS]
    )
    return app.settings.home


def called(home: Path, *arguments: str) -> Result:
    env = {"KBSEARCH_HOME": str(home), "KBSEARCH_ENCODER": "hashing"}
    return CliRunner(env=env).invoke(group, ["cluster", *arguments], catch_exceptions=False)


def test_a_run_indexes_what_waits_and_its_clusters_can_be_seen(home: Path) -> None:
    assert "No clusters yet" in called(home, "show").output
    run = json.loads(called(home, "run", "--json").output)
    assert run["quality"]["questions"] == 48
    assert run["quality"]["waiting"] == 0
    listed = json.loads(called(home, "show", "--json").output)
    assert listed["run"]["id"] == run["id"]
    assert listed["total"] == run["quality"]["clusters"] >= 4
    first = listed["items"][0]
    assert first["label"] in called(home, "show").output
    one = json.loads(called(home, "show", str(first["id"]), "--json", "--limit", "3").output)
    assert len(one["questions"]) == 3
    assert first["label"] in called(home, "show", str(first["id"])).output


def test_a_run_tells_what_it_found(home: Path) -> None:
    output = called(home, "run", "--resolution", "2").output
    assert "Run 1:" in output
    assert "of 48 questions" in output


def test_a_course_that_no_outline_has_is_refused(home: Path, app: Kbsearch) -> None:
    app.questions.save_course(IncomingCourse("git", "Git", (IncomingLesson("git-1", "Commits"),)))
    with pytest.raises(InvalidInput, match="no course 'gti'"):
        called(home, "run", "--course", "gti")
    assert "No clusters yet" in called(home, "show").output


def test_a_wrong_algorithm_is_refused(home: Path) -> None:
    with pytest.raises(InvalidInput, match="no clustering algorithm"):
        called(home, "run", "--algorithm", "magic")

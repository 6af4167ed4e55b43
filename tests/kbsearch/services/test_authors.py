"""What is kept of one author, and forgetting them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from click.testing import CliRunner
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from kbsearch.app import Kbsearch
from kbsearch.cli import group
from kbsearch.errors import InvalidInput, NotFound
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.models import Base, Question, Reply
from tests.kbsearch.services.test_backups import rows

MARCH = datetime(2026, 3, 2, tzinfo=UTC)
ASKED = [
    IncomingQuestion("Как сдать проект?", external_id="1", author="Мария", asked_at=MARCH),
    IncomingQuestion(
        "Где запись вебинара?",
        external_id="2",
        author="Пётр",
        asked_at=MARCH,
        replies=(IncomingReply("В разделе «Записи»", author=" МАРИЯ "),),
    ),
]

CHANGED = ("author_key", "updated_at")
"""What is forgotten, and when: programs that follow questions are told."""


@pytest.fixture
def asked(app: Kbsearch) -> Kbsearch:
    """`app` with two questions and a reply of two people."""
    app.questions.receive_many(ASKED)
    return app


def test_all_that_an_author_wrote_is_told(asked: Kbsearch) -> None:
    kept = asked.authors.kept("мария")
    assert (kept.questions, kept.replies) == (1, 1)
    found = [(one.kind, one.external_id, one.text) for one in asked.authors.written("Мария")]
    assert found == [("question", "1", "Как сдать проект?"), ("reply", "2", "В разделе «Записи»")]


def test_a_forgotten_author_is_nowhere_and_all_else_stays(asked: Kbsearch) -> None:
    before = rows(asked.database)
    asked.authors.forget("Мария")
    with pytest.raises(NotFound):
        asked.authors.kept("Мария")
    assert list(asked.authors.written("Мария")) == []
    assert asked.authors.kept("Пётр").questions == 1
    after = rows(asked.database)
    for table in (Question.__table__, Reply.__table__):
        stays = [place for place, name in enumerate(table.columns.keys()) if name not in CHANGED]
        unnamed = [
            sorted(repr([row[place] for place in stays]) for row in each.pop(table.name))
            for each in (before, after)
        ]
        assert unnamed[0] == unnamed[1]
    assert before == after
    assert {table.name for table in Base.metadata.sorted_tables} > set(before)


def test_a_file_that_is_taken_in_again_names_nobody(asked: Kbsearch) -> None:
    asked.authors.forget("Мария")
    asked.questions.receive_many(ASKED)
    with pytest.raises(NotFound):
        asked.authors.kept("Мария")


@pytest.mark.parametrize("author", ["", "  ", "\x00"])
def test_nobody_is_no_author(asked: Kbsearch, author: str) -> None:
    asked.questions.receive_many([IncomingQuestion("А это кто спросил?", external_id="3")])
    with pytest.raises(InvalidInput):
        asked.authors.forget(author)


@hypothesis_settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(author=st.text(min_size=1))
def test_whoever_is_not_there_changes_nothing(asked: Kbsearch, author: str) -> None:
    before = rows(asked.database)
    with pytest.raises((NotFound, InvalidInput)):
        asked.authors.forget(author)
    assert rows(asked.database) == before


def test_the_commands_show_ask_and_forget(asked: Kbsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KBSEARCH_HOME", str(asked.settings.home))
    run = CliRunner()
    shown = run.invoke(group, ["author", "show", "Мария"])
    assert len(shown.output.splitlines()) == 2
    assert (
        "1 question and 1 reply would" in run.invoke(group, ["author", "forget", "Мария", "--dry-run"]).output
    )
    assert run.invoke(group, ["author", "forget", "Мария"], input="n\n").exit_code == 1
    assert asked.authors.kept("Мария").questions == 1
    assert "somebody unknown now" in run.invoke(group, ["author", "forget", "Мария", "--yes"]).output
    assert isinstance(run.invoke(group, ["author", "show", "Мария"]).exception, NotFound)

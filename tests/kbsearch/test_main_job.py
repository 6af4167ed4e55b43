"""The main job from end to end, on SQLite and on a real PostgreSQL: question → cluster → case → found."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.models import CaseState, Decision, FeedbackAction, QuestionState
from kbsearch.ports import silent

START = datetime(2026, 3, 1, tzinfo=UTC)
PATTERNS = (
    "Git push отклонён, пишет rejected fetch first, вариант {}",
    "Не приходит письмо для смены пароля на почту, попытка {}",
    "Видео урока не воспроизводится, чёрный экран, раз {}",
)


@pytest.fixture(params=["sqlite", "postgresql"])
def school(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kbsearch]:
    """A whole kbsearch on each kind of database."""
    url = request.getfixturevalue("empty_postgresql") if request.param == "postgresql" else ""
    kbsearch = Kbsearch(Settings(home=tmp_path / "home", encoder="hashing", database_url=url))
    kbsearch.database.upgrade()
    yield kbsearch
    kbsearch.database.close()


def incoming(number: int) -> IncomingQuestion:
    """Question ``number`` of one of three patterns; the first of each pattern has a mentor's reply."""
    pattern = number % len(PATTERNS)
    reply = IncomingReply(text=f"Ответ наставника {pattern}: сделайте git pull.", author="m1", by_mentor=True)
    return IncomingQuestion(
        text=PATTERNS[pattern].format(number),
        source="test",
        external_id=str(number),
        author=f"u{number}",
        asked_at=START + timedelta(hours=number),
        replies=(reply,) if number < len(PATTERNS) else (),
    )


def test_questions_become_a_cluster_and_the_cluster_a_case_that_the_next_student_gets(
    school: Kbsearch,
) -> None:
    batch = [incoming(number) for number in range(30)]
    assert all(one.created for one in school.questions.receive_many(batch))
    again = school.questions.receive_many([*batch, incoming(30)])
    assert [one.created for one in again] == [False] * 30 + [True], "the same question was taken twice"

    school.pipeline.drain_all(silent)
    assert school.question_index.count() == 31
    school.cluster_runner.run(silent)
    page = school.clusters.list()
    (pushes,) = [row for row in page.items if "push" in row.cluster.label.lower()]
    assert pushes.size == 11

    case = school.cases.create_from_cluster(pushes.cluster.id)
    assert case.variants
    assert "git pull" in case.answer
    school.pipeline.drain_all(silent)
    asked = "git push пишет rejected fetch first"
    assert school.suggestions.suggest(asked).decision is Decision.ABSTAIN, "a draft leaked"

    school.cases.move(case.id, CaseState.PUBLISHED)
    school.pipeline.drain_all(silent)
    received = school.questions.receive(IncomingQuestion(text=asked, source="test", external_id="next"))
    suggestion = school.suggestions.suggest(asked, question_id=received.question_id)
    assert [match.case.id for match in suggestion.matches] == [case.id]
    assert 0 <= suggestion.matches[0].probability <= 1

    school.suggestions.feedback(suggestion.id, FeedbackAction.ACCEPTED, case_id=case.id)
    answered = school.questions.get(received.question_id)
    assert (answered.state, answered.case_id) == (QuestionState.ANSWERED, case.id)


def test_cluster_ids_live_on_through_the_next_run(school: Kbsearch) -> None:
    school.questions.receive_many([incoming(number) for number in range(30)])
    school.pipeline.drain_all(silent)
    school.cluster_runner.run(silent)
    before = {row.cluster.id for row in school.clusters.list().items}
    school.questions.receive_many([incoming(number) for number in range(30, 36)])
    school.pipeline.drain_all(silent)
    school.cluster_runner.run(silent)
    after = school.clusters.list().items
    assert {row.cluster.id for row in after} == before
    assert sum(row.size for row in after) == 36


def test_concurrent_intake_of_the_same_questions_stores_each_once(school: Kbsearch) -> None:
    from concurrent.futures import ThreadPoolExecutor

    batch = [incoming(number) for number in range(50)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: school.questions.receive_many(batch), range(4)))
    assert sum(one.created for result in results for one in result) == 50
    assert len({one.question_id for result in results for one in result}) == 50

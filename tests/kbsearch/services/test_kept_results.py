"""Results are computed once for what there is, and anew when anything of it changes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from kbsearch.app import Kbsearch
from kbsearch.models import Question, Run
from kbsearch.services.kept_results import KeptResult, state_of_questions

NOW = datetime(2026, 3, 2, 12, 10, tzinfo=UTC)


def test_a_result_is_computed_once_for_a_key() -> None:
    """The same key gives the same object; another key computes, and so does the first one after it."""
    kept: KeptResult[list[int]] = KeptResult()
    first = kept.of("a", lambda: [1])
    assert kept.of("a", lambda: [2]) is first
    assert kept.of("b", lambda: [3]) == [3]
    assert kept.of("a", lambda: [4]) == [4]


def test_the_key_changes_with_what_results_are_computed_from(app: Kbsearch) -> None:
    """A question, a run and another hour each make a new key; nothing else does."""

    def key(now: datetime = NOW) -> object:
        with app.database.reading() as session:
            return state_of_questions(session, now)

    seen = [key()]
    assert key(NOW + timedelta(minutes=5)) == seen[0]
    seen.append(key(NOW + timedelta(hours=1)))
    with app.database.writing() as session:
        session.add(Question(source="a", external_id="1", text="?", text_key="k", asked_at=NOW))
    seen.append(key())
    with app.database.writing() as session:
        session.add(Run(algorithm="none", finished_at=NOW, decided_at=NOW))
    seen.append(key())
    assert len(set(seen)) == len(seen)

"""Re-ranking within a time budget, with a clock that only the slow re-ranker moves."""

from __future__ import annotations

import threading
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import HashingEmbedder
from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.matcher import Matcher, MatchResult
from kbsearch.matching.reranking import (
    BATCH,
    MISSES,
    PAUSE_SECONDS,
    Budget,
    TimedReranker,
    passage,
    reranked,
)
from kbsearch.ports import Floats
from tests.contracts.reference_reranker import SharedWords

PASSAGES = [f"passage {number}" for number in range(10)]
BUDGET = Budget(milliseconds=100, depth=10)


class Clock:
    """Seconds that pass when they are told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        """The present second."""
        return self.now


class Slow(SharedWords):
    """From batch number ``late`` of a question on, reading takes longer than any budget."""

    def __init__(self, clock: Clock, late: int) -> None:
        self.clock = clock
        self.late = late
        self.asked: list[str] = []
        self.release = threading.Event()
        self.release.set()

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """Shared words, late or not."""
        self.asked.append(question)
        if question != "warm" and self.asked.count(question) > self.late:
            self.clock.now += 1
            self.release.wait()
        return super().scores(question, passages)


class Broken(SharedWords):
    """Cannot be loaded until it is mended."""

    mended = False

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """Shared words, when it is mended."""
        if not self.mended:
            raise EncoderUnavailable("The re-ranker failed.", remedy="Mend it.")
        return super().scores(question, passages)


def timed(late: int, budget: Budget = BUDGET) -> tuple[TimedReranker, Slow, Clock]:
    clock = Clock()
    slow = Slow(clock, late)
    reranker = TimedReranker(slow, budget, clock)
    reranker.load()
    return reranker, slow, clock


def test_within_the_budget_all_are_read() -> None:
    reranker, _, _ = timed(late=99)
    assert reranker.scores("passage 3", PASSAGES).tolist() == [2 if n == 3 else 1 for n in range(10)]


def test_what_was_read_in_time_counts() -> None:
    reranker, _, _ = timed(late=1)
    assert len(reranker.scores("question", PASSAGES)) == BATCH


def test_a_request_does_not_wait_for_a_batch_that_hangs() -> None:
    reranker, slow, _ = timed(late=1)
    slow.release.clear()
    assert len(reranker.scores("question", PASSAGES)) == BATCH
    slow.release.set()


def test_only_the_first_are_read() -> None:
    reranker, _, _ = timed(late=99, budget=Budget(100, depth=3))
    assert len(reranker.scores("question", PASSAGES)) == 3


def test_one_candidate_needs_no_reading() -> None:
    reranker, slow, _ = timed(late=99)
    assert len(reranker.scores("question", PASSAGES[:1])) == 0
    assert slow.asked == ["warm"]


def test_while_the_model_is_loaded_nobody_waits() -> None:
    clock = Clock()
    slow = Slow(clock, late=0)
    loading = threading.Event()

    class Loading(SharedWords):
        def scores(self, question: str, passages: Sequence[str]) -> Floats:
            loading.wait()
            return slow.scores(question, passages)

    reranker = TimedReranker(Loading(), BUDGET, clock)
    assert len(reranker.scores("question", PASSAGES)) == 0
    loading.set()
    reranker.load()
    assert slow.asked == ["warm"]


def test_one_that_is_always_late_is_not_waited_for_until_a_pause_is_over() -> None:
    reranker, slow, clock = timed(late=0)
    for number in range(MISSES):
        assert len(reranker.scores(f"question {number}", PASSAGES)) == 0
    asked = len(slow.asked)
    assert len(reranker.scores("in the pause", PASSAGES)) == 0
    assert len(slow.asked) == asked
    slow.late = 99
    clock.now += PAUSE_SECONDS
    assert len(reranker.scores("afterwards", PASSAGES)) == 10


def test_after_the_pause_one_miss_is_enough() -> None:
    reranker, slow, clock = timed(late=0)
    for number in range(MISSES):
        reranker.scores(f"question {number}", PASSAGES)
    clock.now += PAUSE_SECONDS
    assert len(reranker.scores("tried", PASSAGES)) == 0
    slow.late = 99
    assert len(reranker.scores("in the next pause", PASSAGES)) == 0


def test_one_that_cannot_be_loaded_is_told_and_tried_again_later() -> None:
    clock, broken = Clock(), Broken()
    reranker = TimedReranker(broken, BUDGET, clock)
    with pytest.raises(EncoderUnavailable, match="failed"):
        reranker.load()
    assert len(reranker.scores("question", PASSAGES)) == 0
    broken.mended = True
    assert len(reranker.scores("still in the pause", PASSAGES)) == 0
    clock.now += PAUSE_SECONDS
    reranker.load()
    assert len(reranker.scores("question", PASSAGES)) == 10


def test_one_that_fails_while_reading_costs_nothing_but_its_order() -> None:
    broken = Broken()
    broken.mended = True
    reranker = TimedReranker(broken, BUDGET, Clock())
    reranker.load()
    broken.mended = False
    assert len(reranker.scores("question", PASSAGES)) == 0
    broken.mended = True
    assert len(reranker.scores("question", PASSAGES)) == 10


@pytest.fixture
def found(case_index: EmbeddedIndex, embedder: HashingEmbedder) -> MatchResult:
    return Matcher(case_index, embedder).match("как удалить старую ветку в git", limit=5)


def test_the_re_ranker_changes_the_order_of_what_it_read(found: MatchResult) -> None:
    before = [match.case_id for match in found.matches]
    after = [match.case_id for match in reranked(found, np.array([0, 1, 0], np.float32), 0.0).matches]
    assert len(before) == 5
    assert sorted(after[:3]) == sorted(before[:3])
    assert after[3:] == before[3:]
    assert after.index(before[1]) < after.index(before[2])
    assert after != [match.case_id for match in reranked(found, np.array([0, 0, 9], np.float32), 0.0).matches]


def test_a_case_in_the_very_words_stays_first(case_index: EmbeddedIndex, embedder: HashingEmbedder) -> None:
    same = Matcher(case_index, embedder).match("как удалить ветку в git", limit=5)
    assert reranked(same, np.array([0, 9, 9], np.float32), 0.0) is same


def test_features_stay_with_their_cases(found: MatchResult) -> None:
    again = reranked(found, np.array([0, 5, 9, 1], np.float32), abstain=0.0)
    rows = {match.case_id: row.tolist() for match, row in zip(found.matches, found.table, strict=True)}
    assert all(rows[m.case_id] == row.tolist() for m, row in zip(again.matches, again.table, strict=True))


@given(st.lists(st.floats(-20, 20, width=32), max_size=5), st.floats(0, 1))
def test_nothing_is_lost_and_nothing_grows_surer(scores: list[float], abstain: float) -> None:
    before = RESULTS[0]
    after = reranked(before, np.array(scores, np.float32), abstain)
    assert sorted(m.case_id for m in after.matches) == sorted(m.case_id for m in before.matches)
    chances = [match.probability for match in after.matches]
    assert chances == sorted(chances, reverse=True)
    assert [m.score for m in after.matches] == [m.score for m in before.matches]
    own = {match.case_id: match.probability for match in before.matches}
    least = min(abstain, before.matches[0].probability)
    assert all(match.probability <= max(own[match.case_id], least) for match in after.matches)
    if before.matches[0].probability >= abstain:
        assert chances[0] >= abstain


RESULTS: list[MatchResult] = []


@pytest.fixture(autouse=True)
def _shared_result(found: MatchResult) -> None:
    """Hypothesis runs many examples for one set of fixtures."""
    RESULTS[:] = [found]


def test_a_passage_begins_with_the_title_and_is_cut() -> None:
    text = passage("Title", ["variant " * 100, "more"], "answer " * 1000)
    assert text.startswith("Title\nvariant")
    assert len(text) == 2000
    assert passage("Title", [], "") == "Title"

"""Re-ranking within a time budget: what the re-ranker has read when the time is up counts, no more.

A thread of its own reads the candidates in batches, best first; the request waits for it no longer than its
budget.  Candidates that were not read keep their order below those that were.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.matcher import MatchResult
from kbsearch.ports import Floats, Ints, Reranker

BATCH = 4
"""Passages that are read at a time: the last batch may be read in vain."""
MISSES = 5
"""After so many requests in a row for which nothing was read in time, requests stop waiting …"""
PAUSE_SECONDS = 60.0
"""… for so long; then one tries again."""
FEWEST = 2
"""One candidate has no order."""
MAX_PASSAGE_CHARS = 2_000
"""What later stands in a case would not fit into the window of the usual re-rankers."""
MAX_VARIANT_CHARS = 500

Reranked = Literal["off", "whole", "part", "missed"]
"""Whether candidates were read: there is no re-ranker; all wanted; some; none."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Budget:
    """A request waits at most ``milliseconds`` for the first ``depth`` candidates to be read."""

    milliseconds: float = 150.0
    depth: int = 10


@dataclass(eq=False, slots=True)
class _Job:
    question: str
    passages: Sequence[str]
    deadline: float
    news: threading.Condition = field(default_factory=threading.Condition)
    batches: list[Floats] = field(default_factory=list)
    ended: bool = False
    error: EncoderUnavailable | None = None


class TimedReranker:
    """Reads candidates within a budget.  Threads may share one.  ``clock`` tells seconds that only grow."""

    def __init__(
        self, reranker: Reranker, budget: Budget, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.budget = budget
        self._reranker = reranker
        self._clock = clock
        self._jobs: queue.SimpleQueue[_Job] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._warm: _Job | None = None
        self._misses = 0
        self._paused_until = -np.inf

    @property
    def model_id(self) -> str:
        """Name of the model."""
        return self._reranker.model_id

    def load(self) -> None:
        """Wait until the model is loaded and has read something.

        Raises:
            EncoderUnavailable: it cannot be loaded.
        """
        warm = self._loading()
        with warm.news:
            warm.news.wait_for(lambda: warm.ended)
        if warm.error:
            raise warm.error

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """Scores of the first k of ``passages``, shape (k,): as many as were read within the budget.

        While the model is being loaded, or after it was too late `MISSES` times, it is not waited for.
        """
        until = self._clock() + self.budget.milliseconds / 1000
        wanted = passages[: self.budget.depth]
        if len(wanted) < FEWEST or not self._is_ready():
            return np.zeros(0, np.float32)
        job = _Job(question, wanted, until)
        self._jobs.put(job)
        found = self._awaited(job)
        self._note(missed=not len(found))
        return found

    def _awaited(self, job: _Job) -> Floats:
        with job.news:
            while not job.ended and (left := job.deadline - self._clock()) > 0:
                job.news.wait(left)
            return np.concatenate([np.zeros(0, np.float32), *job.batches])

    def _is_ready(self) -> bool:
        with self._lock:
            if self._clock() < self._paused_until:
                return False
        warm = self._loading()
        if warm.error:
            self._forget(warm)
        return warm.ended and not warm.error

    def _loading(self) -> _Job:
        """The job that loads the model; started when there is none."""
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="re-ranker", daemon=True)
                self._thread.start()
            if self._warm is None:
                self._warm = _Job("warm", ["warm"], np.inf)
                self._jobs.put(self._warm)
            return self._warm

    def _forget(self, failed: _Job) -> None:
        """Try to load again, after a pause."""
        with self._lock:
            if self._warm is failed:
                self._warm = None
                self._paused_until = self._clock() + PAUSE_SECONDS

    def _note(self, *, missed: bool) -> None:
        with self._lock:
            self._misses = self._misses + 1 if missed else 0
            if self._misses < MISSES:
                return
            self._misses = MISSES - 1  # after the pause one miss is enough
            self._paused_until = self._clock() + PAUSE_SECONDS
        _log.warning(
            "the re-ranker '%s' was too late %d times: not waited for in the next %d seconds; raise "
            "KBSEARCH_RERANKER_BUDGET_MS or take a smaller model",
            self.model_id,
            MISSES,
            PAUSE_SECONDS,
        )

    def _work(self) -> None:
        while True:
            job = self._jobs.get()
            try:
                self._read(job)
            except EncoderUnavailable as error:
                _log.warning("%s %s", error.message, error.remedy)
                job.error = error
            with job.news:
                job.ended = True
                job.news.notify_all()

    def _read(self, job: _Job) -> None:
        for start in range(0, len(job.passages), BATCH):
            if self._clock() >= job.deadline:
                return
            found = self._reranker.scores(job.question, job.passages[start : start + BATCH])
            with job.news:
                if self._clock() < job.deadline:
                    job.batches.append(found)


def passage(title: str, variants: Sequence[str], answer: str) -> str:
    """What is read of a case: its title, the first of its variants, and the beginning of its answer."""
    phrasings = "\n".join(variants)[:MAX_VARIANT_CHARS]
    return "\n".join(part for part in (title, phrasings, answer) if part)[:MAX_PASSAGE_CHARS]


def reranked(result: MatchResult, scores: Floats, abstain: float) -> MatchResult:
    """``result`` with its first k matches in the order of our score and the re-ranker's together.

    Both are standardised over the k and added.  A match keeps its own probability, lowered where one before
    it has a lower one: so ``answer`` is only decided when our own model promises it for the case that now
    comes first.  That a case came first which we thought unlikely is no reason to abstain, though: where the
    first match was worth suggesting, none of the k falls below ``abstain``.  Scores stay with the places, so
    that they go on falling.  Where a case is worded in the very words of the question, nothing is changed.

    Args:
        result: of at least k matches.
        scores: of its first k matches, shape (k,).
        abstain: the probability below which nothing is suggested.
    """
    count = len(scores)
    if count < FEWEST or result.in_same_words:
        return result
    order = _order([match.score for match in result.matches[:count]], scores)
    order = np.concatenate([order, np.arange(count, len(result.matches))])
    own = [result.matches[place].probability for place in order]
    least = min(abstain, result.matches[0].probability)
    lifted = [max(chance, least) if place < count else chance for place, chance in enumerate(own)]
    falling = np.minimum.accumulate(lifted)
    matches = tuple(
        replace(result.matches[place], score=before.score, probability=float(chance))
        for before, place, chance in zip(result.matches, order, falling, strict=True)
    )
    return replace(result, matches=matches, table=result.table[order])


def _order(ours: Sequence[float], theirs: Floats) -> Ints:
    total = _standardised(np.asarray(ours, np.float64)) + _standardised(theirs.astype(np.float64))
    order: Ints = np.argsort(-total, kind="stable")
    return order


def _standardised(scores: Floats) -> Floats:
    spread = float(scores.std())
    found: Floats = (scores - scores.mean()) / spread if spread > 0 else np.zeros_like(scores)
    return found

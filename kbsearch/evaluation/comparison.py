"""Compares models side by side on the same questions: paired differences with a confidence interval."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from kbsearch.matching.matcher import LIVE, Matcher, MatchResult
from kbsearch.matching.reranking import FEWEST, TimedReranker, reranked
from kbsearch.models import Decision
from kbsearch.ports import Embedder, Floats, Role

RESAMPLES = 10_000
CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Difference:
    """Mean of the differences b - a over the same ``count`` questions, and its 95 % confidence interval."""

    mean: float
    lower: float
    upper: float
    count: int

    @property
    def is_clear(self) -> bool:
        """Whether the interval leaves zero out."""
        return self.lower > 0 or self.upper < 0


def paired_difference(a: Sequence[float], b: Sequence[float], seed: int = 0) -> Difference:
    """How much better ``b`` is than ``a``, question by question.

    The interval is the percentile bootstrap over questions (Efron 1979).  A resample of n questions is a draw
    of how often each different value of the difference occurs, so the cost does not grow with n.

    Raises:
        ValueError: there are no questions, or not equally many.
    """
    if not a or len(a) != len(b):
        raise ValueError("both need a value for each of the same questions")
    differences = np.asarray(b, np.float64) - np.asarray(a, np.float64)
    values, counts = np.unique(differences, return_counts=True)
    drawn = np.random.default_rng(seed).multinomial(len(a), counts / len(a), size=RESAMPLES)
    means = drawn @ values / len(a)
    tail = 100 * (1 - CONFIDENCE) / 2
    lower, upper = np.percentile(means, [tail, 100 - tail])
    return Difference(float(differences.mean()), float(lower), float(upper), len(a))


def hits(ranks: Sequence[int], depth: int) -> list[float]:
    """1 where the first right case is among the first ``depth``, else 0.  A rank of 0 stands for none."""
    return [float(1 <= rank <= depth) for rank in ranks]


def reciprocals(ranks: Sequence[int]) -> list[float]:
    """1 / rank, 0 for a rank of 0."""
    return [1 / rank if rank else 0.0 for rank in ranks]


class TimedEmbedder:
    """An embedder that notes how many texts of each role it encoded in how many seconds."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self.texts: dict[Role, int] = {"query": 0, "passage": 0}
        self.seconds: dict[Role, float] = {"query": 0.0, "passage": 0.0}

    @property
    def model_id(self) -> str:
        """That of the embedder."""
        return self._embedder.model_id

    @property
    def dimension(self) -> int:
        """That of the embedder."""
        return self._embedder.dimension

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As the embedder does.

        Raises:
            EncoderUnavailable: as the embedder.
        """
        started = time.perf_counter()
        vectors = self._embedder.encode(texts, role)
        self.seconds[role] += time.perf_counter() - started
        self.texts[role] += len(texts)
        return vectors

    def forget(self) -> None:
        """Count from zero again."""
        self.texts = dict.fromkeys(self.texts, 0)
        self.seconds = dict.fromkeys(self.seconds, 0.0)

    def speed(self, role: Role) -> float:
        """Texts per second; 0 before any were encoded."""
        return self.texts[role] / self.seconds[role] if self.seconds[role] else 0.0


class RereadingMatcher(Matcher):
    """A matcher whose candidates a re-ranker reads, within its budget, as it does live.

    Args:
        matcher: what it asks.
        reranker: what reads.
        passages: text of each case by its id in the index.
    """

    def __init__(self, matcher: Matcher, reranker: TimedReranker, passages: Mapping[int, str]) -> None:
        self._matcher = matcher
        self._reranker = reranker
        self._passages = passages
        self.wanted = 0
        self.read = 0

    def match(
        self,
        text: str,
        course: str = "",
        lesson: str = "",
        language: str = "",
        limit: int = 3,
        *,
        states: tuple[str, ...] = LIVE,
        only: Collection[int] | None = None,
    ) -> MatchResult:
        """As `Matcher.match`, re-ranked."""
        depth = self._reranker.budget.depth
        most = max(limit, depth)
        result = self._matcher.match(text, course, lesson, language, most, states=states, only=only)
        texts = [self._passages[match.case_id] for match in result.matches[:depth]]
        scores = self._reranker.scores(result.query.bare, texts)
        if len(texts) >= FEWEST:
            self.wanted += len(texts)
            self.read += len(scores)
        abstain = self._matcher.model.way(result.degraded).calibration.abstain
        again = reranked(result, scores, abstain)
        return replace(again, matches=again.matches[:limit], table=again.table[:limit])

    def decide(self, result: MatchResult, precision: float, course: str = "", language: str = "") -> Decision:
        """As `Matcher.decide`."""
        return self._matcher.decide(result, precision, course, language)

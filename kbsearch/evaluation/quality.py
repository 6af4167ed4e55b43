"""Figures of quality over questions whose right cases are known, by scope, and what changed between two."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from kbsearch.evaluation.bounds import ALPHA, clopper_pearson, paired_test
from kbsearch.matching.candidates import Pool
from kbsearch.matching.features import features
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.model import MatchingModel
from kbsearch.matching.thresholds import error_by_chance
from kbsearch.models import Decision

DEPTH = 5
LEAST = 10
"""Questions that a course or a language needs for figures of its own."""
UNANSWERABLE = 0.25
"""Weight of a question asked without its right cases: then every fifth has none."""
ALL = "all"
Figures = dict[str, Any]
Rank = tuple[int, int, float]
"""Rank of the first right case (0 beyond `DEPTH`), the case that came first (0: none), its probability."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question and the ids of the cases that truly answer it."""

    id: int
    text: str
    course: str
    lesson: str
    language: str
    right: frozenset[int]


@dataclass(frozen=True, slots=True)
class Measured:
    """What matching made of a question.

    ``without``: the probability of the first case if the right ones were not there (None: no case was left),
    and whether that would be an answer, which would be wrong.
    """

    asked: Asked
    rank: int
    first: int
    probability: float
    decision: Decision
    milliseconds: float
    without: tuple[float, bool] | None = None

    @property
    def first_right(self) -> bool:
        """Whether the first case answers."""
        return self.rank == 1


def measured(matcher: Matcher, asked: Asked, precision: float) -> Measured:
    """Ask it as a program would, and time it."""
    started = time.perf_counter()
    result = matcher.match(asked.text, asked.course, asked.lesson, limit=DEPTH)
    decision = matcher.decide(result, precision, asked.course, asked.language)
    spent = 1000 * (time.perf_counter() - started)
    found = [match.case_id for match in result.matches]
    rank = next((place for place, one in enumerate(found, 1) if one in asked.right), 0)
    chance = result.matches[0].probability if found else 0.0
    without = _without_right(matcher.model, result.pool, asked, precision)
    return Measured(asked, rank, found[0] if found else 0, chance, decision, spent, without)


def _without_right(
    model: MatchingModel, pool: Pool, asked: Asked, precision: float
) -> tuple[float, bool] | None:
    left = ~np.isin(pool.ids, list(asked.right))
    if not left.any():
        return None
    signals = pool.signals[left]
    score = model.way(pool.degraded).ranker.score(signals)
    order = np.argsort(-score, kind="stable")
    table = features(signals[order], score[order], 1)
    chances = model.probabilities(table, degraded=pool.degraded)
    decision = model.decide(
        chances, precision, degraded=pool.degraded, course=asked.course, language=asked.language
    )
    return chances[0], decision == Decision.ANSWER


def figures_by_scope(rows: Sequence[Measured]) -> dict[str, Figures]:
    """Figures of everything, and of every course and language with at least `LEAST` questions."""
    return {scope: figures_of(some) for scope, some in _scopes(rows).items()}


def _scopes(rows: Sequence[Measured]) -> dict[str, list[Measured]]:
    scopes: defaultdict[str, list[Measured]] = defaultdict(list)
    for row in rows:
        if row.asked.course:
            scopes[f"course:{row.asked.course}"].append(row)
        if row.asked.language:
            scopes[f"language:{row.asked.language}"].append(row)
    enough = {scope: some for scope, some in sorted(scopes.items()) if len(some) >= LEAST}
    return {ALL: list(rows), **enough}


def figures_of(rows: Sequence[Measured]) -> Figures:
    """Shares in [0, 1], None where nothing could be counted, and n of each.

    Ranks are over the questions as they are.  What concerns probabilities also counts each question once more
    without its right cases, at `UNANSWERABLE`: a golden question always has a case, a student's has not.
    ``lower``, ``upper``: Clopper-Pearson 95 % of ``answer_precision``.  ``calibration``: rows [mean
    probability, share right, n] by tenths; ``ece``: their mean distance, weighted by n; ``ece_by_chance``:
    what it is on average if the probabilities are perfect.
    """
    ranks = [row.rank for row in rows]
    answers = [row.first_right for row in rows if row.decision == Decision.ANSWER]
    times = [row.milliseconds for row in rows] or [0.0]
    others = [row.without for row in rows if row.without]
    wrong = UNANSWERABLE * sum(answered for _, answered in others)
    given = len(answers) + wrong
    lower, upper = clopper_pearson(sum(answers), given)
    chances = [row.probability for row in rows] + [chance for chance, _ in others]
    weights = [1.0] * len(rows) + [UNANSWERABLE] * len(others)
    curve = calibration(chances, [row.first_right for row in rows] + [False] * len(others), weights)
    return {
        "questions": len(rows),
        **{f"hit@{k}": _mean([1 <= rank <= k for rank in ranks]) for k in (1, 3, DEPTH)},
        "mrr@5": _mean([reciprocal(rank) for rank in ranks]),
        "answers": len(answers),
        "answer_precision": round(sum(answers) / given, 4) if given else None,
        "lower": round(lower, 4),
        "upper": round(upper, 4),
        "answer_coverage": _mean([row.decision == Decision.ANSWER for row in rows]),
        "ece": ece(curve),
        "ece_by_chance": round(error_by_chance(chances, weights), 4) if chances else None,
        "calibration": curve,
        "p50_ms": round(float(np.percentile(times, 50)), 1),
        "p95_ms": round(float(np.percentile(times, 95)), 1),
    }


def calibration(
    chances: Sequence[float], right: Sequence[bool], weights: Sequence[float]
) -> list[list[float]]:
    """Rows [mean probability, share right, weight] by tenths of probability; empty tenths are left out."""
    rows = np.array([chances, right, weights], np.float64).T.reshape(-1, 3)
    tenth = np.minimum((10 * rows[:, 0]).astype(int), 9)
    curve = []
    for k in sorted(set(tenth.tolist())):
        here = rows[tenth == k]
        mean = np.average(here[:, :2], axis=0, weights=here[:, 2])
        curve.append([round(float(mean[0]), 4), round(float(mean[1]), 4), round(float(here[:, 2].sum()), 1)])
    return curve


def ece(curve: Sequence[Sequence[float]]) -> float | None:
    """Expected calibration error of a calibration curve (Naeini et al., AAAI 2015); None without any row."""
    total = sum(row[2] for row in curve)
    return round(sum(abs(row[0] - row[1]) * row[2] for row in curve) / total, 4) if total else None


def changes(before: Mapping[str, Any], rows: Sequence[Measured]) -> dict[str, Figures]:
    """Against an earlier measurement of the same questions (id → `Rank`), by scope.

    ``lowered``: the reciprocal rank fell, and not by chance (paired; scopes share the chance of an error).
    """
    scopes = _scopes([row for row in rows if str(row.asked.id) in before])
    compared = {}
    for scope, some in scopes.items():
        was = [reciprocal(int(before[str(row.asked.id)][0])) for row in some]
        test = paired_test(was, [reciprocal(row.rank) for row in some])
        alpha = ALPHA if scope == ALL else ALPHA / max(1, len(scopes) - 1)
        compared[scope] = asdict(test) | {"lowered": test.difference < 0 and test.p < alpha}
    return compared


def ranks_of(rows: Iterable[Measured]) -> dict[str, Rank]:
    """`Rank` of each question by its id."""
    return {str(row.asked.id): (row.rank, row.first, round(row.probability, 4)) for row in rows}


def reciprocal(rank: int) -> float:
    """1 / ``rank``; 0 for rank 0, which stands for "not found"."""
    return 1 / rank if rank else 0.0


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None

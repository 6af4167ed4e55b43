"""Learning a model from judged questions: ranker, calibration and thresholds.

The ranker is fitted listwise (the softmax of the scores should fall on the right cases: Cao et al.,
"Learning to rank: from pairwise approach to listwise approach", 2007), the calibration by logistic regression
on the first candidates.  Both are pulled towards the model they start from, so that few judgements move it
little.  Probabilities that thresholds and figures are made of come from models that did not see the
question's group.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from kbsearch.matching.candidates import Pool
from kbsearch.matching.confidence import Calibration
from kbsearch.matching.features import NAMES, features
from kbsearch.matching.model import MatchingModel, Way
from kbsearch.matching.ranker import Ranker, ranked_features, ranker_from
from kbsearch.matching.regressions import fit_binary, fit_listwise, fit_one
from kbsearch.matching.thresholds import FirstCases, abstain_below, held_out_figures, thresholds_by_scope
from kbsearch.ports import Floats

FOLDS = 10
PULL = 3.0
"""Towards a calibration that looks at nothing, where there is no model to start from; in judged questions."""
EVEN = {
    "text": 0.5,
    "pieces": 0.5,
    "vector": 0.25,
    "second": 0.25,
    "prototype": 0.25,
    "second_prototype": 0.25,
    "lesson": 3.0,
}
"""What a ranker starts from without a model: retrievers have even voices, the two encoders share theirs, and
the lesson outweighs them."""
PULL_TO_EVEN = 100.0
"""Towards `EVEN`: which retriever is best differs from school to school."""
PULL_TO_BASE = 30.0
"""Towards the model that a fit starts from."""
ROWS = 3
"""First candidates of each question that the calibration learns from."""
ENOUGH = 200
"""Judged questions from which on they make thresholds of their own; below, those of the base stay."""


@dataclass(frozen=True, slots=True, eq=False)
class JudgedQuery:
    """A question with its candidates and which of them are right.

    ``signals``: shape (n, len(SIGNALS)), as `Pool.signals`.  ``right``: shape (n,); none need be.
    ``group``: what must not be torn apart between fitting and checking (a case, a topic).  ``weight``: how
    much the judgement counts.  ``degraded``: found by text alone.
    """

    signals: Floats
    right: NDArray[np.bool_]
    group: str
    weight: float = 1.0
    course: str = ""
    language: str = ""
    degraded: bool = False


def judged(
    pool: Pool,
    right: Collection[int],
    group: str,
    *,
    weight: float = 1.0,
    course: str = "",
    language: str = "",
) -> JudgedQuery:
    """The question of ``pool``, of whose candidates those with an id in ``right`` are right."""
    rights = np.isin(pool.ids, np.fromiter(right, np.int64, len(right)))
    return JudgedQuery(pool.signals, rights, group, weight, course, language, degraded=pool.degraded)


def fit(
    queries: Sequence[JudgedQuery],
    *,
    base: MatchingModel | None = None,
    version: str = "learned",
    provenance: str = "",
    folds: int = FOLDS,
) -> MatchingModel:
    """A model fitted on ``queries``, each of the two ways on those found in it.

    Args:
        queries: judged questions.
        base: what the fit starts from and is pulled towards, and what stays of a way that has no questions.
        version: the name of the new model.
        provenance: where it comes from, in words.
        folds: how many parts the groups are split into for thresholds and figures.

    Raises:
        ValueError: one of the ways has neither questions nor a base.
    """
    ways = []
    for degraded in (False, True):
        some = [one for one in queries if one.degraded == degraded and len(one.signals)]
        way = fit_way(some, base.way(degraded) if base else None, folds)
        ways.append(way)
    return MatchingModel(version, ways[0], ways[1], provenance)


def fit_way(queries: Sequence[JudgedQuery], base: Way | None, folds: int = FOLDS) -> Way:
    """`fit` for questions that were all found in one way.

    Raises:
        ValueError: there are neither questions nor a base.
    """
    if not queries:
        if base is None:
            raise ValueError("neither judged questions nor a model to start from")
        return base
    first = held_out(queries, base, folds)
    ranker, weights, intercept = _fitted(queries, base)
    if base and first.weight.sum() < ENOUGH:
        abstain, thresholds = base.calibration.abstain, base.calibration.thresholds
    else:
        abstain, thresholds = abstain_below(first), thresholds_by_scope(first, ENOUGH)
    calibration = Calibration(weights, intercept, abstain, thresholds)
    return Way(ranker, calibration, held_out_figures(first))


def knowing_scarcity(model: MatchingModel, queries: Sequence[JudgedQuery]) -> MatchingModel:
    """``model`` with the weights of *scarcity* that ``queries`` tell, asked where cases are few.

    Nothing else is fitted on them: where there are cases enough, probabilities stay as they are.
    """
    ways = []
    for degraded in (False, True):
        some = [one for one in queries if one.degraded == degraded and len(one.signals)]
        ways.append(_knowing_scarcity(model.way(degraded), some))
    return replace(model, hybrid=ways[0], text_only=ways[1])


def _knowing_scarcity(way: Way, queries: Sequence[JudgedQuery]) -> Way:
    column, calibration = NAMES.index("scarcity"), way.calibration
    found = [ranked_rows(one, way.ranker, 1) for one in queries]
    table = np.concatenate([rows for rows, _ in found]).astype(np.float64)
    weights = calibration.weights.copy()
    weights[column] = 0
    weights[column] = fit_one(
        table[:, column],
        np.concatenate([rights for _, rights in found]),
        np.array([one.weight for one in queries]),
        table @ weights + calibration.intercept,
    )
    return replace(way, calibration=replace(calibration, weights=weights))


def held_out(queries: Sequence[JudgedQuery], base: Way | None, folds: int = FOLDS) -> FirstCases:
    """The first case of each of ``queries``, by models that did not see its group."""
    fold = fold_numbers([one.group for one in queries], folds)
    chance, right = np.zeros(len(queries)), np.zeros(len(queries), np.bool_)
    for one in sorted(set(fold.tolist())):
        train = [query for query, k in zip(queries, fold, strict=True) if k != one]
        ranker, weights, intercept = _fitted(train, base) if train else _start(base)
        calibration = Calibration(weights, intercept, 0.0)
        for place in np.flatnonzero(fold == one).tolist():
            table, rights = ranked_rows(queries[place], ranker, 1)
            chance[place], right[place] = calibration.chances(table)[0], rights[0]
    return FirstCases(
        chance,
        right,
        np.array([query.weight for query in queries]),
        tuple(query.course for query in queries),
        tuple(query.language for query in queries),
    )


def _fitted(queries: Sequence[JudgedQuery], base: Way | None) -> tuple[Ranker, Floats, float]:
    ranker = fit_ranker(queries, base.ranker if base else None)
    weights, intercept = _fitted_calibration(queries, ranker, base)
    return ranker, weights, intercept


def fit_ranker(queries: Sequence[JudgedQuery], base: Ranker | None = None) -> Ranker:
    """A ranker that puts the right candidates of ``queries`` first, pulled towards ``base``.

    Questions without a right candidate say nothing of the order and are left out.
    """
    useful = [one for one in queries if one.right.any() and one.weight > 0]
    start = (base or ranker_from(EVEN)).weights.astype(np.float64)
    if not useful:
        return Ranker(start.astype(np.float32))
    weights = fit_listwise(
        np.concatenate([ranked_features(one.signals) for one in useful]).astype(np.float64),
        np.concatenate([one.right for one in useful]),
        np.array([len(one.right) for one in useful]),
        np.array([one.weight for one in useful]),
        start=start,
        pull=PULL_TO_BASE if base else PULL_TO_EVEN,
    )
    return Ranker(weights.astype(np.float32))


def _fitted_calibration(
    queries: Sequence[JudgedQuery], ranker: Ranker, base: Way | None
) -> tuple[Floats, float]:
    found = [ranked_rows(one, ranker, ROWS) for one in queries]
    weight = [np.full(len(rights), one.weight) for one, (_, rights) in zip(queries, found, strict=True)]
    _, start, intercept = _start(base)
    weights, intercept = fit_binary(
        np.concatenate([table for table, _ in found]).astype(np.float64),
        np.concatenate([rights for _, rights in found]),
        np.concatenate(weight),
        start=start.astype(np.float64),
        intercept=intercept,
        pull=PULL_TO_BASE if base else PULL,
    )
    return weights.astype(np.float32), intercept


def _start(base: Way | None) -> tuple[Ranker, Floats, float]:
    if base:
        return base.ranker, base.calibration.weights, base.calibration.intercept
    return ranker_from(EVEN), np.zeros(len(NAMES), np.float32), 0.0


def ranked_rows(query: JudgedQuery, ranker: Ranker, rows: int) -> tuple[Floats, NDArray[np.bool_]]:
    """Features of the first ``rows`` candidates in the order of ``ranker``, and which of them are right."""
    score = ranker.score(query.signals)
    order = np.argsort(-score, kind="stable")
    table = features(query.signals[order], score[order], rows)
    return table, query.right[order][: len(table)]


def fold_numbers(groups: Sequence[str], count: int) -> NDArray[np.int64]:
    """The fold of each of ``groups``: equal groups together, sizes as equal as the largest allow."""
    names, codes = np.unique(np.array(groups, dtype=str), return_inverse=True)
    sizes = np.bincount(codes, minlength=len(names))
    fold_of, filled = np.zeros(len(names), np.int64), np.zeros(min(count, len(names)), np.int64)
    for name in np.argsort(-sizes, kind="stable"):
        fold_of[name] = filled.argmin()
        filled[fold_of[name]] += sizes[name]
    found: NDArray[np.int64] = fold_of[codes]
    return found

"""The two regressions that models are fitted with, each pulled towards the coefficients that it starts from.

scikit-learn's logistic regression can only be pulled towards zero; here a model that is learned from few
judgements stays near the one it comes from.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
STEPS = 300
FLAT = 1e-6
"""A feature that varies less is left alone."""


def fit_listwise(
    rows: Doubles,
    right: NDArray[np.bool_],
    sizes: NDArray[np.int64],
    weight: Doubles,
    *,
    start: Doubles,
    pull: float,
) -> Doubles:
    """Weights that put the softmax of each list's scores on its right rows, shape (d,).

    Minimises -Σ weight · log P(a right row) + ``pull`` · |standardised change from ``start``|².

    Args:
        rows: features of all lists, one after the other, shape (n, d).
        right: shape (n,), one at least in each list.
        sizes: rows of each list, shape (m,), none 0.
        weight: of each list, shape (m,).
        start: shape (d,).
        pull: towards ``start``.
    """
    scale = _scale(rows)
    scaled = rows / scale
    first = np.cumsum(sizes) - sizes

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores = scaled @ weights
        scores = np.exp(scores - np.repeat(np.maximum.reduceat(scores, first), sizes))
        share = scores / np.repeat(np.add.reduceat(scores, first), sizes)
        good = share * right
        chance = np.add.reduceat(good, first)
        among_right = good / np.repeat(chance, sizes)
        slope = scaled.T @ (np.repeat(weight, sizes) * (share - among_right))
        return -float(weight @ np.log(chance)), slope

    return _descend(loss, start * scale, pull) / scale


def fit_binary(
    rows: Doubles,
    right: NDArray[np.bool_],
    weight: Doubles,
    *,
    start: Doubles,
    intercept: float,
    pull: float,
) -> tuple[Doubles, float]:
    """Weights and intercept of a logistic regression, shape (d,); the intercept is not pulled.

    Args:
        rows: features, shape (n, d).
        right: shape (n,).
        weight: of each row, shape (n,).
        start: where the weights start from, shape (d,).
        intercept: where the intercept starts from.
        pull: towards ``start``, on standardised weights.
    """
    mean, scale = rows.mean(axis=0), _scale(rows)
    scaled = np.column_stack([(rows - mean) / scale, np.ones(len(rows))])
    pulled = np.append(np.full(rows.shape[1], pull), 0.0)

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores = scaled @ weights
        wrong = 1 / (1 + np.exp(-np.clip(scores, -30, 30))) - right
        return float(weight @ (np.logaddexp(0, scores) - right * scores)), scaled.T @ (weight * wrong)

    begin = np.append(start * scale, intercept + start @ mean)
    found = _descend(loss, begin, pulled)
    weights = found[:-1] / scale
    return weights, float(found[-1] - weights @ mean)


def fit_one(column: Doubles, right: NDArray[np.bool_], weight: Doubles, known: Doubles) -> float:
    """The weight of one feature more in a logistic regression that is not changed otherwise.

    Args:
        column: the feature, shape (n,).
        right: shape (n,).
        weight: of each row, shape (n,).
        known: the logits without it, shape (n,).
    """

    def loss(weights: Doubles) -> tuple[float, Doubles]:
        scores = known + column * weights[0]
        wrong = 1 / (1 + np.exp(-np.clip(scores, -30, 30))) - right
        slope = np.array([column @ (weight * wrong)])
        return float(weight @ (np.logaddexp(0, scores) - right * scores)), slope

    return float(_descend(loss, np.zeros(1), 0.0)[0])


def _scale(rows: Doubles) -> Doubles:
    scale = rows.std(axis=0)
    return np.where(scale < FLAT, 1.0, scale)


def _descend(
    loss: Callable[[Doubles], tuple[float, Doubles]], start: Doubles, pull: float | Doubles
) -> Doubles:
    from scipy.optimize import minimize

    def pulled(weights: Doubles) -> tuple[float, Doubles]:
        value, slope = loss(weights)
        away = weights - start
        return value + float(np.sum(pull * away * away)), slope + 2 * pull * away

    found: Doubles = minimize(pulled, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x
    return found

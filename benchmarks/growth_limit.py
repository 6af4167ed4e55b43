"""How often growth can be found at all: the best test there is, where false alarms are as rare.

    python -m benchmarks.growth_limit

One cluster at a time, with the shocks and the drift of the simulated schools and nothing else: no season, no
volume that moves.  The test knows how counts scatter and by how much they would grow; what it does not know
is the cluster's level, of which it sees fourteen or forty weeks.  By Neyman and Pearson (1933) no other test
finds more at its rate of false alarms, here one a month in 80 clusters that are looked at weekly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from tests.simulation.schools import Plan

PLAN = Plan()
RARE = 1 / (PLAN.clusters * 365.25 / 12 / 7)
"""False alarms of a look at a cluster."""
QUIET, GROWN = 6_000, 1_000
"""Clusters drawn without and with growth."""
LEVELS = 60
DRIFTS = np.linspace(-3.4, 3.4, 23) * PLAN.drift
BLOCK = 500

Doubles = NDArray[np.float64]


def _normal(values: Doubles, spread: float) -> Doubles:
    weights = np.exp(-0.5 * (values / spread) ** 2)
    return np.asarray(weights / weights.sum(axis=-1, keepdims=True), np.float64)


AT_FIRST = _normal(DRIFTS, PLAN.drift)
MOVES = _normal(DRIFTS[None, :] - PLAN.memory * DRIFTS[:, None], PLAN.drift * (1 - PLAN.memory**2) ** 0.5)


def drawn(
    random: np.random.Generator, count: int, usual: tuple[float, float], past: int, factor: float
) -> Doubles:
    """Weekly counts (count, past + 2), the last two at ``factor`` times the past's mean; 0: no growth."""
    many = 8 * count
    level = np.exp(random.uniform(np.log(usual[0] / 1.3), np.log(usual[1] * 1.3), many))
    drift, rates = random.normal(0, PLAN.drift, many), np.empty((many, past + 2))
    for week in range(past + 2):
        rates[:, week] = level * np.exp(drift)
        noise = random.normal(0, PLAN.drift * (1 - PLAN.memory**2) ** 0.5, many)
        drift = PLAN.memory * drift + noise
    mean = rates[:, past - 14 : past].mean(axis=1)
    inside = (mean >= usual[0]) & (mean <= usual[1])
    rates, mean = rates[inside][:count], mean[inside][:count]
    if factor:
        rates[:, past:] = factor * mean[:, None]
    return np.asarray(
        random.poisson(rates * random.gamma(1 / PLAN.scatter, PLAN.scatter, rates.shape)), np.float64
    )


def evidence(counts: Doubles, usual: tuple[float, float], factor: float) -> Doubles:
    """The likelihood of growth since the last week or the one before, over that of none, (n,)."""
    blocks = range(0, len(counts), BLOCK)
    return np.concatenate([_evidence(counts[start : start + BLOCK], usual, factor) for start in blocks])


def _evidence(counts: Doubles, usual: tuple[float, float], factor: float) -> Doubles:
    levels = np.exp(np.linspace(np.log(usual[0] / 4), np.log(usual[1] * 4), LEVELS))
    rates = levels[:, None] * np.exp(DRIFTS)
    grown = np.broadcast_to(factor * levels[:, None] * np.exp(PLAN.drift**2 / 2), rates.shape)
    known = np.broadcast_to(AT_FIRST, (len(counts), *rates.shape))
    for week in range(counts.shape[1] - 2):
        known = known * _likelihood(counts[:, week], rates)
        known = known / known.sum(axis=(1, 2), keepdims=True) @ MOVES
    last, before = counts[:, -1], counts[:, -2]
    still = known * _likelihood(before, rates) @ MOVES
    quiet = (still * _likelihood(last, rates)).sum(axis=(1, 2))
    since_last = (still * _likelihood(last, grown)).sum(axis=(1, 2))
    since_before = (known * _likelihood(before, grown) * _likelihood(last, grown)).sum(axis=(1, 2))
    return np.asarray((since_last + since_before) / (2 * quiet), np.float64)


def _likelihood(counts: Doubles, rates: Doubles) -> Doubles:
    """Negative binomial, of a week of each cluster at each rate, (n, levels, drifts)."""
    size, seen = 1 / PLAN.scatter, counts[:, None, None]
    chance = gammaln(seen + size) - gammaln(size) - gammaln(seen + 1)
    return np.asarray(
        np.exp(chance + size * np.log(size / (size + rates)) + seen * np.log(rates / (size + rates))),
        np.float64,
    )


def found(
    random: np.random.Generator, usual: tuple[float, float], factor: float, past: int
) -> tuple[float, float]:
    """The shares of growths found at the first look, a week after, and at one of the first two."""
    limit = np.quantile(evidence(drawn(random, QUIET, usual, past, 0.0), usual, factor), 1 - RARE)
    counts = drawn(random, GROWN, usual, past, factor)
    first = evidence(counts[:, :-1], usual, factor) > limit
    second = evidence(counts[:, 1:], usual, factor) > limit
    return float(first.mean()), float((first | second).mean())


def main() -> None:
    """Print the shares for each usual rate and growth."""
    random = np.random.default_rng(0)
    print("| students a week | times | weeks known | found in one week | in two |\n|---|---|---|---|---|")
    for usual in ((1.0, 2.0), (3.0, 6.0), (8.0, 15.0)):
        for factor in (3.0, 4.0, 6.0):
            for past in (14, 40):
                one, two = found(random, usual, factor, past)
                print(
                    f"| {usual[0]:g} to {usual[1]:g} | {factor:g} | {past} | {one:.2f} | {two:.2f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()

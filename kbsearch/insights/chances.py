"""Chances of counts: how a total falls into two windows, when counts scatter more than chance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

EVEN = 1.01
"""Below this dispersion counts scatter as by chance, and the binomial is exact."""

Doubles = NDArray[np.float64]


def chance_of_at_most(part: int, total: int, share: float, dispersion: float = 1.0) -> float:
    """The chance that at most ``part`` of ``total`` fall into a window with ``share`` of the exposure.

    Exact, given the total: binomial for Poisson counts (Przyborowski and Wilenski, Biometrika 31, 1940).
    With ``dispersion`` (variance over mean, at least 1) counts are negative binomial with variances in
    proportion to means, and the split of their total is beta-binomial (Johnson, Kotz, Balakrishnan,
    Discrete Multivariate Distributions, 1997, section 35.13.1).
    """
    from scipy.special import betaincc

    if part >= total or share <= 0.0:
        return 1.0
    if part < 0 or share >= 1.0:
        return 0.0
    if dispersion < EVEN:
        return float(betaincc(part + 1, total - part, share))
    concentration = total / (dispersion - 1.0)
    chances = beta_binomial(part, total, np.array([share]), np.array([concentration]))
    return min(1.0, float(chances[0]))


def chance_of_at_least(part: int, total: int, share: float, dispersion: float = 1.0) -> float:
    """The chance that at least ``part`` of ``total`` fall into the window; see `chance_of_at_most`."""
    return chance_of_at_most(total - part, total, 1.0 - share, dispersion)


def beta_binomial(part: int, total: int, share: Doubles, concentration: Doubles) -> Doubles:
    """P(K <= ``part``) of beta-binomials with mean ``total`` x ``share``, for arrays of one shape.

    The share itself follows Beta(``concentration`` x ``share``, ``concentration`` x (1 - ``share``)).
    """
    from scipy.special import betaln, gammaln

    a, b = concentration * share, concentration * (1.0 - share)
    k = np.arange(part + 1, dtype=np.float64)
    choose = gammaln(total + 1) - gammaln(k + 1) - gammaln(total - k + 1)
    terms = choose + betaln(k + a[..., None], total - k + b[..., None]) - betaln(a, b)[..., None]
    return np.asarray(np.exp(terms).sum(axis=-1), np.float64)


def benjamini_hochberg(chances: Doubles) -> Doubles:
    """``chances`` (n,) adjusted for being many: those up to q hold a share of at most q by chance alone.

    Benjamini and Hochberg, Journal of the Royal Statistical Society B 57 (1995).
    """
    count = len(chances)
    order = np.argsort(chances)
    scaled = chances[order] * count / np.arange(1, count + 1)
    adjusted = np.empty(count)
    adjusted[order] = np.minimum(1.0, np.minimum.accumulate(scaled[::-1])[::-1])
    return adjusted

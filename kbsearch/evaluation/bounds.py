"""Bounds of a share that was observed: at one look, and at any number of looks; and paired comparisons."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

ALPHA = 0.05
"""How often a bound may be wrong."""
EXACT_UP_TO = 12
"""Paired differences of which all signs are tried; of more, a sample."""
DRAWS = 10_000
TIED = 1e-12
"""Differences up to this are none."""


def clopper_pearson(right: float, count: float, alpha: float = ALPHA) -> tuple[float, float]:
    """The exact two-sided interval of a share of which ``right`` of ``count`` were observed.

    (0, 1) when nothing was.  Clopper and Pearson, Biometrika 26 (1934).
    """
    from scipy.special import betaincinv

    low = float(betaincinv(right, count - right + 1, alpha / 2)) if right else 0.0
    high = float(betaincinv(right + 1, count - right, 1 - alpha / 2)) if right < count else 1.0
    return low, high


def anytime_upper(right: int, count: int, alpha: float = ALPHA) -> float:
    """An upper bound of the share that holds however often one looks.

    For each share t the likelihood ratio of all smaller shares, uniformly mixed, against t is a
    supermartingale while the true share is t or more, so it exceeds 1 / ``alpha`` with a chance of at most
    ``alpha`` at any time (Ville's inequality; Ramdas et al., Statistical Science 38, 2023).
    """
    low, high = 0.0, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        if _log_evidence_below(middle, right, count) >= -math.log(alpha):
            high = middle
        else:
            low = middle
    return high


def anytime_lower(right: int, count: int, alpha: float = ALPHA) -> float:
    """A lower bound of the share that holds however often one looks; see `anytime_upper`."""
    return 1.0 - anytime_upper(count - right, count, alpha)


def _log_evidence_below(share: float, right: int, count: int) -> float:
    """Log of the ratio of shares mixed uniformly over (0, ``share``) against ``share`` itself."""
    from scipy.special import betainc, betaln

    wrong = count - right
    mixed = betainc(right + 1, wrong + 1, share)
    if mixed <= 0.0:
        return -math.inf
    log_mixed = math.log(mixed) + float(betaln(right + 1, wrong + 1)) - math.log(share)
    return log_mixed - right * math.log(share) - wrong * math.log1p(-share)


@dataclass(frozen=True, slots=True)
class PairedTest:
    """The same questions measured twice: how many rose and fell, the mean difference, and its p.

    ``p``: two-sided, that differences at least this large come by chance when signs are thrown.
    """

    count: int
    better: int
    worse: int
    difference: float
    p: float


def paired_test(before: Sequence[float], after: Sequence[float], seed: int = 0) -> PairedTest:
    """A sign-flipping permutation test on the differences ``after`` - ``before``, which go in pairs.

    Exact for up to `EXACT_UP_TO` pairs that differ, else by `DRAWS` draws; (k + 1) / (draws + 1) keeps it
    valid (Phipson and Smyth, 2010).
    """
    import numpy as np

    every = np.asarray(after, np.float64) - np.asarray(before, np.float64)
    moved = every[np.abs(every) > TIED]
    mean = float(every.mean()) if len(every) else 0.0
    better, worse = int((moved > 0).sum()), int((moved < 0).sum())
    if not len(moved):
        return PairedTest(len(every), 0, 0, 0.0, 1.0)
    seen = abs(moved.sum()) - 1e-9
    if len(moved) <= EXACT_UP_TO:
        codes = np.arange(2 ** len(moved))[:, None] >> np.arange(len(moved)) & 1
        p = float((np.abs((2 * codes - 1) @ moved) >= seen).mean())
    else:
        random = np.random.default_rng(seed)
        signs = random.integers(0, 2, (DRAWS, len(moved)), dtype=np.int8) * 2 - 1
        p = float(((np.abs(signs @ moved) >= seen).sum() + 1) / (DRAWS + 1))
    return PairedTest(len(every), better, worse, mean, p)

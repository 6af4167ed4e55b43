"""How many chances a cluster had to be asked, and how far its counts scatter about them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BORROWED = 30.0
"""A course's volume is read together with this many questions a week that move as the whole school does."""
GREATEST = 3.0
FEWEST = 5.0
"""A cluster's week counts at most three times its share, but five at least: an outage is no volume."""
PRIOR_WEEKS = 20.0
"""A cluster's own scatter counts against that of all clusters as its weeks do against these."""
LARGEST_DISPERSION = 10.0
LEAST_MEAN = 0.5
"""Questions a week below which a cluster tells nothing of how clusters scatter."""

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]


def exposures(counts: Counts, courses: Counts) -> Doubles:
    """The volume of questions in which each cluster could have been asked, (clusters, weeks).

    Only ratios between weeks mean anything.  The cluster itself is left out.  ``counts``: (clusters, weeks);
    ``courses``: (clusters,), a number for the course that most of its questions name, or -1.
    """
    level = counts.sum(axis=0) / max(float(counts.sum(axis=0).mean()), 1e-9)
    usual = counts.mean(axis=1, keepdims=True) * level
    capped = np.minimum(counts, np.maximum(FEWEST, GREATEST * usual))
    school = capped.sum(axis=0) - capped
    near = school.copy()
    for course in np.unique(courses[courses >= 0]):
        inside = courses == course
        near[inside] = capped[inside].sum(axis=0) - capped[inside]
    mean = np.maximum(school.mean(axis=1, keepdims=True), 1e-9)
    return np.asarray(near + BORROWED * school / mean, np.float64)


def dispersions(counts: Counts, exposure: Doubles) -> Doubles:
    """Variance over mean of each cluster's weeks about what its exposure explains, (clusters,), 1 to 10.

    Pearson's statistic over its degrees of freedom (McCullagh and Nelder, Generalized Linear Models, 1989,
    4.5), as in the surveillance of outbreaks (Farrington and others, Journal of the Royal Statistical
    Society A 159, 1996).  A few weeks say little of one cluster, so it is drawn towards what the clusters
    show at its
    rate: 1 + the median of their squared coefficients of variation x its mean.
    """
    weeks = counts.shape[1]
    totals = counts.sum(axis=1)
    volume = np.maximum(exposure.sum(axis=1, keepdims=True), 1e-9)
    expected = np.maximum(totals[:, None] * exposure / volume, 1e-9)
    degrees = np.maximum((exposure > 0).sum(axis=1) - 1, 0)
    pearson = np.where(exposure > 0, (counts - expected) ** 2 / expected, 0.0).sum(axis=1)
    means = totals / max(weeks, 1)
    told = (means >= LEAST_MEAN) & (degrees > 0)
    spreads = (pearson[told] / degrees[told] - 1.0) / means[told]
    prior = 1.0 + max(0.0, float(np.median(spreads)) if len(spreads) else 0.0) * means
    shrunk = (PRIOR_WEEKS * prior + pearson) / (PRIOR_WEEKS + degrees)
    return np.asarray(np.clip(shrunk, 1.0, LARGEST_DISPERSION), np.float64)

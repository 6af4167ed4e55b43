"""How fine the clusters should be: the resolution whose clusters survive leaving questions out.

A resolution that fits the data gives nearly the same clusters when a fifth of the questions is missing;
one that is too coarse or too fine joins or cuts them differently each time.  So Leiden runs on random
subsamples at each resolution of a grid, and how well their partitions agree is measured (adjusted Rand index
over the questions two subsamples share).  After Ben-Hur, Elisseeff and Guyon, "A stability based method
for discovering structure in clustered data" (2002).  Nothing is known beforehand of the number of clusters.

Agreement is often flat over a wide range, where the best one is a matter of luck.  So the resolution is a
mean of the whole grid (of its logarithms) in which good ones weigh much more than others.

Whole subjects (all about git, all about payment) are steady too, but one case cannot answer them.  So a
resolution at which a cluster holds more than an eighth of a large collection is not taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from clustering.agreement import agreement
from clustering.coarser import communities_as_rows, paired
from clustering.communities import communities, neighbour_graph
from kbsearch.ports import Ints

RESOLUTIONS = (1.0, 2.3, 5.3, 12.2, 28.0)
"""The grid, in steps of 2.3.  Modularity joins small communities even at its standard value 1 (its
resolution limit), so nothing coarser is tried."""
TOLERANCE = 0.02
"""A resolution weighs e times less than another one when its agreement is worse by this much."""
LARGEST_SHARE = 0.125
LARGEST_ALWAYS = 50
"""A cluster of so many questions is never too large: small collections may have few clusters."""
LEAST_CLUSTERED = 0.5
RECURRING = 3
"""Partitions into single questions agree perfectly and say nothing: at least half of the rows must be in
groups of so many."""
KEPT_SHARE = 0.8
SAMPLES = ((2_000, 6), (6_000, 4))
"""Subsamples of collections of up to so many rows: the larger, the less agreement varies."""
SAMPLES_WHEN_LARGE = 2
SAMPLES_OF_GROUPS = 4
"""Of larger ones in which Leiden looks at small groups, which costs little."""
FINER = 3.0
"""Those groups are communities at so many times the highest resolution that is tried."""
LOYALTY = 1.6
"""The resolution of the run before is kept unless the one found differs by more than this factor …"""
HARDLY_BETTER = 3 * TOLERANCE
"""… and agrees better than the one in the grid that is next to it by more than this."""


@dataclass(frozen=True, slots=True, eq=False)
class Granularity:
    """The chosen resolution, and of the nearest one in the grid its agreement and the subsamples' partitions.

    ``agreement`` lies in [-1, 1]; ``partitions`` has shape (samples, n), -1 for rows that were left out.
    """

    resolution: float
    agreement: float
    partitions: Ints


def steadiest(
    ids: Ints,
    k: int,
    seed: int,
    resolutions: tuple[float, ...] = RESOLUTIONS,
    *,
    pool: Executor,
    groups: bool = False,
    earlier: Sequence[float] = (),
    before: Ints | None = None,
) -> Granularity:
    """The resolution at which partitions of subsamples agree well.

    Args:
        ids: neighbours of each row, best first, -1 for none, shape (n, more than k): enough that k are
            left when a fifth of the rows is gone.
        k: neighbours that the graph uses.
        seed: of the subsamples and of Leiden.
        resolutions: the grid; with one entry only its partitions and agreement are found.
        pool: what runs Leiden; this function itself only waits.
        groups: look at small groups of rows as one.
        earlier: the resolutions of the parts of the run before; that of these rows is kept where it is
            about as good.
        before: the cluster of each row in the run before, -1 for none, shape (n,): they tell which of
            ``earlier`` that is.  None: the only one.
    """
    finest = FINER * max(resolutions) if groups else None
    subsamples = _rows(len(ids), seed, SAMPLES_OF_GROUPS if groups else SAMPLES_WHEN_LARGE)
    samples = list(pool.map(partial(_sampled, ids, k, finest, seed), subsamples))
    found = _partitions(pool, samples, len(ids), resolutions, seed)
    agreed = np.array(list(pool.map(agreement, found)))
    fine = np.array([_largest(each) <= max(LARGEST_ALWAYS, LARGEST_SHARE * len(ids)) for each in found])
    fine &= np.array([_clustered_share(each) >= LEAST_CLUSTERED for each in found])
    value = np.where(fine | ~fine.any(), agreed, -np.inf)
    weights = np.exp((value - value.max()) / TOLERANCE)
    logs = np.log(np.array(resolutions))
    chosen = float(np.exp(np.average(logs, weights=weights)))
    last = _earlier(earlier, before, found, logs)
    if last is not None and _is_about_as_good(last, chosen, logs, value):
        chosen = last
    near = int(np.argmin(np.abs(logs - np.log(chosen))))
    return Granularity(chosen, float(agreed[near]), found[near])


def _earlier(earlier: Sequence[float], before: Ints | None, found: Sequence[Ints], logs: Any) -> float | None:
    """The resolution that rows had in the run before, None when there was none.

    It is about that which gives as many clusters as they had, and if one of ``earlier`` is near, that one.
    """
    if before is None:
        return earlier[0] if len(earlier) == 1 else None
    if (before < 0).all():
        return None
    known = np.log(max(1.0, _recurring(np.where(found[0] >= 0, before, -1))))
    counts = np.maximum.accumulate([_recurring(each) for each in found])
    about = float(np.exp(np.interp(known, np.log(np.maximum(1.0, counts)), logs)))
    nearest = min(earlier, key=lambda one: abs(np.log(one / about)), default=about)
    return nearest if _is_near(nearest, about) else about


def _is_near(one: float, other: float) -> bool:
    return 1 / LOYALTY <= one / other <= LOYALTY


def _is_about_as_good(earlier: float, chosen: float, logs: Any, value: Any) -> bool:
    """Whether a run may keep the ``earlier`` resolution, given the ``value`` of each in the grid."""
    near = np.argmin(np.abs(logs - np.log(earlier)))
    tried = logs[0] <= np.log(earlier) <= logs[-1]
    as_steady = bool(tried and value[near] >= value.max() - HARDLY_BETTER)
    return as_steady or _is_near(earlier, chosen)


class _Sample(NamedTuple):
    """A subsample: its rows, ascending, the graph that Leiden looks at, and the row there of each."""

    rows: Ints
    graph: Any
    group: Ints


def _rows(n: int, seed: int, when_large: int) -> list[Ints]:
    """The rows of each subsample of ``n``, of which there are ``when_large`` if these are many."""
    draw = np.random.default_rng(seed)
    count = next((count for size, count in SAMPLES if n <= size), when_large)
    return [np.flatnonzero(draw.random(n) < KEPT_SHARE) for _ in range(count)]


def _sampled(ids: Ints, k: int, finest: float | None, seed: int, rows: Ints) -> _Sample:
    """The subsample of ``rows``; its groups are communities at the resolution ``finest``, or single rows."""
    graph = neighbour_graph(ids, k, rows)
    if finest is None:
        return _Sample(rows, graph, np.arange(len(rows)))
    graph, pair = paired(graph)
    group = communities(graph, finest, seed)
    return _Sample(rows, communities_as_rows(graph, group), group[pair])


def _partitions(
    pool: Executor, samples: Sequence[_Sample], n: int, resolutions: Sequence[float], seed: int
) -> list[Ints]:
    """For each resolution the partitions of the samples, shape (samples, n), -1 for rows left out."""
    tasks = [[pool.submit(communities, one.graph, each, seed) for one in samples] for each in resolutions]
    found = []
    for row in tasks:
        partitions = np.full((len(samples), n), -1, np.int64)
        for partition, sample, task in zip(partitions, samples, row, strict=True):
            partition[sample.rows] = task.result()[sample.group]
        found.append(partitions)
    return found


def _recurring(partitions: Ints) -> float:
    """Mean number of the subsamples' clusters of `RECURRING` or more."""
    return float(np.mean([(np.bincount(each[each >= 0]) >= RECURRING).sum() for each in partitions]))


def _largest(partitions: Ints) -> float:
    """Mean size of the subsamples' largest clusters, scaled up to all rows."""
    return float(np.mean([np.bincount(each[each >= 0]).max(initial=0) for each in partitions]) / KEPT_SHARE)


def _clustered_share(partitions: Ints) -> float:
    """Mean share of the subsamples' rows that are in groups of `RECURRING` or more."""
    shares = []
    for each in partitions:
        sizes = np.bincount(each[each >= 0])
        shares.append(sizes[sizes >= RECURRING].sum() / max(1, sizes.sum()))
    return float(np.mean(shares))


def togetherness(partitions: Ints, left: Ints, right: Ints) -> Any:
    """For each pair of rows, the share of subsamples with both that put them together; 1 when none has both.

    ``left`` and ``right`` have shape (pairs,), and so has the answer, in [0, 1].
    """
    together = np.zeros(len(left), np.float32)
    both = np.zeros(len(left), np.float32)
    for partition in partitions:
        a, b = partition[left], partition[right]
        seen = (a >= 0) & (b >= 0)
        both += seen
        together += seen & (a == b)
    return np.divide(together, both, out=np.ones_like(together), where=both > 0)

"""Where a new question belongs: the cluster of the questions nearest to it, or none.

The clusters are the cells of a coarse search: only members of the clusters with the nearest centres are
compared.  The nearest of them vote (Cover and Hart, "Nearest neighbor pattern classification", 1967), and the
winner must be as near to the question as its own members usually are to each other, so that strangers stay
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kbsearch.ports import Floats, Ints

NEIGHBOURS = 10
"""Members that vote."""
CLOSEST = 3
"""Members of the winner whose mean likeness is compared with what is usual in it."""
CELLS = 12
"""Clusters whose members are compared."""
LOWEST = 0.2
"""Share of a cluster's own members that are less near to their fellows than a question that joins."""
SHRUNK = 5
"""What is usual in a cluster is mixed with what is usual anywhere, as if that were so many members."""
SAMPLED = 200
"""Members by which it is told what is usual in a cluster."""
LEAST_SHARE = 0.4
"""Of the votes that the winner must have."""
COMPARED = 300
"""Members of a large cluster that are compared, spread over all of them; twice as many with new ones."""
SAME = 0.9999
"""Cosine from which on two members are one text, or one row with itself."""


@dataclass(frozen=True, slots=True)
class Place:
    """The nearest cluster, its share of the votes in [0, 1], and how near it is.

    ``likeness``: mean cosine to the closest members.  ``usual``: the least that is usual inside it.
    """

    cluster_id: int
    share: float
    likeness: float
    usual: float

    @property
    def fits(self) -> bool:
        """Whether the question joins: it is as near as members are, and they agree on where."""
        return self.likeness >= self.usual and self.share >= LEAST_SHARE


class _Cell:
    """The members of one cluster: unit rows that grow, their centre, and what likeness is usual."""

    def __init__(self, rows: Floats) -> None:
        self._rows = rows[:: -(-len(rows) // COMPARED)]
        self._count = len(self._rows)
        self.lowest, self.typical = _usual(rows)
        self.usual = 0.0

    @property
    def rows(self) -> Floats:
        return self._rows[: self._count]

    def add(self, row: Floats) -> None:
        if self._count >= 2 * COMPARED:
            return
        if self._count == len(self._rows):
            grown = np.zeros((2 * self._count + 4, len(row)), np.float32)
            grown[: self._count] = self.rows
            self._rows = grown
        self._rows[self._count] = row
        self._count += 1


class Places:
    """The members of all clusters, ready to be compared with a question.

    Args:
        rows: of the members, centred unit vectors, shape (n, d).
        clusters: id of each member's cluster, shape (n,).
    """

    def __init__(self, rows: Floats, clusters: Ints) -> None:
        order = np.argsort(clusters, kind="stable")
        ids, starts = np.unique(clusters[order], return_index=True)
        parts = np.split(order, starts[1:]) if len(ids) else []
        self._ids = ids.tolist()
        self._cells = [_Cell(rows[part]) for part in parts]
        centres = [_unit(rows[part].mean(axis=0)) for part in parts]
        self._centres = np.array(centres, np.float32).reshape(len(ids), rows.shape[1])
        self._lowest = _middle([cell.lowest for cell in self._cells])
        self.typical = _middle([cell.typical for cell in self._cells])
        """Likeness that half of the members have to their fellows, in the middle of all clusters."""
        for cell in self._cells:
            cell.usual = self._mixed(cell)

    def of(self, row: Floats) -> Place | None:
        """The place of the question with the centred unit ``row``, shape (d,); None without clusters."""
        near = self._centres @ row
        cells = np.argsort(-near, kind="stable")[:CELLS].tolist()
        likeness = [self._cells[cell].rows @ row for cell in cells]
        if not likeness:
            return None
        winner, share = _winner(likeness)
        closest = float(np.sort(likeness[winner])[-CLOSEST:].mean())
        return Place(self._ids[cells[winner]], share, closest, self._cells[cells[winner]].usual)

    def holds(self, rows: Floats) -> bool:
        """Whether half of ``rows``, shape (n, d), are nearer to a cluster than to each other."""
        among = rows @ rows.T
        np.fill_diagonal(among, -1.0)
        own = np.sort(among, axis=1)[:, -CLOSEST:].mean(axis=1)
        places = [self.of(row) for row in rows]
        nearer = [
            place is not None and place.likeness >= each for place, each in zip(places, own, strict=True)
        ]
        return bool(2 * sum(nearer) >= len(nearer))

    def add(self, row: Floats, cluster_id: int) -> None:
        """Let a question be a member from now on."""
        self._cells[self._ids.index(cluster_id)].add(row)

    def open(self, rows: Floats, cluster_id: int) -> None:
        """Add a cluster with these members, shape (n, d)."""
        cell = _Cell(rows)
        cell.usual = self._mixed(cell)
        self._ids.append(cluster_id)
        self._cells.append(cell)
        self._centres = np.vstack([self._centres, _unit(rows.mean(axis=0))])

    def _mixed(self, cell: _Cell) -> float:
        n = len(cell.rows)
        own = self._lowest if np.isnan(cell.lowest) else cell.lowest
        return (n * own + SHRUNK * self._lowest) / (n + SHRUNK)


def _winner(likeness: Sequence[Floats]) -> tuple[int, float]:
    """The place in ``likeness`` that the nearest members vote for, and its share of the votes."""
    every = np.concatenate(likeness)
    owner = np.repeat(np.arange(len(likeness)), [len(each) for each in likeness])
    best = np.argpartition(-every, NEIGHBOURS)[:NEIGHBOURS] if len(every) > NEIGHBOURS else slice(None)
    votes = np.bincount(owner[best], np.maximum(every[best], 1e-6), len(likeness))
    winner = int(np.argmax(votes))
    return winner, float(votes[winner] / votes.sum())


def _usual(rows: Floats) -> tuple[float, float]:
    """The likeness to their nearest fellows that all but a few of ``rows`` have, and that half of them have.

    Not a number of too few rows.
    """
    if len(rows) <= CLOSEST:
        return float("nan"), float("nan")
    likeness = rows[:: -(-len(rows) // SAMPLED)] @ rows.T
    likeness[likeness > SAME] = -1.0
    nearest = np.partition(likeness, len(rows) - CLOSEST, axis=1)[:, -CLOSEST:].mean(axis=1)
    return float(np.quantile(nearest, LOWEST)), float(np.median(nearest))


def _middle(values: Sequence[float]) -> float:
    """The median of the numbers among ``values``; 1, which nothing reaches, when there are none."""
    told = [value for value in values if not np.isnan(value)]
    return float(np.median(told)) if told else 1.0


def _unit(row: Floats) -> Floats:
    unit: Floats = row / max(1e-9, float(np.linalg.norm(row)))
    return unit

"""The nearest neighbours of rows by dot product.

Small collections are searched exactly, block by block.  Large ones are parted into cells around some of their
rows, and a row is compared with the rows of the cells that it is nearest to (an inverted file: Jégou, Douze
and Schmid, "Product quantization for nearest neighbor search", 2011, without the quantization).  What one row
finds in another one's cell counts for both, so that half of the cells are enough.  Both ways use all cores
and give the same answer each time, which graph indexes built on several threads do not.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from kbsearch.algebra import ONE_THREAD
from kbsearch.ports import Floats, Ints

Bools = NDArray[np.bool_]
Pairs = tuple[Ints, Ints, Floats]
"""Rows, what is offered to them, and their likeness; each of shape (pairs,)."""
Found = TypeVar("Found")

EXACT_UP_TO = 12_000
"""Rows up to which all pairs are compared."""
BLOCK = 512
"""Rows compared with all others at a time; bounds the memory of an exact search."""
CELL = 125
"""Rows of a cell, on average."""
PROBED = 8
"""Cells that a row looks into, its own among them."""
ROUNDS = 3
"""Times the centres of cells are moved to the middle of their rows."""
PENDING = 2_000_000
"""Pairs that wait to be sorted; bounds the memory where very many rows are alike."""
AHEAD = 16
"""Cells whose pairs may wait to be offered."""
DIGITS = 5
"""Of a likeness: the last bits of equal ones differ by processor and place, and would part what is alike."""
_APART = 16.0
"""More than two likenesses can differ by, so that one number sorts by row and then by likeness."""


@dataclass(frozen=True, slots=True, eq=False)
class Neighbours:
    """The nearest neighbours of each row, best first.

    ``ids`` (n, k) int64, -1 where a row has no further neighbour; ``likeness`` (n, k) float32, -inf there.
    """

    ids: Ints
    likeness: Floats


def nearest(rows: Floats, k: int, seed: int = 0, least: float = -np.inf) -> Neighbours:
    """The ``k`` nearest neighbours of each row by dot product, itself excluded.

    Args:
        rows: shape (n, d), of lengths up to 2.
        k: how many; fewer than k other rows leave -1 at the end.
        seed: of the cells of a large collection.
        least: neighbours are liker than this.
    """
    best = Best(len(rows), k, least)
    if len(rows) <= EXACT_UP_TO:
        search_all(rows, best)
    else:
        search_cells(rows, best, seed)
    return Neighbours(best.ids, best.likeness)


class Best:
    """The likest of what was offered for each of ``n`` rows: ``ids`` and ``likeness``, shape (n, k).

    ``limits`` (n,): what is not liker than this is of no use to a row.  More than ``pending`` pairs are
    sorted as soon as they are offered, which changes nothing but the memory.
    """

    def __init__(self, n: int, k: int, least: float = -np.inf, pending: int = PENDING) -> None:
        self.ids = np.full((n, k), -1, np.int64)
        self.likeness = np.full((n, k), -np.inf, np.float32)
        self.limits = np.full(n, least, np.float32)
        self._offered: list[tuple[Ints, Ints, Floats]] = []
        self._waiting = 0
        self._pending = pending

    def offer(self, asking: Ints, found: Ints, likeness: Floats) -> None:
        """Pairs of rows and their likeness, each of shape (pairs,); no pair may be offered twice."""
        self._offered.append((asking, found, likeness))
        self._waiting += len(asking)
        if self._waiting > self._pending:
            self.settle()

    def settle(self) -> None:
        """Take the best of what is known and what was offered; equally like ones in the order of arrival."""
        if not self._offered:
            return
        k = self.ids.shape[1]
        asking = np.concatenate([pairs for pairs, _, _ in self._offered])
        touched = np.flatnonzero(np.bincount(asking, minlength=len(self.ids)))
        old = self.ids[touched]
        asking = np.concatenate([np.repeat(touched, (old >= 0).sum(axis=1)), asking])
        found = np.concatenate([old[old >= 0], *(ids for _, ids, _ in self._offered)])
        likeness = np.concatenate(
            [self.likeness[touched][old >= 0], *(values for _, _, values in self._offered)]
        )
        order = np.argsort(_APART * asking - likeness, kind="stable")
        asking = asking[order]
        counts = np.bincount(asking, minlength=len(self.ids))[touched]
        place = np.arange(len(asking)) - np.repeat(np.cumsum(counts) - counts, counts)
        kept = place < k
        goal = asking[kept], place[kept]
        self.ids[goal], self.likeness[goal] = found[order[kept]], likeness[order[kept]]
        self.limits = np.maximum(self.limits, self.likeness[:, -1])
        self._offered, self._waiting = [], 0

    def of_use(self, asking: Ints, among: Ints, likeness: Floats) -> Pairs:
        """What to offer of the rows ``among`` (m,) to the rows ``asking`` (a,): likeness is (a, m)."""
        limits, k = self.limits[asking], self.ids.shape[1]
        if likeness.shape[1] > k:
            last = np.partition(likeness, -k, axis=1)[:, -k]
            limits = np.maximum(limits, np.nextafter(last, np.float32(-np.inf)))
        return _above(asking, among, likeness, limits[:, None])


def search_all(rows: Floats, best: Best) -> None:
    """Compare each row with all others."""
    every = np.arange(len(rows))
    for start in range(0, len(rows), BLOCK):
        asking = every[start : start + BLOCK]
        likeness = rows[start : start + BLOCK] @ rows.T
        np.round(likeness, DIGITS, out=likeness)
        likeness[asking - start, asking] = -np.inf
        best.offer(*best.of_use(asking, every, likeness))
        best.settle()


def search_cells(rows: Floats, best: Best, seed: int) -> None:
    """Compare each row with those of its own cell, then with those of the other cells that it looks into.

    The cells are shared out to all cores, each of which then does its own algebra alone.
    """
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, ONE_THREAD:
        probed = _probed(pool, rows, _centres(pool, rows, seed), PROBED)
        cells, others = int(probed.max()) + 1, probed.shape[1] - 1
        members = _grouped(probed[:, 0], cells)
        for pairs in _in_turn(pool, partial(_within_cell, rows, best), members):
            best.offer(*pairs)
        best.settle()
        looks = np.zeros((len(rows), cells), bool)
        np.put_along_axis(looks, probed, values=True, axis=1)
        asked = [places // others for places in _grouped(probed[:, 1:].ravel(), cells)]
        search = _Search(rows, best, probed[:, 0], looks)
        for forth, back in _in_turn(pool, search.into, members, asked):
            best.offer(*forth)
            best.offer(*back)
    best.settle()


def _within_cell(rows: Floats, best: Best, inside: Ints) -> Pairs:
    """What the rows of a cell find in it."""
    likeness = rows[inside] @ rows[inside].T
    np.fill_diagonal(likeness, -np.inf)
    return best.of_use(inside, inside, likeness)


class _Search(NamedTuple):
    """What is known while rows look into other cells: the cell of each row, (n,), and those it looks into."""

    rows: Floats
    best: Best
    home: Ints
    looks: Bools

    def into(self, inside: Ints, asking: Ints) -> tuple[Pairs, Pairs]:
        """What the rows ``asking`` find in a cell that is not theirs, and what its rows find in them."""
        likeness, known = self.rows[asking] @ self.rows[inside].T, self.best.limits
        limits = np.minimum.outer(known[asking], known[inside])
        here, there, values = _above(asking, inside, likeness, limits)
        useful = values > known[here]
        # A row that looks into the cell of the other one finds it there itself.
        back = (values > known[there]) & ~self.looks[there, self.home[here]]
        return (here[useful], there[useful], values[useful]), (there[back], here[back], values[back])


def _in_turn(pool: Executor, work: Callable[..., Found], *items: Sequence[Ints]) -> Iterator[Found]:
    """What ``work`` makes of each of ``items``, in their order; few results wait, whatever their number."""
    waiting: deque[Future[Found]] = deque()
    for arguments in zip(*items, strict=True):
        waiting.append(pool.submit(work, *arguments))
        if len(waiting) > AHEAD:
            yield waiting.popleft().result()
    while waiting:
        yield waiting.popleft().result()


def _above(asking: Ints, among: Ints, likeness: Floats, limits: Floats) -> Pairs:
    """The pairs whose likeness, shape (asking, among), is above ``limits``, and this likeness."""
    places = np.flatnonzero(likeness > limits)
    row, column = np.divmod(places, max(1, likeness.shape[1]))
    return asking[row], among[column], likeness.ravel()[places]


def _centres(pool: Executor, rows: Floats, seed: int) -> Floats:
    """Centres of the cells, shape (cells, d): rows drawn at random, moved by rounds of k-means."""
    draw = np.random.default_rng(seed)
    cells = max(PROBED, len(rows) // CELL)
    sample = rows[np.sort(draw.choice(len(rows), min(len(rows), 20 * cells), replace=False))]
    centres = sample[draw.choice(len(sample), cells, replace=False)]
    for _ in range(ROUNDS):
        own = _probed(pool, sample, centres, 1)[:, 0]
        for cell, inside in enumerate(_grouped(own, cells)):
            if len(inside):
                middle = sample[inside].mean(axis=0)
                centres[cell] = middle / max(float(np.linalg.norm(middle)), 1e-6)
    return centres


def _probed(pool: Executor, rows: Floats, centres: Floats, count: int) -> Ints:
    """The cells that each row looks into, nearest first, shape (n, count)."""

    def probed(start: int) -> Ints:
        return _first(rows[start : start + BLOCK] @ centres.T, count)

    return np.concatenate(list(pool.map(probed, range(0, len(rows), BLOCK))))


def _first(likeness: Floats, count: int) -> Ints:
    """Columns of the ``count`` largest of each row, best first, ties by column."""
    ids = np.sort(np.argpartition(-likeness, count - 1, axis=1)[:, :count], axis=1)
    order = np.argsort(-np.take_along_axis(likeness, ids, axis=1), axis=1, kind="stable")
    return np.asarray(np.take_along_axis(ids, order, axis=1), dtype=np.int64)


def _grouped(keys: Ints, count: int) -> list[Ints]:
    """The places of each of the ``count`` keys, ascending."""
    order = np.argsort(keys, kind="stable")
    return np.split(order, np.cumsum(np.bincount(keys, minlength=count))[:-1])

"""Where questions lie on the map."""

from __future__ import annotations

import numpy as np
import pytest

from clustering.layout import Layout, lay_out
from kbsearch.ports import Floats, Ints


def groups(k: int, size: int = 12, seed: int = 0) -> tuple[Floats, Ints]:
    """``k`` tight groups of unit vectors, and a fifth of all questions in none."""
    random = np.random.default_rng(seed)
    centres = random.standard_normal((k, 32))
    vectors = np.repeat(centres, size, 0) + 0.3 * random.standard_normal((k * size, 32))
    labels = np.repeat(np.arange(k), size)
    labels[random.random(len(labels)) < 0.2] = -1
    _, known = np.unique(labels[labels >= 0], return_inverse=True)
    labels[labels >= 0] = known
    unit: Floats = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    return unit, labels


@pytest.mark.parametrize("k", [1, 2, 3, 7, 40])
def test_everything_lies_within_the_map_and_members_within_their_disc(k: int) -> None:
    vectors, labels = groups(k)
    layout = lay_out(vectors, labels, {})
    assert layout.points.min() >= 0
    assert layout.points.max() <= 1
    inside = labels >= 0
    far = np.linalg.norm(layout.points - layout.middles[np.maximum(labels, 0)], axis=1)
    assert (far[inside] <= layout.radii[labels[inside]] * 1.001).all()
    assert np.array_equal(layout.points, lay_out(vectors, labels, {}).points)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_without_clusters_there_is_a_map_too(n: int) -> None:
    vectors, _ = groups(1)
    layout = lay_out(vectors[:n], np.full(n, -1, np.int64), {})
    assert layout.points.shape == (n, 2)
    assert np.isfinite(layout.points).all()


def test_discs_do_not_lie_on_each_other() -> None:
    vectors, labels = groups(40)
    layout = lay_out(vectors, labels, {})
    far = np.linalg.norm(layout.middles[:, None] - layout.middles[None], axis=2)
    wanted = layout.radii[:, None] + layout.radii[None]
    overlapping = (far < 0.95 * wanted) & ~np.eye(len(far), dtype=bool)
    assert overlapping.mean() < 0.01


def test_the_next_map_starts_from_the_last_one() -> None:
    vectors, labels = groups(40)
    first = lay_out(vectors, labels, {})
    before = places(first, but=3)
    unit = float(np.median(first.radii / np.sqrt(np.bincount(labels[labels >= 0]))))
    second = lay_out(vectors, labels, before, unit=unit)
    moved = np.linalg.norm(second.middles - first.middles, axis=1)
    assert np.median(moved[3:]) < 0.01


def places(layout: Layout, but: int) -> dict[int, tuple[float, float]]:
    """Where clusters were; the first ``but`` were not there."""
    return {label: (float(x), float(y)) for label, (x, y) in enumerate(layout.middles) if label >= but}

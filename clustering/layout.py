"""Where questions lie on the map: each cluster is a disc, and those that ask alike lie near each other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clustering.neighbours import centred
from kbsearch.ports import Floats, Ints

FILLED = 0.4
"""The share of the map that discs cover, roughly."""
LEAST_KEPT = 0.5
"""With fewer clusters than this that had a place before, the map is laid out anew."""
MOST_EMBEDDED = 500
"""So many of the largest clusters are laid out together; the rest goes beside those most like it."""
LOOKED_AGAIN = 10
"""Rounds after which the pairs that are close are looked for again."""
ROUNDS = 80
"""Of pushing discs apart."""
NEAREST = 3
TOUCHING = 1e-6
"""Discs that overlap by no more do not overlap."""
GAP = 0.08
"""Between discs, in radii of the smaller one."""


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """Points (n, 2) in [0, 1]; the middle of each cluster (k, 2) and its radius (k,)."""

    points: Floats
    middles: Floats
    radii: Floats


def lay_out(
    vectors: Floats,
    labels: Ints,
    before: Mapping[int, tuple[float, float]],
    *,
    unit: float = 0.0,
    seed: int = 0,
) -> Layout:
    """The layout of questions; the same arguments give the same one.

    Args:
        vectors: unit vectors, shape (n, d).
        labels: 0 … k-1, or -1 for none, shape (n,).
        before: label → where the cluster's middle was on the last map, if it was there.
        unit: the radius of a cluster of one question on the last map; 0: none.
        seed: of everything drawn at random.
    """
    k = int(labels.max(initial=-1)) + 1
    around = centred(vectors) if len(vectors) else vectors
    if not k:
        points = _scaled(_principal(around))
        return Layout(points, np.zeros((0, 2), np.float32), np.zeros(0, np.float32))
    sizes = np.bincount(labels[labels >= 0], minlength=k)
    centres = _centres(around, labels, sizes)
    kept = len(before) >= LEAST_KEPT * k and unit > 0
    unit = unit if kept else float(np.sqrt(FILLED / np.pi / max(1, len(labels))))
    radii = (unit * np.sqrt(sizes)).astype(np.float32)
    start = _kept(centres, before) if kept else _scaled(_embedded(centres, sizes, seed))
    middles = _apart(start, radii)
    points = _around(around, labels, centres=centres, middles=middles, radii=radii, seed=seed)
    return _inside(points, middles, radii)


def _centres(vectors: Floats, labels: Ints, sizes: Ints) -> Floats:
    from scipy.sparse import csr_matrix

    inside = np.flatnonzero(labels >= 0)
    ones = np.ones(len(inside), np.float32)
    sums = csr_matrix((ones, (labels[inside], inside)), shape=(len(sizes), len(labels))) @ vectors
    lengths = np.linalg.norm(sums, axis=1, keepdims=True)
    centres: Floats = (sums / np.maximum(lengths, 1e-9)).astype(np.float32)
    return centres


def _principal(vectors: Floats) -> Floats:
    """The first two principal components, shape (n, 2), with signs that do not depend on the machine."""
    if len(vectors) < 3:  # noqa: PLR2004  # fewer have no plane
        return np.stack([np.arange(len(vectors)), np.zeros(len(vectors))], 1).astype(np.float32)
    moved = vectors - vectors.mean(0)
    _, axes = np.linalg.eigh(moved.T @ moved)
    axes = axes[:, [-1, -2]]
    axes *= np.sign(axes[np.abs(axes).argmax(0), [0, 1]])
    flat: Floats = (moved @ axes).astype(np.float32)
    return flat


def _embedded(centres: Floats, sizes: Ints, seed: int) -> Floats:
    """Places of clusters such that those that ask alike lie near each other: t-SNE from principal axes."""
    from sklearn.manifold import TSNE

    largest = np.sort(np.argsort(-sizes, kind="stable")[:MOST_EMBEDDED])
    flat = _principal(centres[largest])
    if len(largest) > 4:  # noqa: PLR2004  # of so few t-SNE knows no neighbourhoods
        start = flat / max(float(flat.std()), 1e-9) * 1e-4
        near = min(20.0, (len(largest) - 1) / 3)
        flat = TSNE(
            perplexity=near, init=start, max_iter=500, metric="cosine", random_state=seed
        ).fit_transform(centres[largest])
    places = {int(cluster): (float(x), float(y)) for cluster, (x, y) in zip(largest, flat, strict=True)}
    return _kept(centres, places)


def _kept(centres: Floats, before: Mapping[int, tuple[float, float]]) -> Floats:
    """The places of ``before``; a cluster without one goes to the middle of those most like it."""
    known = np.array(sorted(label for label in before if label < len(centres)), dtype=np.int64)
    places = np.zeros((len(centres), 2), np.float32)
    places[known] = [before[int(label)] for label in known]
    new = np.setdiff1d(np.arange(len(centres)), known)
    if len(new) and len(known):
        alike = centres[new] @ centres[known].T
        best = np.argsort(-alike, axis=1, kind="stable")[:, :NEAREST]
        weights = np.maximum(np.take_along_axis(alike, best, 1), 0.01)
        weights /= weights.sum(1, keepdims=True)
        places[new] = (places[known][best] * weights[:, :, None]).sum(1)
    return places


def _scaled(flat: Floats) -> Floats:
    """``flat`` moved and scaled into the square, outliers drawn in, shape kept."""
    if not len(flat):
        return np.zeros((0, 2), np.float32)
    low, high = np.quantile(flat, [0.01, 0.99], axis=0)
    span = max(float((high - low).max()), 1e-9)
    middle = (low + high) / 2
    scaled: Floats = np.clip(0.5 + 0.9 * (flat - middle) / span, 0.02, 0.98).astype(np.float32)
    return scaled


def _apart(places: Floats, radii: Floats) -> Floats:
    """Push discs that overlap apart until none does, or for `ROUNDS`; discs that do not stay."""
    turns = np.arange(len(places))
    moved = places.astype(np.float64) + TOUCHING * np.stack([np.cos(turns), np.sin(turns)], 1)
    for at in range(ROUNDS):
        if at % LOOKED_AGAIN == 0:
            one, other = _close(moved, radii)
            wanted = radii[one] + radii[other] + GAP * np.minimum(radii[one], radii[other])
            heavy = radii[other] ** 2 / (radii[one] ** 2 + radii[other] ** 2)
        between = moved[one] - moved[other]
        far = np.maximum(np.linalg.norm(between, axis=1), 1e-9)
        short = np.maximum(wanted - far, 0)
        if not (short > TOUCHING).any():
            break
        push = (short / far)[:, None] * between
        for axis in (0, 1):
            away = np.bincount(one, push[:, axis] * heavy, len(moved))
            moved[:, axis] += away - np.bincount(other, push[:, axis] * (1 - heavy), len(moved))
    apart: Floats = moved.astype(np.float32)
    return apart


def _close(places: NDArray[np.float64], radii: Floats) -> tuple[Ints, Ints]:
    """Pairs of discs that touch or may soon: one and other of each."""
    from scipy.spatial import cKDTree

    pairs = cKDTree(places).query_pairs(float(2.5 * radii.max()), output_type="ndarray")
    one, other = pairs[:, 0].astype(np.int64), pairs[:, 1].astype(np.int64)
    far = np.linalg.norm(places[one] - places[other], axis=1)
    near = far < 1.3 * (radii[one] + radii[other]) + np.median(radii)
    return one[near], other[near]


def _around(
    vectors: Floats, labels: Ints, *, centres: Floats, middles: Floats, radii: Floats, seed: int
) -> Floats:
    """Each question in the disc of its cluster: typical ones in the middle, and alike ones on one side.

    A question without a cluster lies outside of the disc of the cluster that is most like it.
    """
    home = labels.copy()
    alone = np.flatnonzero(labels < 0)
    for at in range(0, len(alone), 4_096):
        some = alone[at : at + 4_096]
        home[some] = (vectors[some] @ centres.T).argmax(1)
    likeness = np.einsum("ij,ij->i", vectors, centres[home])
    axes = np.random.default_rng(seed).standard_normal((vectors.shape[1], 2)).astype(np.float32)
    sides = (vectors @ axes) - (centres @ axes)[home]
    angles = np.arctan2(sides[:, 1], sides[:, 0])
    far = np.sqrt(_ranks(likeness, home, (labels < 0).astype(np.int64)))
    far = np.where(labels < 0, 1.15 + 0.35 * far, far)
    reach = (far * radii[home])[:, None]
    points: Floats = (middles[home] + reach * np.stack([np.cos(angles), np.sin(angles)], 1)).astype(
        np.float32
    )
    return points


def _ranks(likeness: Floats, home: Ints, alone: Ints) -> Floats:
    """The place of each question among those of its home, most alike first, in (0, 1)."""
    order = np.lexsort((-likeness, home, alone))
    groups = home[order] * 2 + alone[order]
    starts = np.flatnonzero(np.r_[True, groups[1:] != groups[:-1]])
    counts = np.diff(np.r_[starts, len(order)])
    within = np.arange(len(order)) - np.repeat(starts, counts)
    ranks = np.empty(len(order), np.float32)
    ranks[order] = (within + 0.5) / np.repeat(counts, counts)
    return ranks


def _inside(points: Floats, middles: Floats, radii: Floats) -> Layout:
    """All of it within the square; what lies within already stays where it is."""
    low, high = float(min(points.min(), 0.0)), float(max(points.max(), 1.0))
    span = high - low
    return Layout((points - low) / span, (middles - low) / span, radii / span)

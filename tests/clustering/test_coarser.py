"""Communities at several resolutions of one graph."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.metrics import adjusted_rand_score

from clustering.coarser import communities_as_rows, communities_at, moved
from clustering.communities import communities, neighbour_graph
from clustering.nearest import nearest
from clustering.neighbours import centred
from kbsearch.ports import Ints

RESOLUTIONS = (1.0, 4.0, 16.0)


def modularity(graph: Any, labels: Ints, resolution: float) -> float:
    degrees = np.asarray(graph.sum(axis=1)).ravel()
    edges = graph.tocoo()
    inside = edges.data[labels[edges.row] == labels[edges.col]].sum() / degrees.sum()
    return float(inside - resolution * ((np.bincount(labels, degrees) / degrees.sum()) ** 2).sum())


@pytest.fixture(scope="module")
def graph() -> Any:
    """1,500 questions on fifty topics in five subjects."""
    draw = np.random.default_rng(0)
    subjects = np.repeat(draw.normal(size=(5, 32)), 300, axis=0)
    topics = np.repeat(draw.normal(size=(50, 32)), 30, axis=0)
    rows = subjects + topics + draw.normal(size=subjects.shape)
    return neighbour_graph(nearest(centred(rows.astype(np.float32)), 15).ids, 15)


def test_coarser_communities_are_about_as_good_as_those_that_leiden_finds(graph: Any) -> None:
    found = communities_at(graph, RESOLUTIONS, 0)
    for labels, resolution in zip(found, RESOLUTIONS, strict=True):
        direct = communities(graph, resolution, 0)
        assert modularity(graph, labels, resolution) > modularity(graph, direct, resolution) - 0.01
        assert adjusted_rand_score(labels, direct) > 0.7
    counts = [int(labels.max()) + 1 for labels in found]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_rows_in_wrong_communities_move_to_better_ones(graph: Any) -> None:
    labels = communities(graph, 4.0, 1)
    spoilt = np.where(np.random.default_rng(2).random(len(labels)) < 0.1, 0, labels)
    better = moved(graph, spoilt, 4.0)
    assert modularity(graph, better, 4.0) > modularity(graph, spoilt, 4.0) + 0.02


def test_a_row_without_edges_stays_alone() -> None:
    pair = csr_matrix(([1.0, 1.0], ([0, 1], [1, 0])), shape=(3, 3))
    labels = moved(pair, np.arange(3), 0.5).tolist()
    assert labels[2] not in labels[:2]


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 200), st.integers(0, 9))
def test_communities_as_rows_weigh_what_their_members_do(graph: Any, most: int, seed: int) -> None:
    drawn = np.random.default_rng(seed).integers(0, most, graph.shape[0])
    labels = np.unique(drawn, return_inverse=True)[1]
    whole = communities_as_rows(graph, labels)
    count = int(labels.max()) + 1
    both = np.asarray(whole.sum(axis=1)).ravel()
    assert np.allclose(both[:count] + both[count:], np.bincount(labels, graph.sum(axis=1).A1), rtol=1e-4)
    assert whole.diagonal().sum() == 0
    told = modularity(whole, np.tile(np.arange(count), 2), 1.0)
    assert told == pytest.approx(modularity(graph, labels, 1.0), abs=1e-5)

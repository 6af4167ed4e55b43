"""Graphs in which pairs and groups of rows are one."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from sklearn.metrics import adjusted_rand_score

from clustering.agreement import adjusted_rand, agreement
from clustering.coarser import LIKE, communities_as_rows, paired
from clustering.communities import communities, in_order
from clustering.snn import SharedNeighbourLeiden


def tied(rows: int, share: float, seed: int) -> csr_matrix:
    """A symmetric graph of random weights in (0, 1]; some rows have no edge."""
    draw = np.random.default_rng(seed)
    weights = np.round(draw.random((rows, rows)), 1) * (draw.random((rows, rows)) < share)
    weights = np.triu(weights, 1)
    graph = csr_matrix(weights + weights.T)
    graph.sort_indices()
    return graph


@settings(deadline=None)
@given(st.integers(1, 40), st.floats(0, 0.5), st.integers(0, 99))
def test_pairs_choose_each_other_and_keep_their_edges(rows: int, share: float, seed: int) -> None:
    graph = tied(rows, share, seed)
    smaller, group = paired(graph)
    dense = graph.toarray()
    assert (group == in_order(group)).all()
    for members in (np.flatnonzero(group == each) for each in range(group.max() + 1)):
        assert len(members) <= 2
        if len(members) == 2:
            one, other = members
            assert dense[one, other] == max(dense[one].max(), dense[other].max(), LIKE)
    chosen = np.eye(group.max() + 1)[group]
    between = chosen.T @ dense @ chosen
    np.fill_diagonal(between, 0)
    assert np.allclose(smaller.toarray(), between)


def test_without_pairs_the_graph_stays_as_it_is() -> None:
    graph = tied(9, 0.5, 0)
    smaller, group = paired(graph, pairs=False)
    assert smaller is graph
    assert group.tolist() == list(range(9))


@settings(deadline=None)
@given(st.integers(2, 40), st.integers(0, 99))
def test_communities_as_rows_weigh_what_their_members_do(rows: int, seed: int) -> None:
    graph = tied(rows, 0.3, seed)
    labels = in_order(np.random.default_rng(seed).integers(0, max(1, rows // 3), rows))
    whole, count = communities_as_rows(graph, labels), int(labels.max()) + 1
    degrees = np.asarray(whole.sum(axis=1)).ravel()
    weights = np.bincount(labels, np.asarray(graph.sum(axis=1)).ravel())
    assert whole.shape == (2 * count, 2 * count)
    assert abs(whole - whole.T).max() < 1e-9
    assert not whole.diagonal().any()
    assert np.allclose(degrees[:count] + degrees[count:], weights)


def test_leiden_finds_in_groups_what_it_finds_in_rows() -> None:
    blocks = np.kron(np.eye(6), np.ones((20, 20))) - np.eye(120)
    graph = csr_matrix(blocks + 0.01 * (1 - np.eye(120)))
    groups = np.repeat(np.arange(30), 4)
    found = communities(communities_as_rows(graph, groups), 1.0, 0)[groups]
    assert (found == communities(graph, 1.0, 0)).all()


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=40))
def test_agreement_is_the_adjusted_rand_index(labels: list[tuple[int, int]]) -> None:
    left, right = np.array(labels).T
    assert np.isclose(adjusted_rand(left, right), adjusted_rand_score(left, right))


def test_partitions_agree_over_the_rows_that_both_have() -> None:
    partitions = np.array([[0, 0, 1, 1, -1], [4, 4, 2, 2, 0], [-1, -1, -1, -1, 3]])
    assert agreement(partitions[:2]) == 1.0
    assert agreement(partitions) == (1.0 + 0.0 + 1.0) / 3


def test_a_large_collection_is_clustered_as_well_and_the_same_each_time() -> None:
    draw, truth = np.random.default_rng(0), np.repeat(np.arange(60), 40)
    vectors = np.repeat(draw.normal(size=(60, 32)), 40, axis=0) + 0.6 * draw.normal(size=(2_400, 32))
    large, again = (SharedNeighbourLeiden(large=2_300, part=2_000).fit(vectors) for _ in range(2))
    assert (large.labels_ == again.labels_).all()
    assert adjusted_rand_score(truth, large.labels_) > 0.9

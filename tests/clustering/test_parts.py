"""Parts of a mixed collection, each with a granularity of its own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import block_diag, csr_matrix
from sklearn.metrics import adjusted_rand_score

from clustering.communities import communities
from clustering.parts import SMALLEST_PART, divided
from clustering.snn import SharedNeighbourLeiden, _at_home
from kbsearch.ports import Floats, Ints


def family(topics: int, each: int, columns: slice, seed: int, spread: float = 1.0) -> tuple[Floats, Ints]:
    """Questions on topics that lie in ``columns`` of 64, and the topic of each."""
    draw = np.random.default_rng(seed)
    vectors = np.zeros((topics * each, 64), np.float32)
    middle = np.repeat(draw.normal(size=(topics, 32)), each, axis=0)
    vectors[:, columns] = middle + spread * draw.normal(size=middle.shape)
    return vectors, np.repeat(np.arange(topics), each)


@pytest.fixture(scope="module")
def mixed() -> tuple[Floats, Ints, Ints]:
    """1,200 questions on sixty topics and 1,600 on ten others, what they are about, and which of the two."""
    many, of_many = family(60, 20, slice(0, 32), 0)
    few, of_few = family(10, 160, slice(32, 64), 1, 1.3)
    truth = np.append(of_many, of_few + 100)
    return np.vstack([many, few]), truth, truth // 100


def test_each_part_of_a_mixed_collection_has_its_own_granularity(mixed: tuple[Floats, Ints, Ints]) -> None:
    vectors, truth, kind = mixed
    model = SharedNeighbourLeiden().fit(vectors)
    alike = [SharedNeighbourLeiden(resolution=each).fit(vectors) for each in (4.0, 8.0, 16.0)]
    assert [model.parts_, *(each.parts_ for each in alike)] == [2, 1, 1, 1]
    inside = model.labels_ >= 0
    assert not set(model.labels_[inside & (kind == 0)]) & set(model.labels_[inside & (kind == 1)])
    agreed = adjusted_rand_score(truth, model.labels_)
    assert agreed > max(adjusted_rand_score(truth, each.labels_) for each in alike)
    for each in (0, 1):
        own = kind == each
        assert adjusted_rand_score(truth[own], model.labels_[own]) > 0.85


def test_a_collection_of_one_kind_is_left_whole() -> None:
    assert SharedNeighbourLeiden().fit(family(60, 40, slice(0, 32), 0)[0]).parts_ == 1


def test_a_mixed_collection_keeps_its_clusters_from_run_to_run(mixed: tuple[Floats, Ints, Ints]) -> None:
    vectors = mixed[0]
    draw = np.random.default_rng(1).permutation(len(vectors))
    first, second = np.sort(draw[140:]), np.sort(draw[:-140])
    before = SharedNeighbourLeiden().fit(vectors[first])
    known = dict(zip(first.tolist(), before.labels_.tolist(), strict=True))
    initial = np.array([known.get(row, -1) for row in second.tolist()])
    after = SharedNeighbourLeiden(
        initial=initial, initial_resolutions=before.resolutions_, random_state=3
    ).fit(vectors[second])
    old = initial >= 0
    assert (before.parts_, after.parts_) == (2, 2)
    assert sorted(after.resolutions_) == sorted(before.resolutions_)
    assert adjusted_rand_score(initial[old], after.labels_[old]) > 0.95


def test_the_same_seed_gives_the_same_parts_and_clusters(mixed: tuple[Floats, Ints, Ints]) -> None:
    once, again = (SharedNeighbourLeiden(random_state=5).fit(mixed[0]) for _ in range(2))
    assert (once.labels_ == again.labels_).all()
    assert (once.strengths_ == again.strengths_).all()


def ring(rows: int) -> csr_matrix:
    """Each row tied to the five before and the five after it."""
    starts = np.repeat(np.arange(rows), 5)
    ends = (starts + np.tile(np.arange(1, 6), rows)) % rows
    graph = csr_matrix((np.ones(len(starts)), (starts, ends)), shape=(rows, rows))
    return (graph + graph.T).tocsr()


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(12, 900), min_size=1, max_size=5), st.integers(0, 3))
def test_parts_are_unions_of_what_is_tied_and_never_small(sizes: list[int], seed: int) -> None:
    graph = block_diag([ring(size) for size in sizes], format="csr")
    part = divided(graph, seed)
    piece = communities(graph, 0.025, seed)
    assert len(set(zip(piece.tolist(), part.tolist(), strict=True))) == piece.max() + 1
    assert part[0] == 0
    counts = np.bincount(part)
    assert len(counts) == 1 or counts.min() >= SMALLEST_PART
    assert len(counts) == max(1, int((np.bincount(piece) >= SMALLEST_PART).sum()))


def test_a_small_piece_goes_where_most_of_its_edges_lead() -> None:
    graph = block_diag([ring(600), ring(700), ring(20)], format="lil")
    graph[0, 1305] = graph[1305, 0] = 0.2
    part = divided(graph.tocsr(), 0)
    assert part[1300:].tolist() == [part[0]] * 20
    assert part[0] != part[600]


def test_what_the_edge_of_a_part_cuts_off_goes_where_its_cluster_is() -> None:
    earlier = np.array([3, 3, 3, 7, -1, 7, 7, 3, -1])
    part = np.array([0, 0, 0, 0, 0, 1, 1, 1, 1])
    assert _at_home(earlier, part).tolist() == [0, 0, 0, 1, 0, 1, 1, 0, 1]
    nothing = np.full(3, -1)
    assert _at_home(nothing, np.array([0, 1, 1])).tolist() == [0, 1, 1]


def test_a_part_that_all_its_questions_leave_is_none() -> None:
    assert _at_home(np.array([3, 3, 3, 5, 5]), np.array([0, 0, 1, 2, 2])).tolist() == [0, 0, 0, 1, 1]

"""The default clusterer and its parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clustering import neighbours
from clustering.communities import in_order, neighbour_matrix, shared_neighbour_graph
from clustering.neighbours import centred, lexical, nearest
from clustering.snn import SharedNeighbourLeiden


def unit(rows: int, seed: int = 0) -> np.ndarray:
    return centred(np.random.default_rng(seed).normal(size=(rows, 32)).astype(np.float32))


def test_neighbours_are_the_nearest_by_cosine() -> None:
    vectors = unit(700)
    found = nearest(vectors, 5)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -9)
    assert (found.ids[:, 0] == likeness.argmax(axis=1)).all()
    assert (np.diff(found.likeness, axis=1) <= 0).all()


def test_words_bring_questions_nearer() -> None:
    vectors = np.eye(4, dtype=np.float32)
    words = lexical(["отменить коммит", "верните деньги", "отмените коммиты", "деньги верните"])
    assert nearest(vectors, 1, words, 0.3).ids[:, 0].tolist() == [2, 3, 0, 1]


def test_the_approximate_search_finds_what_the_exact_one_does() -> None:
    vectors = unit(2_000)
    exact, _ = neighbours._exact(vectors, 10, None, 0.0)
    approximate, _ = neighbours._approximate(vectors, 10, None, 0.0)
    shared = [len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), approximate.tolist(), strict=True)]
    assert np.mean(shared) > 0.9


def test_few_rows_have_few_neighbours() -> None:
    assert nearest(unit(3), 5).ids[:, 2:].tolist() == [[-1] * 3] * 3
    assert nearest(unit(1), 5).ids.tolist() == [[-1] * 5]
    assert nearest(unit(0), 5).ids.shape == (0, 5)


def test_shared_neighbours_are_weighed_by_jaccard() -> None:
    graph = shared_neighbour_graph(neighbour_matrix(np.array([[1], [0], [1], [-1]]))).toarray()
    assert np.allclose(graph, graph.T)
    assert graph[0, 1] == 1.0
    assert graph[0, 2] == pytest.approx(1 / 3)
    assert graph[3].sum() == 0


def test_subsamples_pass_over_the_rows_they_leave_out() -> None:
    matrix = neighbour_matrix(np.array([[1, 2], [0, 2], [1, 0]]), rows=np.array([0, 2]), k=1)
    assert matrix.toarray().tolist() == [[1, 1], [1, 1]]


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_renumbering_keeps_the_partition(labels: list[int]) -> None:
    renumbered = in_order(np.array(labels)).tolist()
    assert list(dict.fromkeys(renumbered)) == list(range(len(set(labels))))
    assert len(set(zip(labels, renumbered, strict=True))) == len(set(labels))


@settings(max_examples=8, deadline=None)
@given(st.integers(1, 60), st.integers(0, 5))
def test_equal_questions_are_never_parted(rows: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    texts = [f"вопрос {number}" for number in draw.integers(0, max(1, rows // 3), rows)]
    vectors = draw.normal(size=(rows, 16)).astype(np.float32)
    model = SharedNeighbourLeiden(texts=texts, random_state=seed).fit(vectors)
    labels = {}
    for text, label in zip(texts, model.labels_.tolist(), strict=True):
        assert labels.setdefault(text, label) == label
    sizes = np.bincount(model.labels_[model.labels_ >= 0])
    assert (sizes >= 3).all()


def test_the_given_resolution_is_used() -> None:
    coarse = SharedNeighbourLeiden(resolution=0.5).fit(unit(300))
    fine = SharedNeighbourLeiden(resolution=20.0).fit(unit(300))
    assert (coarse.resolution_, fine.resolution_) == (0.5, 20.0)
    assert coarse.labels_.max() < fine.labels_.max()

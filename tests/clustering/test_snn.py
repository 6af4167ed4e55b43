"""The default clusterer and its parts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from clustering.communities import in_order, neighbour_matrix, shared_neighbour_graph, steadied
from clustering.nearest import PENDING, Best, nearest, search_cells
from clustering.neighbours import (
    LESSON_COLUMNS,
    SPOKEN,
    apart_from_language,
    centred,
    has_languages,
    together,
    with_lessons,
    with_spelling,
)
from clustering.snn import NEIGHBOURS, SharedNeighbourLeiden, neighbours_for
from clustering.spelling import spelling


def unit(rows: int, seed: int = 0) -> np.ndarray:
    return centred(np.random.default_rng(seed).normal(size=(rows, 32)).astype(np.float32))


def test_neighbours_are_the_nearest_by_cosine() -> None:
    vectors = unit(700)
    found = nearest(vectors, 5)
    likeness = vectors @ vectors.T
    np.fill_diagonal(likeness, -9)
    assert (found.ids[:, 0] == likeness.argmax(axis=1)).all()
    assert (np.diff(found.likeness, axis=1) <= 0).all()


def test_spelling_brings_questions_nearer() -> None:
    texts = ["отменить коммит", "верните деньги", "отмените коммиты", "деньги верните"]
    rows = with_spelling(np.eye(4, dtype=np.float32), texts, 0.3)
    assert nearest(rows, 1).ids[:, 0].tolist() == [2, 3, 0, 1]
    assert with_spelling(rows, texts, 0.0) is rows


def test_a_language_alone_makes_no_questions_alike() -> None:
    topics, languages = np.tile(np.arange(20), 16), np.repeat(["ru", "en"], 160)
    draw = np.random.default_rng(0)
    said = draw.normal(size=(20, 32))[topics] + 2 * draw.normal(size=(2, 32))[np.repeat([0, 1], 160)]
    vectors = (said + 0.3 * draw.normal(size=said.shape)).astype(np.float32)
    told = SharedNeighbourLeiden(languages=languages.tolist()).fit_predict(vectors)
    untold = SharedNeighbourLeiden().fit_predict(vectors)
    assert adjusted_rand_score(topics, told) > 0.9
    assert adjusted_rand_score(topics, untold) < 0.7
    one = SharedNeighbourLeiden(languages=["ru"] * 301 + ["en"] * 19).fit_predict(vectors)
    assert np.array_equal(one, untold)


@given(st.integers(0, 40), st.integers(0, 40))
def test_what_a_language_shares_is_taken_out(many: int, few: int) -> None:
    draw = np.random.default_rng(many)
    rows = np.hstack([unit(many + few, few), draw.normal(size=(many + few, 3)).astype(np.float32)])
    languages = np.array(["ru"] * many + ["en"] * few, dtype=str)
    moved = apart_from_language(rows, languages, 32)
    assert np.array_equal(moved[:, 32:], rows[:, 32:])
    before, after = (np.linalg.norm(each[:, :32], axis=1) for each in (rows, moved))
    np.testing.assert_allclose(after, before, atol=1e-4)
    assert has_languages(languages) == (min(many, few) >= SPOKEN)


def test_the_same_lesson_brings_questions_nearer() -> None:
    rows = with_lessons(np.eye(4, dtype=np.float32), ["git", "", "git", ""], 0.3)
    likeness = rows @ rows.T
    assert likeness[0, 2] == pytest.approx(0.3)
    assert likeness[1, 3] == 0.0
    assert with_lessons(rows, ["", "", "", ""], 0.3) is rows
    assert with_lessons(rows, ["git"] * 4, 0.0) is rows


def test_few_of_very_many_lessons_seem_the_same() -> None:
    lessons = [str(number) for number in range(3 * LESSON_COLUMNS)] * 2
    rows = with_lessons(np.zeros((len(lessons), 1), np.float32), lessons, 1.0)
    likeness = rows @ rows[0]
    assert likeness[len(lessons) // 2] == pytest.approx(1.0)
    assert np.isclose(likeness, 1.0).sum() <= 4


def test_questions_that_meaning_cannot_part_are_parted_by_lesson() -> None:
    vectors, lessons = unit(120), [f"lesson {row // 12}" for row in range(120)]
    told = SharedNeighbourLeiden(lessons=lessons, lesson_weight=0.8, resolution=1.0).fit_predict(vectors)
    untold = SharedNeighbourLeiden(resolution=1.0).fit_predict(vectors)
    assert adjusted_rand_score(lessons, told) > 0.3 > adjusted_rand_score(lessons, untold)


def test_spelling_tells_letters_within_words_only() -> None:
    texts = ["git push", "GIT  push!", "push git", "gitpush", "", "?", "я", "деньги"] * 2
    rows = spelling(texts)
    likeness = rows @ rows.T
    assert likeness[0, 1] == pytest.approx(1.0)
    assert likeness[0, 2] == pytest.approx(1.0)
    assert likeness[0, 3] < 0.9
    assert not rows[4:6].any()
    assert abs(likeness[0, 7]) < 0.3


@settings(deadline=None, max_examples=30)
@given(st.lists(st.text(max_size=30), max_size=12))
def test_spelling_takes_any_text(texts: list[str]) -> None:
    rows = spelling(texts)
    assert rows.shape[0] == len(texts)
    lengths = np.linalg.norm(rows, axis=1)
    assert np.all((np.abs(lengths - 1) < 1e-4) | (lengths == 0))


def topical(topics: int, each: int) -> np.ndarray:
    draw = np.random.default_rng(0)
    middle = np.repeat(draw.normal(size=(topics, 32)), each, axis=0)
    return centred((middle + draw.normal(size=middle.shape)).astype(np.float32))


def by_cells(vectors: np.ndarray, k: int, least: float = -np.inf, pending: int = PENDING) -> Best:
    best = Best(len(vectors), k, least, pending)
    search_cells(vectors, best, 0)
    return best


def test_cells_find_what_the_exact_search_does() -> None:
    vectors = topical(100, 60)
    exact, found = nearest(vectors, 10).ids, by_cells(vectors, 10)
    shared = [len(set(a) & set(b)) / 10 for a, b in zip(exact.tolist(), found.ids.tolist(), strict=True)]
    assert np.mean(shared) > 0.9
    assert (found.ids != np.arange(len(vectors))[:, None]).all()
    assert all(len(set(row)) == len(row) for row in found.ids.tolist())
    assert (np.diff(found.likeness, axis=1) <= 0).all()
    told = np.einsum("id,ikd->ik", vectors, vectors[found.ids])
    assert np.allclose(told, found.likeness, atol=1e-5)


@pytest.mark.parametrize("pending", [1, 1_000])
def test_pairs_may_be_sorted_a_few_at_a_time(pending: int) -> None:
    vectors = topical(20, 30)
    at_once = by_cells(vectors, 10)
    in_parts = by_cells(vectors, 10, pending=pending)
    assert (at_once.ids == in_parts.ids).all()
    assert (at_once.likeness == in_parts.likeness).all()


def test_neighbours_are_liker_than_the_least() -> None:
    vectors = topical(20, 30)
    every, likely = nearest(vectors, 10), nearest(vectors, 10, least=0.5)
    assert (likely.ids == np.where(every.likeness > 0.5, every.ids, -1)).all()
    found = by_cells(vectors, 10, 0.5)
    assert (found.likeness[found.ids >= 0] > 0.5).all()
    assert np.isneginf(found.likeness[found.ids < 0]).all()


def test_of_very_many_equal_rows_each_has_others_as_neighbours() -> None:
    found = by_cells(np.ones((3_000, 2), np.float32) / np.float32(2**0.5), 5)
    assert (found.ids >= 0).all()
    assert (found.ids != np.arange(3_000)[:, None]).all()


def test_the_last_bits_of_a_likeness_part_nothing() -> None:
    """Questions that differ by a number alone are all equally alike, but for how a processor adds."""
    equal = np.linalg.cholesky(np.full((12, 12), 0.9) + 0.1 * np.eye(12)).astype(np.float32)
    noise = np.random.default_rng(0).normal(scale=3e-7, size=equal.shape).astype(np.float32)
    found = nearest(equal + noise, 3).ids
    assert found[3:].tolist() == [[0, 1, 2]] * 9


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


def test_edges_of_few_shared_neighbours_can_be_left_out() -> None:
    counted = neighbour_matrix(np.array([[1], [0], [1], [-1]]))
    assert shared_neighbour_graph(counted, least=2).toarray()[0].tolist() == [0, 1, 0, 0]


def test_edges_within_earlier_clusters_weigh_more() -> None:
    graph = shared_neighbour_graph(neighbour_matrix(np.array([[1], [0], [1], [-1]])))
    held = steadied(graph, np.array([7, 7, -1, -1]), 1.0).toarray()
    assert held[0, 1] == held[1, 0] == 2 * graph[0, 1]
    assert held[0, 2] == graph[0, 2]


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
    fine = SharedNeighbourLeiden(resolution=6.0).fit(unit(300))
    assert (coarse.resolution_, fine.resolution_) == (0.5, 6.0)
    assert coarse.labels_.max() < fine.labels_.max()


def blobs(topics: int, each: int, spread: float = 1.2, seed: int = 0) -> np.ndarray:
    draw = np.random.default_rng(seed)
    middle = np.repeat(draw.normal(size=(topics, 32)), each, axis=0)
    return (middle + spread * draw.normal(size=middle.shape)).astype(np.float32)


@pytest.mark.parametrize(("topics", "each"), [(12, 40), (30, 30), (60, 8)])
def test_the_granularity_follows_the_questions(topics: int, each: int) -> None:
    truth = np.repeat(np.arange(topics), each)
    labels = SharedNeighbourLeiden().fit_predict(blobs(topics, each, 0.5))
    inside = labels >= 0
    assert inside.mean() > 0.9
    assert adjusted_rand_score(truth[inside], labels[inside]) > 0.9


def test_a_run_starts_from_the_last_one() -> None:
    vectors = blobs(25, 16, 0.8)
    draw = np.random.default_rng(1).permutation(len(vectors))
    first, second = np.sort(draw[20:]), np.sort(draw[:-20])
    before = SharedNeighbourLeiden().fit(vectors[first])
    known = dict(zip(first.tolist(), before.labels_.tolist(), strict=True))
    initial = np.array([known.get(row, -1) for row in second.tolist()])
    resolution = before.resolution_
    after = SharedNeighbourLeiden(initial=initial, initial_resolutions=[resolution], random_state=3)
    fresh = SharedNeighbourLeiden(random_state=3)
    old = initial >= 0
    agreed = [
        adjusted_rand_score(initial[old], model.fit(vectors[second]).labels_[old]) for model in (after, fresh)
    ]
    assert after.resolution_ == resolution
    assert agreed[0] > 0.95
    assert agreed[0] >= agreed[1]


def test_an_earlier_cluster_lives_on_with_two_questions() -> None:
    vectors = np.zeros((98, 40), np.float32)
    vectors[:96, :32], vectors[96:, 39] = blobs(12, 8, 0.3), 9
    vectors[97, 38] = 1  # of two that are like nothing else, neither repeats the other
    initial = np.append(np.repeat(np.arange(12), 8), [12, 12])
    labels = SharedNeighbourLeiden(initial=initial).fit_predict(vectors)
    assert labels[-1] == labels[-2] == 12
    for others in (None, np.append(initial[:-2], [12, 13]), np.append(initial[:-4], [12] * 4)):
        fewer = SharedNeighbourLeiden(initial=others).fit_predict(vectors)
        assert fewer[-2:].tolist() == [-1, -1]


def test_new_topics_are_found_beside_those_of_the_last_run() -> None:
    vectors = blobs(12, 20, 0.5)
    initial = np.append(np.repeat(np.arange(11), 20), np.full(20, -1))
    labels = SharedNeighbourLeiden(initial=initial).fit_predict(vectors)
    values, counts = np.unique(labels[-20:], return_counts=True)
    assert counts.max() >= 18
    assert values[counts.argmax()] not in labels[:-20]


def test_many_rows_are_clustered_from_a_part() -> None:
    truth = np.repeat(np.arange(20), 40)
    model = SharedNeighbourLeiden(large=500, part=400).fit(blobs(20, 40, 0.5))
    assert model.agreement_ > 0
    assert adjusted_rand_score(truth, model.labels_) > 0.9
    assert (model.strengths_[model.labels_ >= 0] >= model.min_strength).all()


def test_a_small_school_of_many_topics_keeps_them_apart() -> None:
    """Fourteen topics of five questions each, three topics to a subject."""
    draw, topics = np.random.default_rng(0), np.repeat(np.arange(14), 5)
    meant, subjects = unit(14, 1), unit(5, 2)
    noise = draw.normal(scale=0.1, size=(len(topics), 32))
    vectors = centred(((meant + subjects[np.arange(14) // 3])[topics] + noise).astype(np.float32))
    labels = SharedNeighbourLeiden().fit_predict(vectors)
    assert len(np.unique(labels[labels >= 0])) >= 12
    assert adjusted_rand_score(topics, labels) > 0.8


@given(st.integers(1, 200_000))
def test_neighbours_grow_with_the_collection_up_to_the_most(rows: int) -> None:
    assert 2 <= neighbours_for(rows) <= neighbours_for(rows + 1) <= NEIGHBOURS
    assert neighbours_for(rows, 2) == 2
    assert neighbours_for(2_025) == NEIGHBOURS


@given(st.integers(1, 30), st.integers(0, 9))
def test_two_encoders_together_see_the_mean_of_their_cosines(rows: int, seed: int) -> None:
    draw = np.random.default_rng(seed)
    one, other = (draw.normal(size=(rows, width)).astype(np.float32) for width in (8, 5))
    seen = [centred(vectors) @ centred(vectors).T for vectors in (one, other)]
    both = together(one, other)
    assert both.shape == (rows, 13)
    if rows > 1:
        np.testing.assert_allclose(both @ both.T, (seen[0] + seen[1]) / 2, atol=1e-5)
    other[0] = 0
    assert together(one, other)[0] == pytest.approx([*centred(one)[0], 0, 0, 0, 0, 0], abs=1e-5)

"""What every clusterer behind the port does, ours and scikit-learn's."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from clustering.algorithms import make, strengths_of
from kbsearch.errors import InvalidInput
from kbsearch.evaluation.clustering import compare_clusters
from kbsearch.ports import Clusterer, Floats

CLUSTERERS = {
    "leiden": {},
    "hdbscan": {},
    "KMeans": {"n_clusters": 4},
    "agglomerativeclustering": {"n_clusters": 4},
    "MiniBatchKMeans": {"n_clusters": 4},
}
OWN = ["leiden", "hdbscan"]


def clouds(sizes: tuple[int, ...], seed: int = 0, spread: float = 0.25) -> tuple[Floats, list[str]]:
    """Unit vectors around random directions, and the direction of each."""
    draw = np.random.default_rng(seed)
    names = [str(place) for place, size in enumerate(sizes) for _ in range(size)]
    centres = draw.normal(size=(len(sizes), 48))
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)
    rows = centres[[int(name) for name in names]] + spread * draw.normal(size=(len(names), 48)) / 7
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), names


def made(name: str) -> Clusterer:
    return make(name, seed=3, **CLUSTERERS[name])


@pytest.mark.parametrize("name", CLUSTERERS)
def test_it_finds_clouds_that_lie_apart(name: str) -> None:
    vectors, truth = clouds((30, 25, 40, 35))
    labels = made(name).fit_predict(vectors)
    assert labels.shape == (130,)
    assert np.issubdtype(labels.dtype, np.integer)
    assert labels.min() >= -1
    assert compare_clusters(labels.astype(np.int64), truth).ari > 0.9


@pytest.mark.parametrize("name", CLUSTERERS)
def test_the_same_seed_gives_the_same_clusters(name: str) -> None:
    vectors, _ = clouds((20, 20, 20, 20), spread=0.8)
    assert made(name).fit_predict(vectors).tolist() == made(name).fit_predict(vectors).tolist()


@pytest.mark.parametrize("name", CLUSTERERS)
def test_strengths_are_shares_and_zero_outside(name: str) -> None:
    vectors, _ = clouds((20, 20, 20, 20), spread=0.8)
    clusterer = made(name)
    labels = np.asarray(clusterer.fit_predict(vectors), dtype=np.int64)
    strengths = strengths_of(clusterer, vectors, labels)
    assert strengths.shape == (80,)
    assert (strengths >= 0).all()
    assert (strengths <= 1).all()
    assert (strengths[labels < 0] == 0).all()


@pytest.mark.parametrize("name", OWN)
@pytest.mark.parametrize("rows", [0, 1, 2, 3, 10])
def test_few_rows_are_no_trouble(name: str, rows: int) -> None:
    vectors, _ = clouds((rows,))
    labels = made(name).fit_predict(vectors)
    assert labels.shape == (rows,)


@pytest.mark.parametrize("name", OWN)
def test_identical_rows_stay_together(name: str) -> None:
    vectors = np.tile(clouds((1,))[0], (12, 1))
    labels = made(name).fit_predict(vectors)
    assert len(set(labels.tolist())) == 1


@pytest.mark.parametrize("name", OWN)
def test_rows_of_nothing_are_no_trouble(name: str) -> None:
    vectors, _ = clouds((20, 20))
    vectors[:5] = 0.0
    assert made(name).fit_predict(vectors).shape == (40,)
    assert made(name).fit_predict(np.zeros((6, 48), np.float32)).shape == (6,)


@pytest.mark.parametrize("name", OWN)
def test_scikit_learn_can_clone_it(name: str) -> None:
    clusterer = made(name)
    assert clone(clusterer).get_params() == clusterer.get_params()  # type: ignore[attr-defined]


def test_an_unknown_algorithm_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="no clustering algorithm 'kmeens'") as caught:
        make("kmeens")
    assert "leiden" in caught.value.remedy
    assert "KMeans" in caught.value.remedy


def test_an_unknown_setting_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="'hdbscan' has no setting 'resolution'") as caught:
        make("hdbscan", resolution=2.0)
    assert "min_cluster_size" in caught.value.remedy

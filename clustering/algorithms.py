"""Clusterers by name: ours, HDBSCAN, and every clusterer of scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np

from clustering.neighbours import centred
from kbsearch.errors import InvalidInput
from kbsearch.ports import Clusterer, Floats, Ints

OWN = ("leiden", "hdbscan")
_GIVEN = {"texts", "lessons", "languages", "initial", "initial_resolution"}
"""What is told of the questions, rather than set."""


def make(
    name: str,
    *,
    seed: int = 0,
    texts: Sequence[str] | None = None,
    lessons: Sequence[str] | None = None,
    languages: Sequence[str] | None = None,
    initial: Ints | None = None,
    initial_resolution: float | None = None,
    **params: Any,
) -> Clusterer:
    """The clusterer ``name``: "leiden", "hdbscan", or a class of `sklearn.cluster` in any case.

    Args:
        name: of the algorithm.
        seed: given to algorithms that draw at random.
        texts: the questions, given to algorithms that look at words too.
        lessons: where they were asked, "" where nobody told, given to algorithms that look at that.
        languages: that they were asked in, "" where it cannot be told, given to algorithms that look at that.
        initial: the cluster of each row in the run before, -1 for none, given to those that start from it.
        initial_resolution: the resolution of that run.
        params: the algorithm's own settings; those that are None are left at their defaults.

    Raises:
        InvalidInput: there is no such algorithm, or it has no such setting.
    """
    kind = _class(name)
    known = inspect.signature(kind).parameters
    given = {key: value for key, value in params.items() if value is not None}
    unknown = sorted(given.keys() - known.keys())
    if unknown:
        raise InvalidInput(
            "Clustering algorithm '{name}' has no setting '{setting}'.",
            remedy="Its settings are: {known}.",
            name=name,
            setting=unknown[0],
            known=", ".join(sorted(known.keys() - _GIVEN)),
        )
    offered = {
        "random_state": seed,
        "texts": texts,
        "lessons": lessons,
        "languages": languages,
        "initial": initial,
        "initial_resolution": initial_resolution,
    }
    made: Clusterer = kind(**given, **{key: value for key, value in offered.items() if key in known})
    return made


def _class(name: str) -> Any:
    if name.lower() == "leiden":
        from clustering.snn import SharedNeighbourLeiden

        return SharedNeighbourLeiden
    if name.lower() == "hdbscan":
        from clustering.density import ReducedHdbscan

        return ReducedHdbscan
    found = _sklearn_classes().get(name.lower())
    if found is None:
        raise InvalidInput(
            "There is no clustering algorithm '{name}'.",
            remedy="Choose one of: {known}.",
            name=name,
            known=", ".join([*OWN, *sorted(kind.__name__ for kind in _sklearn_classes().values())]),
        )
    return found


def _sklearn_classes() -> dict[str, Any]:
    """scikit-learn's clusterers of rows, by lower-case name (HDBSCAN has its own entry here)."""
    import sklearn.cluster as library
    from sklearn.base import ClusterMixin

    kinds = [getattr(library, name) for name in library.__all__]
    return {
        kind.__name__.lower(): kind
        for kind in kinds
        if inspect.isclass(kind)
        and issubclass(kind, ClusterMixin)
        and hasattr(kind, "fit_predict")
        and kind.__name__ not in {"HDBSCAN", "FeatureAgglomeration"}
    }


def strengths_of(clusterer: Clusterer, vectors: Floats, labels: Ints) -> Floats:
    """How strongly each row belongs to its cluster, shape (n,) in [0, 1]; 0 outside of clusters.

    The clusterer's own ``strengths_`` where it has them, else the cosine to the cluster's centre.
    """
    own = getattr(clusterer, "strengths_", None)
    if own is not None:
        return np.asarray(own, dtype=np.float32)
    rows = centred(vectors)
    strengths = np.zeros(len(rows), np.float32)
    for label in range(int(labels.max(initial=-1)) + 1):
        members = labels == label
        strengths[members] = np.clip(centrality(rows[members]), 0.0, 1.0)
    return strengths


def centrality(rows: Floats) -> Floats:
    """Cosine of each unit row to the mean of all, shape (n,); 1 when the mean is zero."""
    centre = rows.mean(axis=0)
    length = float(np.linalg.norm(centre))
    return rows @ (centre / length) if length > 0 else np.ones(len(rows), np.float32)

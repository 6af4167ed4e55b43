"""Clusterers by name: ours, HDBSCAN, and every clusterer of scikit-learn."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from clustering.neighbours import centred
from kbsearch.errors import InvalidInput
from kbsearch.ports import Clusterer, Floats, Ints

OWN = ("leiden", "hdbscan")


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """What is known of the questions; each algorithm is told what it can use of it.

    ``texts``, ``lessons`` that they were asked at and ``languages`` that they were asked in, "" where it
    cannot be told, one for each row.  ``initial``: the cluster of each row in the run before, -1 for none,
    and ``initial_resolutions`` those of its parts.
    """

    texts: Sequence[str] | None = None
    lessons: Sequence[str] | None = None
    languages: Sequence[str] | None = None
    initial: Ints | None = None
    initial_resolutions: Sequence[float] = ()


_KNOWN = tuple(field.name for field in fields(Known))
NOTHING_KNOWN = Known()


def make(name: str, known: Known = NOTHING_KNOWN, *, seed: int = 0, **params: Any) -> Clusterer:
    """The clusterer ``name``: "leiden", "hdbscan", or a class of `sklearn.cluster` in any case.

    Args:
        name: of the algorithm.
        known: of the questions, given to algorithms that look at more than vectors.
        seed: given to algorithms that draw at random.
        params: the algorithm's own settings; those that are None are left at their defaults.

    Raises:
        InvalidInput: there is no such algorithm, or it has no such setting.
    """
    kind = _class(name)
    taken = inspect.signature(kind).parameters.keys()
    given = {key: value for key, value in params.items() if value is not None}
    _check_settings(name, given, taken)
    offered = {"random_state": seed} | {key: getattr(known, key) for key in _KNOWN}
    made: Clusterer = kind(**given, **{key: value for key, value in offered.items() if key in taken})
    return made


def _check_settings(name: str, given: Mapping[str, Any], taken: AbstractSet[str]) -> None:
    unknown = sorted(given.keys() - taken)
    if unknown:
        raise InvalidInput(
            "Clustering algorithm '{name}' has no setting '{setting}'.",
            remedy="Its settings are: {known}.",
            name=name,
            setting=unknown[0],
            known=", ".join(sorted(taken - set(_KNOWN))),
        )


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

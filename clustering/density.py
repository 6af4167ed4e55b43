"""HDBSCAN behind the same port: density-based clusters in a few principal components."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator, ClusterMixin

from clustering.neighbours import centred
from kbsearch.ports import Floats, Ints


class ReducedHdbscan(BaseEstimator, ClusterMixin):  # type: ignore[misc]  # sklearn has no types
    """scikit-learn's HDBSCAN after PCA: densities say little in hundreds of dimensions.

    Args:
        n_components: principal components, fewer when there are fewer rows.
        min_cluster_size: smallest cluster.
        min_samples: neighbours that make a point dense; None: ``min_cluster_size``.
        random_state: seed of PCA.

    After `fit`: ``labels_`` (n,) with -1 for no cluster and ``strengths_`` (n,) in [0, 1].
    """

    def __init__(
        self,
        *,
        n_components: int = 15,
        min_cluster_size: int = 5,
        min_samples: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.n_components = n_components
        self.min_cluster_size = min_cluster_size
        self.min_samples = min_samples
        self.random_state = random_state

    def fit(self, X: Floats, y: None = None) -> ReducedHdbscan:  # noqa: N803  # sklearn's name
        """Cluster the rows of ``X``, shape (n, d)."""
        from sklearn.cluster import HDBSCAN
        from sklearn.decomposition import PCA

        rows = centred(np.asarray(X, dtype=np.float32))
        if len(rows) < max(self.min_cluster_size, self.min_samples or 0, 3):
            self.labels_ = np.full(len(rows), -1, np.int64)
            self.strengths_ = np.zeros(len(rows), np.float32)
            return self
        components = min(self.n_components, len(rows) - 1, rows.shape[1])
        if rows.any():
            rows = PCA(components, random_state=self.random_state).fit_transform(rows)
        model = HDBSCAN(min_cluster_size=self.min_cluster_size, min_samples=self.min_samples, copy=True)
        self.labels_ = model.fit_predict(rows).astype(np.int64)
        self.strengths_ = np.where(self.labels_ >= 0, model.probabilities_, 0.0).astype(np.float32)
        return self

    def fit_predict(self, X: Floats, y: None = None) -> Ints:  # noqa: N803
        """`fit`, and return ``labels_``."""
        return self.fit(X).labels_

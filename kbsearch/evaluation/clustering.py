"""Measures clustering on a labelled set: how well clusters agree with what questions are about."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from time import perf_counter

import numpy as np
from numpy.typing import NDArray

from kbsearch.ports import Clusterer, Floats, Ints

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class ClusteringReport:
    """Figures of one measurement; all but the counts and ``seconds`` are at most 1.

    ``acc``: share of questions that are right when each cluster stands for one label and each label for
    one cluster, assigned as well as possible.  ``nmi``, ``ari``, ``ami``: normalised mutual information,
    adjusted Rand index, adjusted mutual information.  ``coverage``: share of questions in a cluster.
    ``seconds``: of clustering alone.  ``talk_aside``: share of the small talk that was set aside,
    ``questions_aside``: share of the questions; None where the set does not tell what is small talk.
    """

    acc: float
    nmi: float
    ari: float
    ami: float
    clusters: int
    coverage: float
    seconds: float
    questions: int
    talk_aside: float | None = None
    questions_aside: float | None = None


def measure_clustering(clusterer: Clusterer, vectors: Floats, truth: Sequence[str]) -> ClusteringReport:
    """Cluster ``vectors``, shape (n, d), and compare with the labels ``truth``, (n,)."""
    started = perf_counter()
    labels = np.asarray(clusterer.fit_predict(vectors), dtype=np.int64) if len(vectors) else np.zeros(0, int)
    return compare_clusters(labels, truth, perf_counter() - started)


def measure_with_small_talk(
    clusterer: Clusterer, vectors: Floats, truth: Sequence[str], aside: Bools, asks: Bools
) -> ClusteringReport:
    """`measure_clustering` of a set that holds small talk: what is set ``aside`` is not clustered.

    What was set aside is a pile of its own, which counts as one more cluster in all but ``clusters``.

    Args:
        clusterer: of the others, whose vectors it is given.
        vectors: of all messages, shape (n, d).
        truth: labels of all, (n,); small talk has one of its own.
        aside: what was set aside, (n,).
        asks: what truly is a question, (n,).
    """
    started = perf_counter()
    labels = np.full(len(vectors), -1, np.int64)
    labels[~aside] = clusterer.fit_predict(vectors[~aside])
    seconds = perf_counter() - started
    clusters, coverage = len(np.unique(labels[labels >= 0])), float((labels[~aside] >= 0).mean())
    labels[aside] = labels.max(initial=-1) + 1
    return replace(
        compare_clusters(labels, truth, seconds),
        clusters=clusters,
        coverage=coverage,
        talk_aside=float(aside[~asks].mean()) if (~asks).any() else None,
        questions_aside=float(aside[asks].mean()) if asks.any() else None,
    )


def compare_clusters(labels: Ints, truth: Sequence[str], seconds: float = 0.0) -> ClusteringReport:
    """Compare ``labels``, shape (n,) with -1 for no cluster, with ``truth``, (n,).

    Questions in no cluster count as clusters of one, so that leaving hard ones out does not pay.
    """
    from sklearn import metrics

    names = np.unique(np.asarray(truth, dtype=str), return_inverse=True)[1]
    inside = labels >= 0
    filled = np.where(inside, labels, labels.max(initial=-1) + 1 + np.arange(len(labels)))
    return ClusteringReport(
        acc=assigned_share(filled, names),
        nmi=float(metrics.normalized_mutual_info_score(names, filled)),
        ari=float(metrics.adjusted_rand_score(names, filled)),
        clusters=len(np.unique(labels[inside])),
        coverage=float(inside.mean()) if len(labels) else 0.0,
        seconds=seconds,
        questions=len(labels),
        ami=float(metrics.adjusted_mutual_info_score(names, filled)),
    )


def assigned_share(labels: Ints, truth: Ints) -> float:
    """Share of rows on the best one-to-one assignment of clusters to labels, in [0, 1].

    The Hungarian method of Kuhn (1955), as used for clustering accuracy since Yang et al., "Image
    clustering using local discriminant models and global integration" (2010).
    """
    from scipy.optimize import linear_sum_assignment

    if not len(labels):
        return 0.0
    rows, clusters = np.unique(labels, return_inverse=True)
    columns, names = np.unique(truth, return_inverse=True)
    counts = np.zeros((len(rows), len(columns)), np.int64)
    np.add.at(counts, (clusters, names), 1)
    chosen = linear_sum_assignment(counts, maximize=True)
    return float(counts[chosen].sum() / len(labels))

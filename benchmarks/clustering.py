"""Clustering beside its peers on one labelled set, in the same process and on the same vectors.

    python -m benchmarks.clustering data/sample_school

Peers: HDBSCAN on principal components, k-means that is told the number of labels, and BERTopic's default
pipeline (UMAP to five dimensions, then HDBSCAN; settings of BERTopic 0.17) when ``umap-learn`` is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from clustering.algorithms import make
from indexer.embedders import open_embedder
from kbsearch.evaluation.clustering import measure_clustering
from kbsearch.evaluation.sets import LabelledQuestion, read_matching_set, read_questions
from kbsearch.matching.queries import prepare
from kbsearch.ports import Clusterer, Floats, Ints


class BertopicPipeline:
    """What BERTopic does by default between embedding and labelling."""

    def fit_predict(self, X: Floats, y: None = None) -> Ints:  # noqa: N803  # sklearn's name
        """Labels of the rows of ``X``, -1 for none."""
        from sklearn.cluster import HDBSCAN
        from umap import UMAP

        near = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=0)
        return np.asarray(HDBSCAN(min_cluster_size=10, copy=True).fit_predict(near.fit_transform(X)))


def read_labelled(folder: Path) -> tuple[LabelledQuestion, ...]:
    """The labelled questions in ``folder``, which may be the sample school."""
    if (folder / "truth.csv").exists():
        return read_matching_set(folder).questions
    return read_questions(folder)


def main(folder: Path, encoder: str = "bundled") -> None:
    """Print one row of figures for each clusterer."""
    questions = read_labelled(folder)
    asked = [prepare(question.text) for question in questions]
    texts, truth = [each.text for each in asked], [question.label for question in questions]
    vectors = open_embedder(encoder).encode([each.bare for each in asked], "passage")
    rivals: dict[str, Callable[[], Clusterer]] = {
        "ours": lambda: make("leiden", texts=texts),
        "hdbscan": lambda: make("hdbscan"),
        "kmeans, k told": lambda: make("kmeans", n_clusters=len(set(truth))),
        "umap + hdbscan": BertopicPipeline,
    }
    print(f"{'':<16}{'acc':>7}{'nmi':>7}{'ari':>7}{'clusters':>10}{'coverage':>10}{'seconds':>9}")
    for name, rival in rivals.items():
        try:
            found = measure_clustering(rival(), vectors, truth)
        except ModuleNotFoundError as error:
            print(f"{name:<16} not measured: {error.name} is not installed")
            continue
        figures = f"{found.acc:>7.3f}{found.nmi:>7.3f}{found.ari:>7.3f}{found.clusters:>10}"
        print(f"{name:<16}{figures}{found.coverage:>10.3f}{found.seconds:>9.1f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])

"""Clustering beside its peers on one labelled set, in the same process and on the same vectors.

    python -m benchmarks.clustering data/sample_school

Peers: HDBSCAN on principal components, k-means that is told the number of labels, and BERTopic with its
defaults when ``bertopic`` is installed.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.likeness import read_by_both
from clustering.algorithms import Known, make
from kbsearch.evaluation.clustering import measure_clustering
from kbsearch.evaluation.sets import LabelledQuestion, read_matching_set, read_questions
from kbsearch.matching.queries import prepare
from kbsearch.ports import Clusterer, Floats, Ints
from kbsearch.text.language import detect_language


class BertopicDefaults:
    """BERTopic as its documentation starts it, on vectors that are given."""

    def __init__(self, texts: list[str]) -> None:
        self._texts = texts

    def fit_predict(self, X: Floats, y: None = None) -> Ints:  # noqa: N803  # sklearn's name
        """Labels of the rows of ``X``, -1 for none."""
        from bertopic import BERTopic

        return np.asarray(BERTopic().fit_transform(self._texts, embeddings=X)[0])


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
    bare = [each.bare for each in asked]
    _, vectors = read_by_both(bare, encoder)
    known = Known(texts=texts, languages=[detect_language(text) for text in texts])
    rivals: dict[str, Callable[[], Clusterer]] = {
        "ours": lambda: make("leiden", known),
        "hdbscan": lambda: make("hdbscan"),
        "kmeans, k told": lambda: make("kmeans", n_clusters=len(set(truth))),
        "bertopic": lambda: BertopicDefaults(texts),
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

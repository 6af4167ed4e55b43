"""Names clusters that people changed, from samples, without a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from clustering.labels import describe
from clustering.neighbours import centred
from kbsearch.errors import IndexUnavailable
from kbsearch.matching.queries import prepare
from kbsearch.ports import ClusterInWords, Floats, SearchBackend


class Renamer:
    """A `kbsearch.ports.ClusterNamer` that calls clusters as a run would."""

    def __init__(self, question_index: SearchBackend) -> None:
        self._index = question_index

    def __call__(
        self,
        clusters: Mapping[int, Mapping[int, str]],
        others: Mapping[int, Mapping[int, str]],
        strengths: Mapping[int, float],
        taken: AbstractSet[str],
    ) -> dict[int, ClusterInWords]:
        """See `kbsearch.ports.ClusterNamer`; without the index strong questions are the typical ones."""
        everything = {**clusters, **others}
        ids = [question for texts in everything.values() for question in texts]
        if not ids:
            return {}
        asked = [prepare(text) for texts in clusters.values() for text in texts.values()]
        around = [text for texts in others.values() for text in texts.values()]
        sizes = [len(texts) for texts in everything.values()]
        described = describe(
            [*(query.bare for query in asked), *around],
            self._vectors(ids),
            np.repeat(np.arange(len(sizes)), sizes),
            np.array([strengths.get(question, 0.0) for question in ids], np.float32),
            taken=taken,
            repaired={row for row, query in enumerate(asked) if query.repaired},
            only=len(clusters),
        )
        return {
            cluster: ClusterInWords(each.label, each.keywords, tuple(ids[row] for row in each.exemplars))
            for cluster, each in zip(clusters, described.values(), strict=True)
        }

    def _vectors(self, ids: Sequence[int]) -> Floats:
        """Centred unit rows of ``ids``, shape (n, d); zeros for what is not indexed."""
        try:
            known, vectors = self._index.vectors(ids)
        except IndexUnavailable:
            return np.zeros((len(ids), 1), np.float32)
        places = {question: row for row, question in enumerate(known.tolist())}
        found = np.zeros((len(ids), vectors.shape[1]), np.float32)
        rows = [(row, places[question]) for row, question in enumerate(ids) if question in places]
        if rows:
            here, there = zip(*rows, strict=True)
            found[list(here)] = vectors[list(there)]
        return centred(found)

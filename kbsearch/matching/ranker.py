"""Ranking candidates: a weighted sum of named features, so that every place in the list can be explained."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kbsearch.matching.candidates import SIGNALS
from kbsearch.ports import Floats

RANKED = (
    "text",
    "pieces",
    "vector",
    "vector_explained",
    "lesson",
    "popularity",
    "prototype",
    "vector_unknown",
    "pieces_unknown",
    "second",
    "second_prototype",
    "second_explained",
    "second_unknown",
)
"""The columns of `ranked_features`: signals as they are, and

vector_explained, second_explained: the signal of that encoder times the largest share of the query that any
candidate explains.  The more the words explain, the less the vectors are needed.
vector_unknown, second_unknown, pieces_unknown: those signals times ``unknown``.  Of a question in another
language than the documents pieces of words say nothing, and the vectors say what there is to say.
"""


@dataclass(frozen=True, slots=True, eq=False)
class Ranker:
    """``weights`` of `RANKED`, shape (len(RANKED),)."""

    weights: Floats

    def score(self, signals: Floats) -> Floats:
        """The scores of candidates with ``signals``, shape (n, len(SIGNALS)); they have shape (n,)."""
        scores: Floats = (ranked_features(signals) @ self.weights).astype(np.float32)
        return scores

    def as_dict(self) -> dict[str, float]:
        """For JSON: weight by name."""
        return {
            name: round(float(weight), 5) for name, weight in zip(RANKED, self.weights.tolist(), strict=True)
        }


def ranker_from(stored: Mapping[str, float]) -> Ranker:
    """The ranker that `Ranker.as_dict` wrote; features that it did not know weigh nothing."""
    return Ranker(np.array([stored.get(name, 0.0) for name in RANKED], np.float32))


def ranked_features(signals: Floats) -> Floats:
    """What a `Ranker` weighs, shape (n, len(RANKED)), of ``signals``, shape (n, len(SIGNALS))."""
    by_name = {name: signals[:, place] for place, name in enumerate(SIGNALS)}
    most = float(by_name["explained"].max(initial=0.0))
    for name in ("vector", "second"):
        by_name[f"{name}_explained"] = by_name[name] * np.float32(most)
    for name in ("vector", "second", "pieces"):
        by_name[f"{name}_unknown"] = by_name[name] * by_name["unknown"]
    return np.stack([by_name[name] for name in RANKED], axis=1)

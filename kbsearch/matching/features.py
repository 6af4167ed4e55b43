"""What the calibration looks at: how far a candidate stands out, not how high its raw score is.

Every feature is a standardised score, a margin, a rank or a share, so that a model fitted on one knowledge
base carries over to another.
"""

from __future__ import annotations

import numpy as np

from kbsearch.matching.candidates import SIGNALS
from kbsearch.ports import Floats

NAMES = (
    "text",
    "pieces",
    "vector",
    "cosine",
    "explained",
    "margin",
    "text_margin",
    "pieces_margin",
    "vector_margin",
    "tops_text",
    "tops_pieces",
    "tops_vector",
    "crowd",
    "length",
    "lesson",
)
"""The columns of `features`.

text, pieces, vector: standardised scores.  cosine: likeness of the nearest part, centred.  explained: share
of the query's weight in rare words that the case has.  margin, text_margin, pieces_margin, vector_margin:
lead over the best other candidate (negative: how far behind it is).  tops_text, tops_pieces, tops_vector: 1
when no candidate scores higher.  crowd: how many others come within one unit of score, log(1 + n).  length:
log(1 + words of the query).  lesson: 1 for a case of the asker's lesson.
"""


def features(signals: Floats, score: Floats, length: int, count: int) -> Floats:
    """Features of the first ``count`` of n candidates, shape (min(count, n), len(NAMES)).

    Args:
        signals: of the candidates by falling score, shape (n, len(SIGNALS)).
        score: shape (n,).
        length: words of the query.
        count: how many are wanted.
    """
    rows = min(count, len(signals))
    if not rows:
        return np.zeros((0, len(NAMES)), np.float32)
    by_name = {name: signals[:, place] for place, name in enumerate(SIGNALS)}
    for name in ("text", "pieces", "vector"):
        by_name[f"{name}_margin"] = _lead(by_name[name])
        by_name[f"tops_{name}"] = _tops(by_name[name])
    by_name["margin"] = _lead(score)
    by_name["crowd"] = _crowd(score, rows)
    by_name["length"] = np.full(len(signals), np.log1p(length))
    return np.stack([by_name[name][:rows] for name in NAMES], axis=1).astype(np.float32)


def _lead(scores: Floats) -> Floats:
    """Each score minus the best of the others; its own value when there are no others."""
    if len(scores) == 1:
        return scores
    second, best = np.partition(scores, -2)[-2:]
    lead: Floats = np.where(scores >= best, scores - second, scores - best)
    return lead


def _tops(scores: Floats) -> Floats:
    tops: Floats = ((scores >= scores.max()) & (scores > 0)).astype(np.float32)
    return tops


def _crowd(scores: Floats, rows: int) -> Floats:
    near = np.abs(scores[:rows, None] - scores[None, :]) < 1.0
    crowd: Floats = np.log1p(near.sum(axis=1) - 1.0).astype(np.float32)
    return crowd

"""What the confidence model looks at: how far a candidate stands out, not how high its raw score is.

Every feature is a standardised score, a margin, a rank or a share, so that a model fitted on one knowledge
base carries over to another.
"""

from __future__ import annotations

import numpy as np

from kbsearch.matching.fusion import Pool
from kbsearch.ports import Floats

NAMES = (
    "text",
    "vector",
    "cosine",
    "explained",
    "margin",
    "text_margin",
    "vector_margin",
    "tops_text",
    "tops_vector",
    "tops_both",
    "crowd",
    "length",
    "lesson",
)
"""The columns of `features`.

text, vector: standardised scores.  cosine: likeness of the nearest part, centred.  explained: share of the
query's weight in rare words that the case has.  margin, text_margin, vector_margin: lead over the best other
candidate (negative: how far behind it is).  tops_text, tops_vector: 1 when no candidate scores higher;
tops_both: their product.  crowd: how many others come within one standard deviation, log(1 + n).  length:
log(1 + words of the query).  lesson: 1 for a case of the asker's lesson.
"""


def features(pool: Pool, query_length: int, count: int) -> Floats:
    """Features of the first ``count`` candidates of ``pool``, shape (min(count, len(pool)), len(NAMES))."""
    rows = min(count, len(pool))
    table = np.zeros((rows, len(NAMES)), np.float32)
    if not rows:
        return table
    columns = (
        pool.text,
        pool.vector,
        pool.cosine,
        pool.explained,
        _lead(pool.score),
        _lead(pool.text),
        _lead(pool.vector),
        _tops(pool.text),
        _tops(pool.vector),
        _tops(pool.text) * _tops(pool.vector),
        _crowd(pool.score, rows),
        np.full(len(pool), np.log1p(query_length)),
        pool.lesson,
    )
    for place, column in enumerate(columns):
        table[:, place] = column[:rows]
    return table


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

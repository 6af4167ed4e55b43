"""What the calibration looks at: how far a candidate stands out, not how high its raw score is.

Every feature is a standardised score, a margin, a rank or a share, so that a model fitted on one knowledge
base carries over to another.
"""

from __future__ import annotations

import numpy as np

from kbsearch.matching.candidates import SIGNALS
from kbsearch.ports import Floats

NAMES = (
    "pieces",
    "vector",
    "explained",
    "margin",
    "lesson",
    "score",
    "agree",
    "crowd",
    "length",
    "unknown",
    "cosine_unknown",
    "score_unknown",
    "scarcity",
)
"""The columns of `features`; docs/adr/016-calibration-of-many-schools.md says why these.

pieces, vector: standardised scores.  explained: share of the query's weight in rare words that the case has.
margin: lead in score over the best other candidate (negative: how far behind it is).  lesson: 1 for a case of
the asker's lesson.  score: the ranker's.  agree: how many of `VOICES` have it first; one
to which all are alike says nothing.  crowd: log of the number of candidates that are not more than `CLOSE`
behind it, itself among them.  length: log of the number of words, of which no more than `MANY_WORDS` count:
the fewer there are, the likelier a case explains them by chance.
unknown: the signal of that name.  cosine_unknown, score_unknown: it times the cosine of the nearest part, and
times the score.  Where words cannot explain anything, as in another language than the cases', the vector
alone tells, and a score made of it means something else.
scarcity: the signal of that name.  While few cases are written, most questions have no answer yet, and the
nearest case stands out all the same.
"""
MANY_WORDS = 12
VOICES = ("text", "pieces", "vector", "second")
"""The last one counts where there is a second encoder."""
CLOSE = 1.0


def features(signals: Floats, score: Floats, count: int) -> Floats:
    """Features of the first ``count`` of n candidates, shape (min(count, n), len(NAMES)).

    Args:
        signals: of the candidates by falling score, shape (n, len(SIGNALS)).
        score: shape (n,).
        count: how many are wanted.
    """
    rows = min(count, len(signals))
    if not rows:
        return np.zeros((0, len(NAMES)), np.float32)
    by_name = {name: signals[:, place] for place, name in enumerate(SIGNALS)}
    by_name["margin"] = _lead(score)
    by_name["score"] = score
    repeated = np.array_equal(by_name["second"], by_name["vector"])
    names = VOICES[:-1] if repeated else VOICES
    voices = [by_name[name] for name in names]
    by_name["agree"] = np.sum([(one >= one.max()) & (one > one.min()) for one in voices], axis=0)
    by_name["crowd"] = np.log([np.count_nonzero(score > one - CLOSE) for one in score[:rows]])
    by_name["length"] = np.log(np.clip(by_name["words"], 1, MANY_WORDS))
    for name in ("cosine", "score"):
        by_name[f"{name}_unknown"] = by_name[name] * by_name["unknown"]
    return np.stack([by_name[name][:rows] for name in NAMES], axis=1).astype(np.float32)


def _lead(scores: Floats) -> Floats:
    """Each score minus the best of the others; its own value when there are no others."""
    if len(scores) == 1:
        return scores
    second, best = np.partition(scores, -2)[-2:]
    lead: Floats = np.where(scores >= best, scores - second, scores - best)
    return lead

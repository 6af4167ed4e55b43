"""How far matching covers a cluster, and what a case for it would save: thresholds, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from kbsearch.models import Colour

SAMPLE = 50
"""Questions of a cluster that are asked of the matcher: the share that is sure is known to ±14 points."""

ENOUGH = 0.6
"""A question is sure when its first case answers it with at least this calibrated probability.

At 0.5 a case is likelier right than wrong.  Measured on the sample school with a fifth of its cases taken
out, five times (docs/insights.md), .85 of the green clusters were truly served then, .90 at 0.6, and .93 at
0.7, where a quarter fewer clusters are green.  A wrong green costs more than a wrong yellow: nobody looks at
it again.
"""

MOST = 0.5
"""Green: published cases are sure on more than this share of the questions, which is what "most" means."""

SOME = 0.25
"""Red: on less than this share.  Of the red clusters so measured .19 were served; of the yellow ones .46."""

SAVED = 0.4
"""The share of a cluster's questions that a case keeps from being asked: an assumption.

PARQR, which shows earlier answers while a student writes, cut duplicate posts by 40 % (arXiv:1909.02043).
"""


@dataclass(frozen=True, slots=True)
class Sampled:
    """The first match of one question: a published case, or None, and its probability in [0, 1]."""

    question_id: int
    case_id: int | None
    probability: float

    @property
    def is_sure(self) -> bool:
        """Whether the case is likely enough to answer."""
        return self.case_id is not None and self.probability >= ENOUGH


@dataclass(frozen=True, slots=True)
class Covered:
    """What a sample says of its cluster: as `kbsearch.models.Coverage` keeps it."""

    colour: Colour
    sampled: int
    sure: int
    same_case: int
    case_id: int | None


def covered(sample: list[Sampled]) -> Covered:
    """The colour of a cluster, and the case that is first on most of its questions that are sure."""
    uses: dict[int, int] = {}
    for one in sample:
        if one.is_sure and one.case_id is not None:
            uses[one.case_id] = uses.get(one.case_id, 0) + 1
    sure = sum(uses.values())
    best = min(uses, key=lambda case_id: (-uses[case_id], case_id), default=None)
    return Covered(
        colour=colour_of(sure, len(sample)),
        sampled=len(sample),
        sure=sure,
        same_case=uses[best] if best is not None else 0,
        case_id=best,
    )


def colour_of(sure: int, sampled: int) -> Colour:
    """Green, yellow or red; red for an empty sample."""
    if sampled and sure > MOST * sampled:
        return Colour.GREEN
    return Colour.YELLOW if sampled and sure >= SOME * sampled else Colour.RED


def saved_a_week(weekly: float, sure: int, sampled: int, share: float = SAVED) -> float:
    """Questions a week that a case is expected to save.

    ``weekly`` questions are asked, and all but the share that is answered surely would find it; ``share`` of
    these would not be asked any more.
    """
    unsure = 1 - sure / sampled if sampled else 1.0
    return weekly * unsure * share

"""How honest matching and coverage are while few cases are written.

    python -m benchmarks.young_schools DIR [DIR …]

Each DIR is a set for matching.  A random part of its cases is kept, and all questions are asked.  Told are,
with the feature *scarcity* and without it: log loss and calibration error of the first case, and how many
first cases are sure and how many of these right; then how many clusters are green, and for how many of these
the first case is right for more than half of the questions.  The clusters are those of a run that knows
cases.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks.likeness import read_by_both
from clustering.algorithms import Known, make, strengths_of
from clustering.by_case import grouped_by_case
from indexer.embedders import shipped
from indexer.measuring import temporary_matcher
from kbsearch.evaluation.matching import without_some
from kbsearch.evaluation.sets import MatchingSet, read_matching_set
from kbsearch.insights.coverage import ENOUGH, SAMPLE, Sampled, covered
from kbsearch.matching.features import NAMES
from kbsearch.matching.model import MatchingModel, load_model
from kbsearch.matching.queries import prepare
from kbsearch.matching.thresholds import calibration_error
from kbsearch.models import Colour
from kbsearch.ports import Floats, Ints
from kbsearch.services.first_matches import First, ask, first_of
from kbsearch.text.language import detect_language

KEPT = (0.03, 0.06, 0.12, 0.25, 0.5, 1.0)
SEEDS = (0, 1)
Clusters = tuple[Ints, Floats]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of one share of cases: first cases (n,), whether each is right, and clusters by what they are."""

    chance: Floats
    right: Floats
    green: int
    served: int

    def line(self) -> str:
        """All in words."""
        sure = self.chance >= ENOUGH
        chance = np.clip(self.chance, 1e-4, 1 - 1e-4).astype(np.float64)
        loss = -float(np.mean(np.where(self.right > 0, np.log(chance), np.log1p(-chance))))
        rightly = float(self.right[sure].mean()) if sure.any() else float("nan")
        return (
            f"loss {loss:.3f} ece {calibration_error(self.chance.tolist(), (self.right > 0).tolist()):.3f} "
            f"sure {int(sure.sum()):4} right {rightly:.2f}  green {self.green:3} served {self.served:3}"
        )


def without_scarcity(model: MatchingModel) -> MatchingModel:
    """``model`` that does not look at how few cases there are."""
    weights = model.hybrid.calibration.weights * np.array([name != "scarcity" for name in NAMES], np.float32)
    return replace(
        model, hybrid=replace(model.hybrid, calibration=replace(model.hybrid.calibration, weights=weights))
    )


def measured(chosen: MatchingSet, model: MatchingModel, found: Clusters) -> Figures:
    """Figures with the cases of ``chosen``; ``found``: the clusters of a clusterer that knows no cases."""
    with temporary_matcher(chosen, *shipped()) as (matcher, ids):
        matcher.model = model
        firsts = {
            place: first_of(ask(matcher, one.text, one.course, one.lesson))
            for place, one in enumerate(chosen.questions)
        }
    right = np.array(
        [
            firsts[place].case_id in {ids[case] for case in chosen.relevant.get(one.id, ()) if case in ids}
            for place, one in enumerate(chosen.questions)
        ],
        np.float64,
    )
    chance = np.array([firsts[place].probability for place in range(len(firsts))])
    green = _green([one.text for one in chosen.questions], firsts, found)
    served = sum(float(right[rows].mean()) > 1 / 2 for rows in green)
    return Figures(chance, right, len(green), served)


def _green(texts: Sequence[str], firsts: Mapping[int, First], found: Clusters) -> list[Ints]:
    """The rows of the sample of each green cluster."""
    rows = np.arange(len(texts))
    labels = grouped_by_case(rows, texts, *found, firsts=firsts, places={}).labels
    samples = [np.flatnonzero(labels == label)[:SAMPLE] for label in np.unique(labels[labels >= 0])]
    return [sample for sample in samples if _colour(sample, firsts) == Colour.GREEN]


def _colour(sample: Ints, firsts: Mapping[int, First]) -> Colour:
    found = ((row, firsts[row]) for row in sample.tolist())
    return covered([Sampled(row, first.case_id, first.probability) for row, first in found]).colour


def clusters(school: MatchingSet) -> Clusters:
    """Labels and strengths of the questions of ``school``, nothing being known of cases."""
    asked = [prepare(one.text) for one in school.questions]
    _, vectors = read_by_both([one.bare for one in asked])
    known = Known(
        texts=[one.text for one in asked],
        lessons=[one.lesson for one in school.questions],
        languages=[detect_language(one.text) for one in asked],
    )
    clusterer = make("leiden", known)
    labels = np.asarray(clusterer.fit_predict(vectors), dtype=np.int64)
    return labels, strengths_of(clusterer, vectors, labels)


def main() -> None:
    """Measure each folder named."""
    model = load_model(twice_read=shipped()[1] is not None)
    for folder in sys.argv[1:]:
        school = read_matching_set(Path(folder))
        found = clusters(school)
        print(f"{school.name}: {len(school.cases)} cases, {len(school.questions)} questions")
        for kept in KEPT:
            for seed in SEEDS if kept < 1 else SEEDS[:1]:
                chosen = without_some(school, 1 - kept, seed)
                for name, one in (("with", model), ("without", without_scarcity(model))):
                    line = measured(chosen, one, found).line()
                    print(f"  {kept:5.0%} {len(chosen.cases):4} cases {name:7} scarcity: {line}", flush=True)


if __name__ == "__main__":
    main()

"""Fits the confidence model on the sample school and writes `kbsearch/matching/confidence.json`.

    python -m benchmarks.fit_confidence [--check SET_FOLDER ...]

Every question of the school is matched with all cases there and, several times, with a fifth of them
removed.  A logistic regression tells right candidates from wrong ones; all figures and thresholds come from
questions whose topic was held out.  `--check` measures the result on other labelled sets, which are never
fitted on.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.stats import beta
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from sklearn.model_selection import GroupKFold

from indexer.embedders.bundled import BundledEmbedder
from kbsearch.cli.evaluate_matching import figures, temporary_matcher
from kbsearch.errors import EncoderUnavailable
from kbsearch.evaluation.matching import Outcome, run_matching, summarise, without_some
from kbsearch.evaluation.sets import MatchingSet, read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching import features
from kbsearch.ports import Floats, Role

TARGET = Path(features.__file__).with_name("confidence.json")
DROPPED = 0.2
SEEDS = (1, 2, 3, 4, 5)
ROWS = 3
FOLDS = 10
STRENGTH = 0.3
PRECISION = 0.95
KEPT = 0.9
"""Share of the right first cases that stay above the threshold of abstaining."""
LEAST_COUNT = 30
TEXT_FEATURES = ("text", "explained", "text_margin", "tops_text", "crowd", "length")


class Remembering:
    """The bundled encoder, which encodes each text once; or one that fails for queries when ``absent``."""

    def __init__(self, absent: bool = False) -> None:
        self._inner = BundledEmbedder()
        self._known: dict[str, Floats] = {}
        self._absent = absent
        self.model_id, self.dimension = self._inner.model_id, self._inner.dimension

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Vectors of ``texts``, remembered."""
        if self._absent and role == "query":
            raise EncoderUnavailable("Absent on purpose.")
        new = [text for text in dict.fromkeys(texts) if text not in self._known]
        self._known.update(zip(new, self._inner.encode(new, role), strict=True))
        return np.stack([self._known[text] for text in texts])


@dataclass(frozen=True)
class Sample:
    """Candidates of many questions, one a row.  ``first``: the best of its question; ``run``: 0 all cases."""

    x: np.ndarray
    right: np.ndarray
    group: np.ndarray
    first: np.ndarray
    run: np.ndarray


def outcomes_of(chosen: MatchingSet, embedder: Remembering) -> list[Outcome]:
    """Every question of ``chosen`` matched."""
    with temporary_matcher(chosen, embedder) as (matcher, ids):
        return run_matching(matcher, chosen, ids, PRECISION)


def collect(school: MatchingSet, embedder: Remembering) -> Sample:
    """Candidates with all cases there (run 0) and with a fifth of them removed (the other runs)."""
    runs = [school, *(without_some(school, DROPPED, seed) for seed in SEEDS)]
    rows: list[tuple[Any, ...]] = []
    for run, chosen in enumerate(runs):
        for outcome in outcomes_of(chosen, embedder):
            for place in range(min(ROWS, len(outcome.rights))):
                group = outcome.question.label
                rows.append((outcome.table[place], outcome.rights[place], group, place == 0, run))
    columns = list(zip(*rows, strict=True))
    return Sample(np.stack(columns[0]), *(np.array(column) for column in columns[1:]))


def fit(x: np.ndarray, right: np.ndarray, weight: np.ndarray) -> tuple[np.ndarray, float]:
    """Weights of the raw features and the intercept of a ridge logistic regression."""
    mean, scale = x.mean(axis=0), x.std(axis=0) + 1e-9
    model = LogisticRegression(C=STRENGTH, max_iter=2000)
    model.fit((x - mean) / scale, right, sample_weight=weight)
    weights = model.coef_[0] / scale
    return weights, float(model.intercept_[0] - weights @ mean)


def held_out(sample: Sample, weight: np.ndarray) -> np.ndarray:
    """Probability of each row by a model that never saw its topic."""
    chance = np.zeros(len(sample.right))
    for train, test in GroupKFold(FOLDS).split(sample.x, sample.right, sample.group):
        weights, intercept = fit(sample.x[train], sample.right[train], weight[train])
        chance[test] = 1 / (1 + np.exp(-(sample.x[test] @ weights + intercept)))
    return chance


def thresholds(chance: np.ndarray, right: np.ndarray) -> list[list[float]]:
    """Rows [probability, count, right, lower bound of precision] over the removed-case runs, averaged."""
    table = []
    for step in np.arange(0.30, 0.991, 0.01):
        chosen = chance >= step
        count, good = int(chosen.sum() / len(SEEDS)), int(right[chosen].sum() / len(SEEDS))
        if count >= LEAST_COUNT:
            lower = float(beta.ppf(0.025, good, count - good + 1)) if good else 0.0
            table.append([round(float(step), 2), count, good, round(lower, 4)])
    return table


def model_of(sample: Sample, names: Sequence[str]) -> dict[str, Any]:
    """The part of the file for one model, with the figures of its held-out predictions."""
    columns = [features.NAMES.index(name) for name in names]
    sample = Sample(sample.x[:, columns], sample.right, sample.group, sample.first, sample.run)
    weight = np.where(sample.run == 0, 1.0, 1 / len(SEEDS))
    chance = held_out(sample, weight)
    first, whole = sample.first, sample.first & (sample.run == 0)
    removed = sample.first & (sample.run > 0)
    weights, intercept = fit(sample.x, sample.right, weight)
    abstain = float(np.quantile(chance[whole & sample.right], 1 - KEPT))
    return {
        "weights": {name: round(float(value), 5) for name, value in zip(names, weights, strict=True)},
        "intercept": round(intercept, 5),
        "abstain": round(abstain, 3),
        "thresholds": thresholds(chance[removed], sample.right[removed]),
        "held_out": {
            "auc": round(float(roc_auc_score(sample.right[first], chance[first])), 3),
            "brier": round(float(brier_score_loss(sample.right[first], chance[first])), 3),
            "calibration": calibration(chance[removed], sample.right[removed]),
        },
    }


def calibration(chance: np.ndarray, right: np.ndarray) -> list[list[float]]:
    """Rows [mean probability, share right, count per run] by tenths of probability."""
    tenth = np.minimum((10 * chance).astype(int), 9)
    return [
        [
            round(float(chance[tenth == k].mean()), 3),
            round(float(right[tenth == k].mean()), 3),
            int((tenth == k).sum() / len(SEEDS)),
        ]
        for k in range(10)
        if (tenth == k).any()
    ]


def check(folder: Path) -> None:
    """Print the decision figures on a set that was not fitted on."""
    whole, embedder = read_matching_set(folder), Remembering()
    for share in (0.0, DROPPED):
        chosen = without_some(whole, share, 7)
        found = outcomes_of(chosen, embedder)
        top = [outcome for outcome in found if outcome.rights]
        print(folder.name, f"drop {share}", figures(summarise(found, len(chosen.cases), decisions=True)))
        first = np.array([o.first_right for o in top])
        tables = np.stack([o.table[0] for o in top])
        model = json.loads(TARGET.read_text("utf-8"))["hybrid"]
        logit = tables @ [model["weights"].get(n, 0) for n in features.NAMES] + model["intercept"]
        chance = 1 / (1 + np.exp(-logit))
        print("  auc", round(float(roc_auc_score(first, chance)), 3))
        for low, share_right, count in calibration(chance, first):
            print(f"  {low:.2f} {share_right:.2f} {int(count * len(SEEDS))}")


def main() -> None:
    """Fit, write and report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", type=Path, nargs="*", default=[])
    parser.add_argument("--only-check", action="store_true")
    given = parser.parse_args()
    if not given.only_check:
        school = read_matching_set(sample_school_folder())
        stored: dict[str, Any] = {
            "version": "sample-school-1",
            "provenance": "python -m benchmarks.fit_confidence: logistic regression on data/sample_school "
            f"({len(school.questions)} questions, {len(school.cases)} cases; all cases once, a fifth removed "
            f"{len(SEEDS)} times); thresholds and figures from {FOLDS}-fold cross-validation by topic",
            "hybrid": model_of(collect(school, Remembering()), features.NAMES),
            "text_only": model_of(collect(school, Remembering(absent=True)), TEXT_FEATURES),
        }
        TARGET.write_text(json.dumps(stored, indent=1) + "\n", "utf-8")
        for name in ("hybrid", "text_only"):
            print(name, json.dumps({k: v for k, v in stored[name].items() if k != "thresholds"}, indent=1))
    for folder in given.check:
        check(folder)


if __name__ == "__main__":
    main()

"""Fits the shipped model on the schools of `data/` and writes `kbsearch/matching/model.json`.

    python -m benchmarks.fit_model
    python -m benchmarks.fit_model --second    # model_second.json, for cases that e5-small reads as well

Every question of a school is matched several times: with all cases and with a fifth of them removed, as they
are and with half of each case's other questions confirmed as its variants.  So are questions from outside the
school's world, which nothing answers (`benchmarks.elsewhere`), and some of its own in another language than
its cases (`benchmarks.translated`).  All figures and thresholds come from models that did not see the
question's school, so they speak of a school that kbsearch never met.  No other set is ever fitted on;
`kbsearch evaluate matching` measures them.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmarks import translated
from benchmarks.elsewhere import SHARE, Elsewhere, asked_elsewhere
from indexer.embedders import BUNDLED, E5_SMALL, open_embedder
from kbsearch.cli.evaluate_matching import temporary_matcher
from kbsearch.errors import EncoderUnavailable
from kbsearch.evaluation.learned import with_variants
from kbsearch.evaluation.matching import run_matching, without_some
from kbsearch.evaluation.sets import MatchingSet, read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching import model as matching_model
from kbsearch.matching.model import MatchingModel
from kbsearch.matching.training import JudgedQuery, fit, knowing_scarcity
from kbsearch.ports import Embedder, Floats, Role

SAMPLE = sample_school_folder()
FOLDER = Path(matching_model.__file__).parent
VERSIONS = {"model.json": "five-schools-4", "model_second.json": "five-schools-second-2"}
OTHERS = SAMPLE.parent / "other_schools"
RUNS = ((0.0, 0.0, 0), (0.2, 0.0, 1), (0.0, 0.5, 1), (0.2, 0.5, 2))
"""Share of the cases removed, share of the questions confirmed as variants, and seed, of each run."""
YOUNG_RUNS = ((0.75, 0.0, 3), (0.88, 0.0, 4), (0.94, 0.0, 5), (0.97, 0.0, 6), (0.75, 0.5, 7), (0.9, 0.5, 8))
"""The same of schools that have written few of their cases yet: they tell the weight of *scarcity* alone."""


Run = tuple[float, float, int]


class Remembering:
    """An encoder that encodes each text once; or one that fails for queries when ``absent``."""

    def __init__(self, inner: Embedder, *, absent: bool = False) -> None:
        self._inner = inner
        self._known: dict[tuple[str, Role], Floats] = {}
        self._absent = absent
        self.model_id, self.dimension = self._inner.model_id, self._inner.dimension

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Vectors of ``texts``, remembered."""
        if self._absent and role == "query":
            raise EncoderUnavailable("Absent on purpose.")
        new = [text for text in dict.fromkeys(texts) if (text, role) not in self._known]
        keys = [(text, role) for text in new]
        self._known.update(zip(keys, self._inner.encode(new, role), strict=True))
        return np.stack([self._known[text, role] for text in texts])


@dataclass(frozen=True, slots=True)
class Encoders:
    """The encoder that candidates are found by, and that of second opinions."""

    first: Remembering
    second: Remembering | None = None


def encoders(name: str) -> Encoders:
    """Those that the model in the file ``name`` is for."""
    second = Remembering(open_embedder(E5_SMALL)) if name == "model_second.json" else None
    return Encoders(Remembering(open_embedder(BUNDLED)), second)


def judged_questions(
    school: MatchingSet, elsewhere: Elsewhere, by: Encoders, runs: Sequence[Run] = RUNS
) -> list[JudgedQuery]:
    """The questions in all ``runs``; those of one question weigh 1 together, and all are held out together.

    Those from ``elsewhere`` weigh `SHARE` of the school's own, half of it for each kind, and translated ones
    `translated.SHARE`.
    """
    found: dict[str, list[JudgedQuery]] = defaultdict(list)
    texts = translated.translations(school.name, OTHERS)
    foreign: set[str] = set()
    for dropped, learned, seed in runs:
        chosen = without_some(with_variants(school, learned, seed), dropped, seed)
        both, more = translated.also_translated(chosen, texts)
        foreign |= more
        asked = replace(both, questions=both.questions + elsewhere.subjects + elsewhere.everyday)
        with temporary_matcher(chosen, by.first, by.second) as (matcher, ids):
            outcomes = run_matching(matcher, asked, ids, 0.95)
        for outcome in outcomes:
            found[outcome.question.id].append(outcome.judged)
    weight = dict.fromkeys(found, 1.0)
    for kind in (elsewhere.subjects, elsewhere.everyday):
        each = SHARE / 2 * len(school.questions) / len(kind)
        weight.update((question.id, each) for question in kind)
    each = translated.SHARE * len(school.questions) / max(1, len(foreign))
    weight.update((question_id, each) for question_id in foreign)
    return [
        replace(judged, weight=weight[key] / len(some), group=school.name, course="", language="")
        for key, some in found.items()
        for judged in some
    ]


def schools() -> list[MatchingSet]:
    """All that may be fitted on, the sample school first."""
    return [read_matching_set(folder) for folder in (SAMPLE, *sorted(OTHERS.iterdir())) if folder.is_dir()]


def fitted(some: Sequence[MatchingSet], name: str = "model.json") -> MatchingModel:
    """The model of both ways for the file ``name``."""
    alone = Encoders(Remembering(open_embedder(BUNDLED), absent=True))
    ways, elsewhere = (encoders(name), alone), asked_elsewhere(some, OTHERS)
    queries, young = (
        [
            query
            for school in some
            for by in ways
            for query in judged_questions(school, elsewhere[school.name], by, runs)
        ]
        for runs in (RUNS, YOUNG_RUNS)
    )
    told = ", ".join(f"{one.name} ({len(one.questions)} questions, {len(one.cases)} cases)" for one in some)
    model = fit(
        queries,
        version=VERSIONS[name],
        provenance=f"benchmarks.fit_model, {name}: {told}, with all cases and with a fifth removed, "
        f"without and with half of the questions as variants; what few cases mean with three quarters "
        f"and more removed; {SHARE:.0%} of what each school is asked is "
        f"from outside its world, questions translated by hand weigh {translated.SHARE:.0%} of its own; "
        "thresholds and figures from models that did not see the question's school",
        folds=len(some),
    )
    return knowing_scarcity(model, young)


def main() -> None:
    """Fit, write and report."""
    name = "model_second.json" if "--second" in sys.argv[1:] else "model.json"
    model = fitted(schools(), name)
    (FOLDER / name).write_text(json.dumps(model.as_dict(), indent=1) + "\n", "utf-8")
    for kind, way in (("hybrid", model.hybrid), ("text alone", model.text_only)):
        print(kind, way.ranker.as_dict(), json.dumps(way.held_out))
        print("  ", way.calibration.as_dict()["weights"], way.calibration.abstain)
        print("  ", way.calibration.promise(0.95), way.calibration.answer_from(0.95))


if __name__ == "__main__":
    main()

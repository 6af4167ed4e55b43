"""What learning would bring: questions confirmed as variants of their cases, models refitted fold by fold."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from kbsearch.evaluation.matching import DEPTH, Outcome
from kbsearch.evaluation.sets import MatchingSet
from kbsearch.matching.model import MatchingModel, load_model
from kbsearch.matching.training import fit, fold_numbers, ranked_rows

INNER_FOLDS = 5


def with_variants(whole: MatchingSet, share: float, seed: int) -> MatchingSet:
    """``whole`` after a random ``share`` in [0, 1] of each case's questions was confirmed as its variants.

    Those questions are left out; one that has several cases becomes a variant of each.  Of n questions of a
    case ``share`` · n are taken, rounded up or down by chance.
    """
    if not share:
        return whole
    chance = random.Random(seed)  # noqa: S311  # a sample, no secret
    of_case: defaultdict[str, list[str]] = defaultdict(list)
    for question in whole.questions:
        if whole.relevant.get(question.id):
            of_case[min(whole.relevant[question.id])].append(question.id)
    taken: set[str] = set()
    for ids in of_case.values():
        whole_part, rest = divmod(share * len(ids), 1)
        taken.update(chance.sample(ids, int(whole_part) + (chance.random() < rest)))
    return _confirmed(whole, taken)


def _confirmed(whole: MatchingSet, taken: set[str]) -> MatchingSet:
    wordings: defaultdict[str, list[str]] = defaultdict(list)
    for question in whole.questions:
        if question.id in taken:
            for case_id in whole.relevant[question.id]:
                wordings[case_id].append(question.text)
    return replace(
        whole,
        cases=tuple(replace(one, variants=(*one.variants, *wordings[one.id])) for one in whole.cases),
        questions=tuple(one for one in whole.questions if one.id not in taken),
    )


def refitted(
    outcomes: Sequence[Outcome], folds: int, precision: float, base: MatchingModel | None = None
) -> list[Outcome]:
    """``outcomes`` as they would be with models fitted on the other folds; questions of a case stay together.

    Args:
        outcomes: of one run.
        folds: 2 at least.
        precision: what the decision ``answer`` must reach.
        base: what the models start from; the shipped one by default.
    """
    start = base or load_model()
    parts = fold_numbers([outcome.judged.group for outcome in outcomes], folds)
    found = list(outcomes)
    for part in sorted(set(parts.tolist())):
        seen = [one.judged for one, own in zip(outcomes, parts, strict=True) if own != part]
        model = fit(seen, base=start, folds=INNER_FOLDS)
        for place in np.flatnonzero(parts == part).tolist():
            found[place] = _with_model(outcomes[place], model, precision)
    return found


def _with_model(outcome: Outcome, model: MatchingModel, precision: float) -> Outcome:
    judged = outcome.judged
    table, rights = ranked_rows(judged, model.way(judged.degraded).ranker, DEPTH)
    chances = model.probabilities(table, degraded=judged.degraded)
    return replace(
        outcome,
        rank=rights.tolist().index(True) + 1 if rights.any() else 0,
        first_right=bool(rights[0]) if len(rights) else False,
        chance=chances[0] if chances else None,
        decision=model.decide(
            chances, precision, degraded=judged.degraded, course=judged.course, language=judged.language
        ),
    )

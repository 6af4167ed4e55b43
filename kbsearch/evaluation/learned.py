"""What learning would bring: questions confirmed as variants of their cases, models refitted fold by fold."""

from __future__ import annotations

import random
from collections import defaultdict
from dataclasses import replace

from kbsearch.evaluation.sets import MatchingSet

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

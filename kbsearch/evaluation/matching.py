"""Measures matching on a labelled set, through the `Matcher` that answers live."""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from kbsearch.evaluation.sets import LabelledQuestion, MatchingSet
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.thresholds import calibration_error, error_by_chance
from kbsearch.matching.training import JudgedQuery, judged
from kbsearch.models import Decision
from kbsearch.ports import Progress, silent
from kbsearch.text.language import detect_language

DEPTH = 5


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What became of one question.

    ``rank``: place of the first right case, 1…`DEPTH`; 0 when none was among them.  ``answerable``: a right
    case is in the set.  ``removed``: its right cases were all removed.  ``chance``: probability of the first
    case, None when there is none; ``first_right``: it is right.  ``judged``: what a model learns from it.
    """

    question: LabelledQuestion
    answerable: bool
    removed: bool
    rank: int
    first_right: bool
    chance: float | None
    decision: Decision
    milliseconds: float
    judged: JudgedQuery


@dataclass(frozen=True, slots=True)
class MatchingReport:
    """Figures of one measurement; shares in [0, 1], None where nothing could be counted.

    ``hit_k``: share of the answerable questions with a right case among the first k.  ``mrr_5``: mean of
    1 / rank of the first right case, 0 beyond the fifth.  ``answer_precision``: share of the ``answer``
    decisions whose first case is right.  ``answer_coverage``: share of all questions decided ``answer``.
    ``abstain_recall``: share of the questions whose cases were removed that got ``abstain``.  ``ece``:
    expected calibration error of the probability of the first case.  ``counts``: of how many questions each
    share is taken, by the name that is printed.
    """

    hit_1: float | None
    hit_3: float | None
    hit_5: float | None
    mrr_5: float | None
    questions: int
    cases: int
    p50_ms: float
    p95_ms: float
    answer_precision: float | None = None
    answer_coverage: float | None = None
    abstain_recall: float | None = None
    ece: float | None = None
    ece_by_chance: float | None = None
    counts: Mapping[str, int] = field(default_factory=dict)


def without_some(whole: MatchingSet, share: float, seed: int) -> MatchingSet:
    """``whole`` without a random ``share`` in [0, 1) of its cases; the questions and the truth stay."""
    count = round(share * len(whole.cases))
    gone = set(random.Random(seed).sample(range(len(whole.cases)), count))  # noqa: S311  # a sample, no secret
    left = tuple(case for place, case in enumerate(whole.cases) if place not in gone)
    return replace(whole, cases=left)


def run_matching(
    matcher: Matcher,
    chosen: MatchingSet,
    ids: Mapping[str, int],
    precision: float,
    progress: Progress = silent,
) -> list[Outcome]:
    """Match every question of ``chosen``.

    Args:
        matcher: over an index that holds the cases of ``chosen`` and nothing else.
        chosen: the set, with some of its cases removed or not.
        ids: index id of each case id of the set.
        precision: what the decision ``answer`` must reach.
        progress: told of each question.
    """
    outcomes = []
    for done, question in enumerate(chosen.questions, 1):
        outcomes.append(_outcome(matcher, question, chosen, ids, precision))
        progress(done, len(chosen.questions), "asking questions")
    return outcomes


def _outcome(
    matcher: Matcher,
    question: LabelledQuestion,
    chosen: MatchingSet,
    ids: Mapping[str, int],
    precision: float,
) -> Outcome:
    truth = chosen.relevant.get(question.id, frozenset())
    right = {ids[one] for one in truth if one in ids}
    started = time.perf_counter()
    language = detect_language(question.text)
    result = matcher.match(question.text, question.course, question.lesson, limit=DEPTH)
    decision = matcher.decide(result, precision, question.course, language)
    spent = 1000 * (time.perf_counter() - started)
    rights = tuple(match.case_id in right for match in result.matches)
    return Outcome(
        question=question,
        answerable=bool(right),
        removed=bool(truth) and not right,
        rank=rights.index(True) + 1 if True in rights else 0,
        first_right=bool(rights) and rights[0],
        chance=result.matches[0].probability if result.matches else None,
        decision=decision,
        milliseconds=spent,
        judged=judged(
            result.pool, right, group_of(question, chosen), course=question.course, language=language
        ),
    )


def group_of(question: LabelledQuestion, chosen: MatchingSet) -> str:
    """What ``question`` is about: its topic, else its cases, else itself."""
    return question.label or min(chosen.relevant.get(question.id, {question.id}))


def summarise(outcomes: Sequence[Outcome], cases: int) -> MatchingReport:
    """The figures of ``outcomes`` over ``cases`` cases."""
    ranks = [outcome.rank for outcome in outcomes if outcome.answerable]
    times = [outcome.milliseconds for outcome in outcomes] or [0.0]
    return MatchingReport(
        hit_1=_hit(ranks, 1),
        hit_3=_hit(ranks, 3),
        hit_5=_hit(ranks, DEPTH),
        mrr_5=_mean([1 / rank if rank else 0.0 for rank in ranks]),
        questions=len(outcomes),
        cases=cases,
        p50_ms=round(float(np.percentile(times, 50)), 2),
        p95_ms=round(float(np.percentile(times, 95)), 2),
        answer_precision=_share(o.first_right for o in outcomes if o.decision == Decision.ANSWER),
        answer_coverage=_share(o.decision == Decision.ANSWER for o in outcomes),
        abstain_recall=_share(o.decision == Decision.ABSTAIN for o in outcomes if o.removed),
        ece=_calibration(outcomes),
        ece_by_chance=_by_chance(outcomes),
        counts={
            **dict.fromkeys(("hit@1", "hit@3", "hit@5", "mrr@5"), len(ranks)),
            "answer_precision": sum(outcome.decision == Decision.ANSWER for outcome in outcomes),
            "answer_coverage": len(outcomes),
            "abstain_recall": sum(outcome.removed for outcome in outcomes),
            "ece": sum(outcome.chance is not None for outcome in outcomes),
        },
    )


def _calibration(outcomes: Sequence[Outcome]) -> float | None:
    known = [outcome for outcome in outcomes if outcome.chance is not None]
    if not known:
        return None
    chances = [outcome.chance or 0.0 for outcome in known]
    return round(calibration_error(chances, [outcome.first_right for outcome in known]), 4)


def _by_chance(outcomes: Sequence[Outcome]) -> float | None:
    chances = [outcome.chance for outcome in outcomes if outcome.chance is not None]
    return round(error_by_chance(chances), 4) if chances else None


def _hit(ranks: Sequence[int], depth: int) -> float | None:
    return _share(1 <= rank <= depth for rank in ranks)


def _share(flags: Iterable[bool]) -> float | None:
    return _mean([float(flag) for flag in flags])


def _mean(values: Sequence[float]) -> float | None:
    return round(sum(values) / len(values), 4) if values else None

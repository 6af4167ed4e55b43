"""Learning from use: a model fitted on judgements, kept only when it is better on those held out."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from kbsearch.database import Database
from kbsearch.errors import Conflict
from kbsearch.evaluation.bounds import ALPHA, PairedTest, paired_test
from kbsearch.evaluation.quality import UNANSWERABLE, reciprocal
from kbsearch.matching.features import features
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.model import MatchingModel, load_model
from kbsearch.matching.training import JudgedQuery, fit, judged
from kbsearch.ports import Progress, silent
from kbsearch.services.active_matcher import active_model
from kbsearch.services.judgements import JudgedQuestion, gather
from kbsearch.services.model_versions import ModelVersions, next_name
from kbsearch.services.replaying import Bench, live_cases, matchers

LEAST = 40
"""Judged questions with a right case that are needed before anything is learned."""
PARTS = 5
"""Parts of the groups; each is held out once."""
MOST = 4_000
"""Judged questions that are learned from, the newest."""
LIGHTEST, HEAVIEST = 0.2, 3.0
"""Bounds of the weight of one judged question."""
PROVENANCE = "judgements of this knowledge base, from the shipped model"
SURE = 1e-4
"""Probabilities are kept this far from 0 and 1 when their log is taken."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What learning came to.

    ``kept``: "new", "old" or "too little".  ``judged``: questions with a right case.  ``version``: the new
    one when it was kept or, without storing, would be.  ``figures``: both models on held-out judgements.
    """

    kept: str
    judged: int
    version: str
    parent: str
    figures: dict[str, Any]


class LearningService:
    """Fits, compares, stores and activates.  ``bench`` makes indexes away from the live one.

    ``twice_read``: by a second encoder as well.
    """

    def __init__(self, database: Database, bench: Callable[[], Bench], *, twice_read: bool = False) -> None:
        self._database = database
        self._bench = bench
        self._twice_read = twice_read
        self._shipped = load_model(twice_read=twice_read)
        self.versions = ModelVersions(database, twice_read=twice_read)

    def learn(self, progress: Progress = silent, *, store: bool = True) -> Outcome:
        """Fit a model on all judgements; activate it when it is better than the active one.

        A new model starts from the shipped one, which stands for its training data, and not from the last one
        learned: the same judgements would otherwise count again every night.  It is better when the
        reciprocal rank improved on held-out questions, or their log loss while ranks did not worsen (paired,
        p under `ALPHA` / 2 each).

        Raises:
            EncoderUnavailable: the encoder failed.
            Conflict: another version came into use meanwhile, so that the comparison was with the wrong one.
        """
        with self._database.reading() as session:
            old = active_model(session, twice_read=self._twice_read)
            questions = gather(session)[-MOST:]
        replayed = self._replayed(questions, old, progress)
        count = sum(bool(one.right.any()) for one in replayed)
        if count < LEAST:
            return Outcome("too little", count, "", old.version, {"needed": LEAST})
        figures = _compared(replayed, old, self._shipped, progress)
        if not _is_better(figures):
            return Outcome("old", count, "", old.version, figures)
        name = next_name([version.name for version in self.versions.list()])
        if store:
            model = fit(_with_unanswerable(replayed), base=self._shipped, version=name, provenance=PROVENANCE)
            self._check_in_use(old.version)
            provenance = {
                "judged": len(replayed),
                "with_right_case": count,
                "base": self._shipped.version,
                "twice_read": self._twice_read,
            }
            self.versions.store(model, parent=old.version, figures=figures, provenance=provenance)
            self.versions.activate(name)
        return Outcome("new", count, name, old.version, figures)

    def _check_in_use(self, version: str) -> None:
        if (active := self.versions.active()) != version:
            raise Conflict(
                "While this was learned, version '{name}' came into use; what was learned is not kept.",
                remedy="Learn again: it is compared with that version then.",
                name=active,
            )

    def _replayed(
        self, questions: Sequence[JudgedQuestion], model: MatchingModel, progress: Progress
    ) -> list[JudgedQuery]:
        with self._database.reading() as session:
            cases = live_cases(session)
        found: list[JudgedQuery] = []
        progress(0, len(questions), "asking the judged questions")
        done = 0
        for matcher, some in matchers(self._bench(), cases, questions, _source, model):
            for question in some:
                progress(done, len(questions), "asking the judged questions")
                done += 1
                if one := replay(matcher, question):
                    found.append(one)
        return found


def _compared(
    replayed: Sequence[JudgedQuery], old: MatchingModel, shipped: MatchingModel, progress: Progress
) -> dict[str, Any]:
    """Both models on questions whose group the new one did not see."""
    parts = _parts(replayed)
    rows: list[tuple[float, ...]] = []
    for number in range(PARTS):
        progress(number, PARTS, "comparing with the old model")
        seen = [one for one, part in zip(replayed, parts, strict=True) if part != number]
        new = fit(_with_unanswerable(seen), base=shipped, folds=2)
        rows += [
            (*_scores(old, one), *_scores(new, one), one.weight)
            for one, part in zip(replayed, parts, strict=True)
            if part == number
        ]
    return _figures(np.array(rows, np.float64), old.version)


def replay(matcher: Matcher, question: JudgedQuestion) -> JudgedQuery | None:
    """The question with today's candidates; None when nothing is known of the first of them."""
    pool = matcher.match(question.text, question.course, question.lesson, limit=1).pool
    if pool.degraded or not len(pool):
        return None
    if not question.right and question.cases.get(int(pool.ids[0]), 0.0) >= 0:
        return None
    weight = sum(abs(weight) for weight in question.cases.values())
    return judged(
        pool,
        set(question.right),
        group=str(max(question.right)) if question.right else question.key,
        weight=min(max(weight, LIGHTEST), HEAVIEST),
        course=question.course,
        language=question.language,
    )


def _with_unanswerable(found: Sequence[JudgedQuery]) -> list[JudgedQuery]:
    return [*found, *(other for one in found if (other := _without_right(one)) is not None)]


def _without_right(one: JudgedQuery) -> JudgedQuery | None:
    """The question as if its right cases were not there; None when it has none, or nothing else."""
    left = ~one.right
    if left.all() or not left.any():
        return None
    return replace(one, signals=one.signals[left], right=one.right[left], weight=one.weight * UNANSWERABLE)


def _parts(replayed: Sequence[JudgedQuery]) -> list[int]:
    """A part for each question; groups stay whole, the largest are dealt out first."""
    groups = Counter(one.group for one in replayed)
    sizes = [0] * PARTS
    part_of = {}
    for group, count in sorted(groups.items(), key=lambda item: (-item[1], item[0])):
        part_of[group] = sizes.index(min(sizes))
        sizes[part_of[group]] += count
    return [part_of[one.group] for one in replayed]


def _scores(model: MatchingModel, one: JudgedQuery) -> tuple[float, float]:
    """Reciprocal rank of the first right case; log loss, also of the question without its right cases."""
    rank, loss = _score(model, one)
    without = _without_right(one)
    if without is None:
        return rank, loss
    return rank, (loss + UNANSWERABLE * _score(model, without)[1]) / (1 + UNANSWERABLE)


def _score(model: MatchingModel, one: JudgedQuery) -> tuple[float, float]:
    score = model.hybrid.ranker.score(one.signals)
    order = np.argsort(-score, kind="stable")
    right = one.right[order]
    rank = int(right.argmax()) + 1 if right.any() else 0
    table = features(one.signals[order], score[order], 1)
    chance = min(max(model.probabilities(table, degraded=False)[0], SURE), 1 - SURE)
    return reciprocal(rank), -math.log(chance if right[0] else 1 - chance)


def _figures(rows: np.ndarray[Any, Any], old: str) -> dict[str, Any]:
    """``rows``: reciprocal rank and log loss of the old model, of the new one, and the weight."""
    weight = rows[:, 4] / rows[:, 4].mean()
    mean = np.average(rows[:, :4], axis=0, weights=weight)
    rank = paired_test(rows[:, 0] * weight, rows[:, 2] * weight)
    loss = paired_test(-rows[:, 1] * weight, -rows[:, 3] * weight)
    return {
        "n": len(rows),
        "compared_with": old,
        "mrr": {"old": round(float(mean[0]), 4), "new": round(float(mean[2]), 4), **_told(rank)},
        "log_loss": {"old": round(float(mean[1]), 4), "new": round(float(mean[3]), 4), **_told(loss)},
    }


def _told(test: PairedTest) -> dict[str, Any]:
    told = asdict(test)
    return {name: told[name] for name in ("better", "worse")} | {
        "difference": round(test.difference, 5),
        "p": round(test.p, 5),
    }


def _is_better(figures: dict[str, Any]) -> bool:
    """Better ranks decide; else better probabilities, if ranks did not worsen.

    Log loss of the first case cannot object to better ranks: a model that is always wrong and knows it has
    the best log loss of all.
    """
    ranks, loss = figures["mrr"], figures["log_loss"]
    if ranks["difference"] > 0 and ranks["p"] < ALPHA / 2:
        return True
    worse = ranks["difference"] < 0 and ranks["p"] < ALPHA
    return loss["difference"] > 0 and loss["p"] < ALPHA / 2 and not worse


def _source(question: JudgedQuestion) -> tuple[str, int | None]:
    return question.key, question.question_id

"""Measuring an evaluation set the way that the golden set is measured."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from kbsearch.evaluation.quality import Asked, Measured, measured
from kbsearch.evaluation.set_cases import as_case
from kbsearch.evaluation.sets import LabelledQuestion, MatchingSet
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.model import MatchingModel
from kbsearch.ports import Progress, silent
from kbsearch.services.replaying import Bench
from kbsearch.text.language import detect_language


def rows_of_set(
    bench: Bench, chosen: MatchingSet, model: MatchingModel, precision: float, progress: Progress = silent
) -> list[Measured]:
    """Every question of ``chosen`` that has a right case there, asked of ``model``.

    Ids are made of a question's own id and text: a baseline of another set, or of an earlier state of this
    one, is not compared with questions that merely stand in the same places.
    """
    ids = {case.id: number for number, case in enumerate(chosen.cases, 1)}
    asked = _asked(chosen, ids)
    found = []
    with bench.index([as_case(case, ids[case.id]) for case in chosen.cases]) as index:
        matcher = Matcher(index, bench.embedder, model)
        for done, one in enumerate(asked):
            progress(done, len(asked), "asking the golden questions")
            found.append(measured(matcher, one, precision))
    return found


def _asked(chosen: MatchingSet, ids: dict[str, int]) -> Sequence[Asked]:
    truth = {
        question.id: frozenset(
            ids[one] for one in chosen.relevant.get(question.id, frozenset()) if one in ids
        )
        for question in chosen.questions
    }
    return [
        Asked(
            _id_of(question),
            question.text,
            question.course,
            question.lesson,
            detect_language(question.text),
            truth[question.id],
        )
        for question in chosen.questions
        if truth[question.id]
    ]


def _id_of(question: LabelledQuestion) -> int:
    said = f"{question.id}\n{question.text}".encode()
    return int.from_bytes(blake2b(said, digest_size=6).digest())

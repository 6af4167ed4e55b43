"""Questions of a school in another language than its cases, translated by hand.

`data/other_schools/translations.csv` has some of each school's questions, those that no case answers among
them: Russian schools are asked in English, the English one in Russian.
"""

from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

from kbsearch.evaluation.sets import LabelledQuestion, MatchingSet

SHARE = 0.1
"""What a school's translated questions weigh, of its own questions: a prior, not a measurement."""


def translations(school: str, folder: Path) -> dict[str, str]:
    """The texts of the translated questions of ``school``, by the id of the question."""
    with folder.joinpath("translations.csv").open(encoding="utf-8", newline="") as file:
        return {row["question_id"]: row["text"] for row in csv.DictReader(file) if row["school"] == school}


def also_translated(chosen: MatchingSet, texts: dict[str, str]) -> tuple[MatchingSet, frozenset[str]]:
    """``chosen`` with translations of its questions, and their ids.

    A question that became a variant of its case is not among those of ``chosen``: nor is its translation.
    """
    found: list[LabelledQuestion] = []
    relevant = dict(chosen.relevant)
    for question in chosen.questions:
        if question.id in texts:
            named = f"{question.id}-translated"
            found.append(replace(question, id=named, text=texts[question.id]))
            if question.id in relevant:
                relevant[named] = relevant[question.id]
    asked = replace(chosen, questions=(*chosen.questions, *found), relevant=relevant)
    return asked, frozenset(one.id for one in found)

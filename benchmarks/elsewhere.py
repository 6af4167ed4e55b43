"""Questions from outside a school's world: what no case of it can answer, and no case is nearly about.

Two kinds, half of the weight each: what students of other schools ask about subjects that only their school
teaches (`data/other_schools/own_subjects.csv`), and everyday questions (`everyday.txt`).  Of other schools'
questions about payments, deadlines or certificates none is taken: a case of this school may answer them.
"""

from __future__ import annotations

import csv
import random
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from kbsearch.evaluation.sets import LabelledQuestion, MatchingSet

SHARE = 0.05
"""Of all that a school is asked: a prior, not a measurement.

Questions meant for another chat or for a search engine, and such as try the school out, come now and then.
"""
SEED = 1


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """``subjects``: of other schools' subjects.  ``everyday``: of no school."""

    subjects: tuple[LabelledQuestion, ...]
    everyday: tuple[LabelledQuestion, ...]


def asked_elsewhere(schools: Sequence[MatchingSet], folder: Path) -> dict[str, Elsewhere]:
    """What each of ``schools`` is asked from outside its world, by its name; each question is asked once.

    ``folder`` holds `own_subjects.csv` and `everyday.txt`.
    """
    names = [school.name for school in schools]
    subjects: dict[str, list[LabelledQuestion]] = {name: [] for name in names}
    for school in schools:
        others = [name for name in names if name != school.name]
        for place, question in enumerate(_of_own_subjects(school, folder)):
            subjects[others[place % len(others)]].append(question)
    lines = folder.joinpath("everyday.txt").read_text("utf-8").splitlines()
    everyday = [LabelledQuestion(f"everyday-{place}", line) for place, line in enumerate(lines)]
    return {
        name: Elsewhere(tuple(subjects[name]), tuple(everyday[place :: len(names)]))
        for place, name in enumerate(names)
    }


def _of_own_subjects(school: MatchingSet, folder: Path) -> list[LabelledQuestion]:
    """The questions of ``school`` that its own subjects alone answer, shuffled, without course and lesson."""
    with folder.joinpath("own_subjects.csv").open(encoding="utf-8", newline="") as file:
        own = {row["case_id"] for row in csv.DictReader(file) if row["school"] == school.name}
    found = [
        LabelledQuestion(f"{school.name}-{question.id}", question.text)
        for question in school.questions
        if school.relevant.get(question.id) and school.relevant[question.id] <= own
    ]
    random.Random(SEED).shuffle(found)  # noqa: S311  # an order, no secret
    return found

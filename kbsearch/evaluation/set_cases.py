"""Cases of a labelled set as a school has them."""

from __future__ import annotations

from kbsearch.evaluation.sets import LabelledCase
from kbsearch.models import Case, CaseState, Variant


def as_case(labelled: LabelledCase, number: int) -> Case:
    """``labelled`` as a published case with the id ``number``; it is in no database."""
    return Case(
        id=number,
        title=labelled.title,
        answer=labelled.answer,
        variants=[Variant(text=text) for text in labelled.variants],
        course_code=labelled.course,
        lessons=list(labelled.lessons),
        tags=list(labelled.tags),
        language="",
        state=CaseState.PUBLISHED,
    )

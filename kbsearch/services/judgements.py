"""Judgements: which case answers a question, by what people did, weighed so that no one person rules.

They are read from feedback, from questions that were answered with a case, and from phrasings that were kept
with one; nothing is stored twice.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kbsearch.models import (
    LIVE_STATES,
    Case,
    Feedback,
    FeedbackAction,
    Match,
    Question,
    QuestionState,
    Revision,
    Suggestion,
    Variant,
)
from kbsearch.services.intake import text_key
from kbsearch.services.verdicts import CHOSEN, STANDING, actor_of

PROGRAMS = "programs"
SCHOOL = "school"
"""Who judged where no person is known: imports, and phrasings that were kept with a case."""
WEIGHTS: Mapping[str, float] = {
    FeedbackAction.ANSWERED: 1.0,
    FeedbackAction.ACCEPTED: 1.0,
    FeedbackAction.EDITED: 1.0,
    FeedbackAction.REJECTED: 1.0,
    FeedbackAction.COPIED: 0.5,
}
SOUGHT = 2.0
"""Times that the word for a case counts that was not shown: somebody went and looked for it."""
SKIPPED = 0.2
"""Weight against a case that was shown above the one that somebody settled on (Joachims, KDD 2002)."""
MISSED = 0.5
"""Weight against each of the first cases when "nothing fits"."""
LOOKED_AT = 3
"""How many of the rows shown count as seen when nothing was chosen of them."""
MOST_PROPENSITY = 5.0
"""Rows further down are looked at less: a choice at rank r weighs r times, but not more than this.

The chance of being looked at is taken as 1 / rank: position-based model, Joachims, Swaminathan and Schnabel,
"Unbiased learning-to-rank with biased feedback", WSDM 2017, with exponent 1; clipped against variance.
"""
PROGRAM = 0.5
"""A program's feedback stands for its asker's own action, who is no mentor."""
LEAST_CAP = 20.0
"""One actor's total weight is cut to twice the lower median of all, but not below this."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One actor's word on one case for one question; ``weight`` is positive, ``right`` its sign.

    ``settled``: a person settled on the case.
    """

    text: str
    key: str
    course: str
    lesson: str
    language: str
    question_id: int | None
    case_id: int
    right: bool
    weight: float
    actor: str
    at: datetime
    settled: bool = False


@dataclass(slots=True)
class JudgedQuestion:
    """A question with what is known of its cases: case id → weight, positive for right ones.

    ``key``: equal for the same wording, so that it never stands on both sides of a split.  ``confirmed``: the
    people who settled on each case; ``answered``: cases that answered it, by whomever.
    """

    text: str
    key: str
    course: str
    lesson: str
    language: str
    question_id: int | None
    at: datetime
    cases: dict[int, float] = field(default_factory=dict)
    confirmed: dict[int, set[str]] = field(default_factory=dict)
    answered: set[int] = field(default_factory=set)

    @property
    def right(self) -> list[int]:
        """Cases that answer it, as far as is known."""
        return [case_id for case_id, weight in self.cases.items() if weight > 0]


def gather(session: Session) -> list[JudgedQuestion]:
    """All judged questions, oldest first, each case's words of all actors added up.

    Only live cases count.  A word against a case lapses when its title or answer was rewritten since.
    """
    told = list(_of_feedback(session))
    chosen = {(one.key, one.case_id) for one in told if one.right}
    quiet = [*_of_answers(session), *_of_variants(session)]
    found = told + [one for one in quiet if (one.key, one.case_id) not in chosen]
    return _by_question(_capped(_last_words(_still_true(session, found))))


def _by_question(judgements: Iterable[Judgement]) -> list[JudgedQuestion]:
    questions: dict[tuple[str, str], JudgedQuestion] = {}
    for one in sorted(judgements, key=lambda judgement: judgement.at):
        place = (one.key, one.course)
        if place not in questions:
            questions[place] = JudgedQuestion(
                one.text, one.key, one.course, one.lesson, one.language, one.question_id, one.at
            )
        known = questions[place]
        known.question_id = known.question_id or one.question_id
        known.cases[one.case_id] = known.cases.get(one.case_id, 0.0) + (
            one.weight if one.right else -one.weight
        )
        if one.settled:
            known.confirmed.setdefault(one.case_id, set()).add(one.actor)
        if one.right and one.actor == SCHOOL:
            known.answered.add(one.case_id)
    return list(questions.values())


def _of_feedback(session: Session) -> Iterator[Judgement]:
    with_feedback = select(Feedback.suggestion_id).where(STANDING)
    rows = select(Match.suggestion_id, Match.case_id).where(Match.suggestion_id.in_(with_feedback))
    shown: defaultdict[str, list[int]] = defaultdict(list)
    for suggestion_id, case_id in session.execute(rows.order_by(Match.suggestion_id, Match.rank)):
        shown[suggestion_id].append(case_id)
    given = select(Feedback, Suggestion).join(Suggestion, Feedback.suggestion_id == Suggestion.id)
    for feedback, suggestion in session.execute(given.where(STANDING).order_by(Feedback.id)):
        yield from words_of(feedback, suggestion, shown[suggestion.id])


def words_of(feedback: Feedback, suggestion: Suggestion, shown: Sequence[int]) -> Iterator[Judgement]:
    """What one feedback says of the case that it names, and of the cases ``shown``, in their order."""
    share = 1.0 if feedback.token_id is None else PROGRAM
    base = Judgement(
        text=suggestion.text,
        key=text_key(suggestion.text),
        course=suggestion.course_code,
        lesson=suggestion.lesson_code,
        language=suggestion.language,
        question_id=suggestion.question_id,
        case_id=0,
        right=False,
        weight=share * MISSED,
        actor=actor_of(feedback.person_id, feedback.token_id) or SCHOOL,
        at=feedback.created_at,
    )
    if feedback.action == FeedbackAction.NOTHING_FITS:
        yield from (replace(base, case_id=case_id) for case_id in shown[:LOOKED_AT])
    elif feedback.case_id is not None:
        yield from _named(replace(base, case_id=feedback.case_id), feedback, shown)


def _named(base: Judgement, feedback: Feedback, shown: Sequence[int]) -> Iterator[Judgement]:
    share = base.weight / MISSED
    weight = share * WEIGHTS.get(feedback.action, 0.0)
    if feedback.action == FeedbackAction.REJECTED:
        yield replace(base, weight=weight)
        return
    looked = min(float(feedback.rank), MOST_PROPENSITY) if feedback.rank else SOUGHT
    settled = feedback.action in CHOSEN
    by_person = settled and feedback.person_id is not None
    yield replace(base, right=True, weight=weight * looked, settled=by_person)
    if settled and feedback.rank:
        above = shown[: feedback.rank - 1][:LOOKED_AT]
        yield from (replace(base, case_id=case_id, weight=share * SKIPPED) for case_id in above)


def _of_answers(session: Session) -> Iterator[Judgement]:
    """Questions that came with the case that answered them, or that somebody marked so."""
    query = select(Question).where(Question.state == QuestionState.ANSWERED, Question.case_id.is_not(None))
    for question in session.scalars(query):
        yield _of_school(question, question.case_id or 0)


def _of_variants(session: Session) -> Iterator[Judgement]:
    """Questions whose words somebody kept with a case."""
    query = select(Question, Variant.case_id).join(Variant, Variant.question_id == Question.id)
    for question, case_id in session.execute(query):
        yield _of_school(question, case_id)


def _of_school(question: Question, case_id: int) -> Judgement:
    return Judgement(
        text=question.text,
        key=question.text_key,
        course=question.course_code,
        lesson=question.lesson_code,
        language=question.language,
        question_id=question.id,
        case_id=case_id,
        right=True,
        weight=1.0,
        actor=SCHOOL,
        at=question.asked_at,
    )


def _still_true(session: Session, found: Sequence[Judgement]) -> list[Judgement]:
    live = set(session.scalars(select(Case.id).where(Case.state.in_(LIVE_STATES))))
    against = {one.case_id for one in found if not one.right} & live
    rewritten = _rewritten(session, against)
    return [
        one
        for one in found
        if one.case_id in live and (one.right or one.at >= rewritten.get(one.case_id, one.at))
    ]


def _rewritten(session: Session, case_ids: Iterable[int]) -> dict[int, datetime]:
    """When title or answer of each case last changed."""
    query = select(Revision.case_id, Revision.snapshot, Revision.created_at)
    query = query.where(Revision.case_id.in_(list(case_ids))).order_by(Revision.case_id, Revision.number)
    content: dict[int, tuple[Any, Any]] = {}
    moments: dict[int, datetime] = {}
    for case_id, snapshot, created_at in session.execute(query):
        told = (snapshot.get("title"), snapshot.get("answer"))
        if content.get(case_id) != told:
            content[case_id], moments[case_id] = told, created_at
    return moments


def _last_words(found: Iterable[Judgement]) -> list[Judgement]:
    """Of each actor's words on a case for a wording the last; passing over it says less than any other."""
    last: dict[tuple[str, str, str, int], Judgement] = {}
    for one in found:
        place = (one.actor, one.key, one.course, one.case_id)
        known = last.get(place)
        if known is None or _strength(one) >= _strength(known):
            last[place] = one
    return list(last.values())


def _strength(one: Judgement) -> tuple[bool, datetime]:
    return one.weight > SKIPPED, one.at


def _capped(found: Sequence[Judgement]) -> list[Judgement]:
    """``found`` with the weights of busy actors, and of programs together, cut."""
    totals: defaultdict[str, float] = defaultdict(float)
    for one in found:
        totals[_payer(one)] += one.weight
    people = [total for payer, total in totals.items() if payer not in (SCHOOL, PROGRAMS)]
    cap = max(LEAST_CAP, 2 * statistics.median_low(people)) if people else LEAST_CAP
    limits = dict.fromkeys(totals, cap) | {SCHOOL: math.inf}
    limits[PROGRAMS] = max(LEAST_CAP, sum(min(total, cap) for total in people) + totals.get(SCHOOL, 0.0))
    cut = {payer: min(1.0, limits[payer] / total) for payer, total in totals.items()}
    return [replace(one, weight=one.weight * cut[_payer(one)]) for one in found]


def _payer(one: Judgement) -> str:
    return PROGRAMS if one.actor.startswith("token:") else one.actor

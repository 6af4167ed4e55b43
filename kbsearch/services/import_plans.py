"""What undoing an import would remove, and what would stay because people have worked on it since."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Select, exists, func, or_, select
from sqlalchemy.orm import Session

from kbsearch.models import (
    Aside,
    Case,
    CasePair,
    ClusterEdit,
    EditKind,
    Feedback,
    GoldenPair,
    Import,
    LinkKind,
    Match,
    Question,
    QuestionLink,
    QuestionState,
    Reply,
    Revision,
    Suggestion,
    Variant,
)
from kbsearch.services.edit_rows import STANDS
from kbsearch.services.row_chunks import chunks
from kbsearch.services.school_reverting import SchoolPlan, school_plan
from kbsearch.services.verdicts import STANDING

CHOSEN = (EditKind.MOVE, EditKind.PIN, EditKind.SPLIT, EditKind.DISMISS)
"""Edits for which a person chose each question; a merge takes all that are there."""
EVALUATION_SET = "evalset"
"""Questions of such a file come with the case that answers them."""


class Work(StrEnum):
    """What people did with a question since it was taken in."""

    ANSWERED = "answered"
    JUDGED = "judged"
    LINKED = "linked"
    PHRASING = "phrasing"
    CLUSTERED = "clustered"


@dataclass(frozen=True, slots=True)
class KeptCase:
    """A case that stays, for people have changed or used it."""

    id: int
    title: str


@dataclass(slots=True)
class UndoPlan:
    """What undoing an import would do.

    ``questions``: ids that go.  ``kept``: id → what people did with it, of those that stay.  ``cases``: ids
    that go.  ``restored``: ids of cases of before that get back what they said.  ``kept_cases``: that stay
    as they are.  ``replies``: replies that it brought to other questions, which go.  ``accepted``: replies
    of other questions that it marked as accepted, which are unmarked.  ``school``: courses and enrolments.
    """

    questions: list[int] = field(default_factory=list)
    kept: dict[int, Work] = field(default_factory=dict)
    cases: list[int] = field(default_factory=list)
    restored: list[int] = field(default_factory=list)
    kept_cases: list[KeptCase] = field(default_factory=list)
    replies: int = 0
    accepted: int = 0
    school: SchoolPlan = field(default_factory=SchoolPlan)

    @property
    def changes(self) -> bool:
        """Whether undoing would change anything."""
        rows = self.questions or self.cases or self.restored or self.replies or self.accepted
        return bool(rows) or self.school.changes

    @property
    def only_links(self) -> bool:
        """Whether undoing would change nothing until a later import is undone, too."""
        school = self.school
        now = school.outlines or school.cohorts or school.students
        rows = self.questions or self.cases or self.restored or self.replies or self.accepted
        return self.changes and not (rows or now)

    @property
    def reasons(self) -> dict[str, int]:
        """How many questions stay, by what people did with them."""
        return dict(Counter(str(work) for work in self.kept.values()))


def planned(session: Session, record: Import) -> UndoPlan:
    """What undoing the import would do now."""
    brought = list(session.scalars(select(Question.id).where(*of_import(record)).order_by(Question.id)))
    plan = UndoPlan(kept=_worked_on(session, record, set(brought)), school=school_plan(session, record))
    plan.questions = [one for one in brought if one not in plan.kept]
    _plan_cases(session, record, plan)
    for column, name in ((Reply.import_id, "replies"), (Reply.accepted_import_id, "accepted")):
        query = select(func.count(Reply.id)).join(Question, Question.id == Reply.question_id)
        setattr(plan, name, session.scalar(query.where(column == record.id, elsewhere(record))) or 0)
    return plan


def of_import(record: Import) -> tuple[ColumnElement[bool], ...]:
    """Which questions the import brought."""
    return (
        Question.import_id == record.id,
        Question.id.between(record.first_question_id or 0, record.last_question_id or 0),
    )


def elsewhere(record: Import) -> ColumnElement[bool]:
    """Whether a question was there before the import."""
    return Question.import_id.is_distinct_from(record.id)


def answering() -> ColumnElement[bool]:
    """Whether a question has a reply that answers it."""
    said = (Reply.question_id == Question.id, or_(Reply.by_mentor, Reply.accepted))
    return exists().where(*said)


def _worked_on(session: Session, record: Import, brought: set[int]) -> dict[int, Work]:
    found: dict[int, Work] = {}
    for work, query in _signs(record):
        for one in session.scalars(query):
            found.setdefault(one, work)
    for edit in session.scalars(select(ClusterEdit).where(STANDS, ClusterEdit.kind.in_(CHOSEN))):
        for one in brought.intersection(edit.questions):
            found.setdefault(one, Work.CLUSTERED)
    return found


def _signs(record: Import) -> Iterator[tuple[Work, Select[Any]]]:
    """Queries for the ids of questions of the import that people worked on, by what they did."""
    mine = of_import(record)

    def of(column: Any, *conditions: Any) -> Select[Any]:
        return select(column).join(Question, Question.id == column).where(*mine, *conditions)

    yield Work.ANSWERED, select(Question.id).where(*mine, or_(*_moved(record)))
    yield Work.ANSWERED, of(Reply.question_id, Reply.import_id.is_(None))
    judged = exists().where(Feedback.suggestion_id == Suggestion.id, STANDING)
    yield Work.JUDGED, of(Suggestion.question_id, judged)
    yield Work.JUDGED, of(GoldenPair.question_id, GoldenPair.person_id.is_not(None))
    yield Work.JUDGED, of(Aside.question_id, Aside.kept_at.is_not(None))
    by_people = or_(QuestionLink.kind == LinkKind.PERSON, QuestionLink.undone_at.is_not(None))
    for end in (QuestionLink.question_id, QuestionLink.to_id):
        yield Work.LINKED, of(end, by_people)
    yield Work.PHRASING, of(Variant.question_id)


def _moved(record: Import) -> list[ColumnElement[bool]]:
    """Signs that a person gave a question another state than the file did."""
    plain = Question.case_id.is_(None)
    found = [
        Question.state == QuestionState.DISMISSED,
        (Question.state == QuestionState.ANSWERED) & plain & ~answering(),
        (Question.state == QuestionState.OPEN) & answering(),
    ]
    return found if record.format == EVALUATION_SET else [*found, ~plain]


def _plan_cases(session: Session, record: Import, plan: UndoPlan) -> None:
    rows = session.execute(
        select(Revision.case_id, func.min(Revision.number).label("first"))
        .where(Revision.import_id == record.id)
        .group_by(Revision.case_id)
    ).all()
    created = {row.case_id for row in rows if row.first == 1}
    since = _changed_since(session, record, [row.case_id for row in rows])
    used = _used(session, created - since, set(plan.questions))
    plan.cases = sorted(created - since - used)
    plan.restored = sorted(row.case_id for row in rows if row.case_id not in created | since)
    for some in chunks(sorted(since | used)):
        titles = select(Case.id, Case.title).where(Case.id.in_(some)).order_by(Case.id)
        plan.kept_cases += [KeptCase(row.id, row.title) for row in session.execute(titles)]


def _changed_since(session: Session, record: Import, cases: list[int]) -> set[int]:
    """Those of ``cases`` whose last revision is not of the import."""
    found: set[int] = set()
    for some in chunks(cases):
        last = select(Revision.case_id, func.max(Revision.number).label("number"))
        newest = last.where(Revision.case_id.in_(some)).group_by(Revision.case_id).subquery()
        query = select(Revision.case_id).join(
            newest, (newest.c.case_id == Revision.case_id) & (newest.c.number == Revision.number)
        )
        found.update(session.scalars(query.where(Revision.import_id.is_distinct_from(record.id))))
    return found


def _used(session: Session, cases: Iterable[int], gone: set[int]) -> set[int]:
    """Those of ``cases`` that people have used, when the questions ``gone`` are left out of account."""
    found: set[int] = set()
    judged = exists().where(Feedback.suggestion_id == Match.suggestion_id, STANDING)
    for some in chunks(sorted(cases)):
        owned = or_(Case.owner_id.is_not(None), Case.cluster_id.is_not(None))
        queries = [
            select(Case.id).where(Case.id.in_(some), owned),
            select(Feedback.case_id).where(Feedback.case_id.in_(some), STANDING),
            select(Match.case_id).where(Match.case_id.in_(some), judged),
            select(CasePair.case_id).where(CasePair.case_id.in_(some)),
            select(CasePair.other_id).where(CasePair.other_id.in_(some)),
            select(ClusterEdit.case_id).where(ClusterEdit.case_id.in_(some)),
        ]
        for query in queries:
            found.update(one for one in session.scalars(query.distinct()) if one is not None)
        for table in (Question, GoldenPair):
            asked = table.id if table is Question else GoldenPair.question_id
            rows = session.execute(select(table.case_id, asked).where(table.case_id.in_(some)))
            found.update(case for case, question in rows if case is not None and question not in gone)
    return found

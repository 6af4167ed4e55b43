"""Taking back what an import told of courses and enrolments: what it replaced comes back as it was.

The last import that stands is believed.  What a later one told anew stays as that one says; should it be
undone as well, what was before both comes back.  So imports can be undone in any order, and what is left is
what the others alone would have brought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, aliased

from kbsearch.models import Enrolment, Import, InferredLesson, Lesson, SchoolChange, SchoolPart
from kbsearch.services.outlines import Cohorts, Outline, cohorts_of, outlines_of, put_cohorts, put_outlines
from kbsearch.services.question_removal import look_at_coverage
from kbsearch.services.row_chunks import chunks
from kbsearch.services.school_changes import Part, Value, lock_courses, mark_of, part_of, set_told

Week = tuple[str, date]


class Stays(StrEnum):
    """Why a course stays as it is: told anew, changed otherwise, or another course has a lesson of it."""

    LATER = "later"
    CHANGED = "changed"
    LESSON = "lesson"


@dataclass(frozen=True, slots=True)
class NamedCourse:
    """A course as pages name it."""

    code: str
    title: str


@dataclass(frozen=True, slots=True)
class KeptCourse:
    """A course that stays as it is; ``import_id``: the next import that told it anew."""

    code: str
    title: str
    reason: Stays
    import_id: int | None = None


@dataclass(slots=True)
class SchoolPlan:
    """What undoing an import would do to the school's programme.

    ``outlines``, ``cohorts`` and ``students``: what courses and weeks get back; None: they go.  ``kept``:
    courses that stay as they are.  ``kept_weeks``: weeks of enrolment that stay, by the next import that told
    them anew (0: changed otherwise).  ``links``: what rows of later imports replace, once this one is gone.
    """

    outlines: dict[str, Outline | None] = field(default_factory=dict)
    cohorts: dict[str, Cohorts] = field(default_factory=dict)
    students: dict[Week, int | None] = field(default_factory=dict)
    kept: list[KeptCourse] = field(default_factory=list)
    kept_weeks: Counter[int] = field(default_factory=Counter)
    links: dict[int, Value] = field(default_factory=dict)
    titles: dict[str, str] = field(default_factory=dict)

    @property
    def changes(self) -> bool:
        """Whether undoing would change anything, now or when a later import is undone."""
        return bool(self.outlines or self.cohorts or self.students or self.links)

    @property
    def removed(self) -> list[NamedCourse]:
        """Courses that go."""
        return self._named(code for code, outline in self.outlines.items() if outline is None)

    @property
    def restored(self) -> list[NamedCourse]:
        """Courses that say again what they said before."""
        back = {code for code, outline in self.outlines.items() if outline is not None}
        return self._named(back | self.cohorts.keys())

    @property
    def weeks_removed(self) -> int:
        """Weeks of enrolment that go."""
        return sum(number is None for number in self.students.values())

    @property
    def weeks_restored(self) -> int:
        """Weeks of enrolment that have again the number of before."""
        return len(self.students) - self.weeks_removed

    def _named(self, codes: Iterable[str]) -> list[NamedCourse]:
        named = [NamedCourse(code, self.titles.get(code, code)) for code in codes]
        return sorted(named, key=lambda one: (one.title, one.code))


def school_plan(session: Session, record: Import) -> SchoolPlan:
    """What undoing the import would do to the school's programme now."""
    rows = _rows(session, record.id)
    plan = SchoolPlan()
    known = _known(session, [row for row, _ in rows], plan)
    back: dict[Part, Value] = {}
    why: dict[str, tuple[Stays, int | None]] = {}
    for row, later in rows:
        part = part_of(row)
        reason: tuple[Stays, int | None]
        if later is not None:
            if _starts_from(later) == row.told:
                plan.links[later.id] = row.before
            reason = Stays.LATER, later.import_id
        elif mark_of(known[part]) == row.told:
            back[part] = known[part] = row.before
            continue
        else:
            reason = Stays.CHANGED, None
        if part.name is SchoolPart.STUDENTS:
            plan.kept_weeks[reason[1] or 0] += 1
        else:
            why.setdefault(part.course, reason)
    _fill(session, plan, back, why)
    plan.kept = [KeptCourse(code, plan.titles.get(code, code), *why[code]) for code in sorted(why)]
    return plan


def lock_school(session: Session, record: Import) -> None:
    """Let nobody else change what the import told before this transaction ends."""
    told = select(SchoolChange.course_code).where(SchoolChange.import_id == record.id)
    lock_courses(session)
    enrolments = select(Enrolment.id).where(Enrolment.course_code.in_(told)).order_by(Enrolment.id)
    session.execute(enrolments.with_for_update())


def revert(session: Session, record: Import, plan: SchoolPlan) -> None:
    """Do what ``plan`` says in the caller's transaction, and forget what the import told."""
    put_outlines(session, plan.outlines)
    for course, cohorts in plan.cohorts.items():
        put_cohorts(session, course, cohorts)
    _put_students(session, plan.students)
    for some in chunks(sorted(plan.links)):
        for row in session.scalars(select(SchoolChange).where(SchoolChange.id.in_(some))):
            set_told(row, plan.links[row.id], row.told)
    session.flush()
    gone = delete(SchoolChange).where(SchoolChange.import_id == record.id)
    session.execute(gone.execution_options(synchronize_session=False))
    if plan.outlines:
        there = select(Lesson.code)
        session.execute(delete(InferredLesson).where(InferredLesson.lesson_code.not_in(there)))
        look_at_coverage(session)


def keeps_nothing(session: Session, record: Import) -> bool:
    """Whether the import told of courses or enrolments, and nobody kept what was known before."""
    if not any(record.taken.get(name) for name in ("courses", "enrolments")):
        return False
    return session.scalar(select(SchoolChange.id).where(SchoolChange.import_id == record.id).limit(1)) is None


def _rows(session: Session, import_id: int) -> Sequence[tuple[SchoolChange, SchoolChange | None]]:
    """What the import changed, the last change first, each with what a later import told of the part next."""
    own, later, following = aliased(SchoolChange), aliased(SchoolChange), aliased(SchoolChange)
    same_part = (
        following.course_code == own.course_code,
        following.part == own.part,
        following.week.is_not_distinct_from(own.week),
    )
    first = select(func.min(following.id)).where(
        *same_part, following.id > own.id, following.import_id != own.import_id
    )
    query = select(own, later).outerjoin(later, later.id == first.correlate(own).scalar_subquery())
    mine = query.where(own.import_id == import_id, own.changed).order_by(own.id.desc())
    return [(row[0], row[1]) for row in session.execute(mine)]


def _starts_from(row: SchoolChange) -> str:
    """The fingerprint of what was known before ``row``."""
    return mark_of(row.before) if row.changed else row.told


def _known(session: Session, rows: Sequence[SchoolChange], plan: SchoolPlan) -> dict[Part, Value]:
    """What is known now of the parts that ``rows`` are about; notes the titles of the courses."""
    courses = {row.course_code for row in rows}
    outlines, cohorts = outlines_of(session, courses), cohorts_of(session, courses)
    plan.titles = {code: outline["title"] for code, outline in outlines.items()}
    known: dict[Part, Value] = {}
    for code in courses:
        known[Part(SchoolPart.OUTLINE, code)] = outlines.get(code)
        known[Part(SchoolPart.COHORTS, code)] = cohorts[code]
    students = _students(session, courses)
    for row in rows:
        if row.week is not None:
            enrolled = students.get((row.course_code, row.week))
            known[part_of(row)] = None if enrolled is None else {"students": enrolled.students}
    return known


def _students(session: Session, courses: Iterable[str]) -> dict[Week, Enrolment]:
    found: dict[Week, Enrolment] = {}
    for some in chunks(sorted(courses)):
        query = select(Enrolment).where(Enrolment.course_code.in_(some))
        found |= {(one.course_code, one.week): one for one in session.scalars(query)}
    return found


def _fill(
    session: Session, plan: SchoolPlan, back: dict[Part, Value], why: dict[str, tuple[Stays, int | None]]
) -> None:
    """Put into ``plan`` what can come back; ``why`` gets the courses that cannot."""
    for part, value in back.items():
        if part.name is SchoolPart.OUTLINE:
            plan.outlines[part.course] = value
        elif part.week is not None:
            plan.students[part.course, part.week] = value["students"] if value else None
    for course in _clashing(session, plan.outlines):
        del plan.outlines[course]
        why[course] = Stays.LESSON, None
    for part, value in back.items():
        stays = plan.outlines.get(part.course, part.course in plan.titles)
        if part.name is SchoolPart.COHORTS and value is not None and stays:
            plan.cohorts[part.course] = value


def _clashing(session: Session, outlines: dict[str, Outline | None]) -> set[str]:
    """Courses that cannot be what they were, for a lesson of then would be in two courses."""
    lessons = {code: [one[0] for one in outline["lessons"]] for code, outline in outlines.items() if outline}
    owners: dict[str, str] = {}
    for some in chunks(sorted({one for each in lessons.values() for one in each})):
        rows = session.execute(select(Lesson.code, Lesson.course_code).where(Lesson.code.in_(some)))
        owners |= {row.code: row.course_code for row in rows}
    found: set[str] = set()
    while True:
        stay = found | (set(owners.values()) - outlines.keys())
        wanted = Counter(one for code, each in lessons.items() if code not in found for one in each)
        more = {
            code
            for code, each in lessons.items()
            if code not in found and any(wanted[one] > 1 or owners.get(one, code) in stay for one in each)
        }
        if not more:
            return found
        found |= more


def _put_students(session: Session, students: dict[Week, int | None]) -> None:
    known = _students(session, {course for course, _ in students})
    gone = [known[week].id for week, number in students.items() if number is None]
    for week, number in students.items():
        if number is not None:
            known[week].students = number
    session.flush()
    for some in chunks(sorted(gone)):
        statement = delete(Enrolment).where(Enrolment.id.in_(some))
        session.execute(statement.execution_options(synchronize_session=False))

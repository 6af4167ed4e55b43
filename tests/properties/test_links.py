"""Links between questions make groups with one first question each, whatever is linked and undone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.models import LinkKind, Question, QuestionLink, utc_now
from kbsearch.services.link_rows import ACTIVE, Found, join, link_of, members_of, part, roots_of, store_found

COUNT = 8
IDS = range(1, COUNT + 1)
STEPS = st.lists(
    st.tuples(st.sampled_from(["machine", "person", "undo"]), st.sampled_from(IDS), st.sampled_from(IDS)),
    max_size=25,
)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path_factory.mktemp('links') / 'k.db'}")
    made.upgrade()
    with made.writing() as session:
        for number in IDS:
            session.add(
                Question(
                    id=number, source="t", external_id=str(number), text="?", text_key="", asked_at=utc_now()
                )
            )
    yield made
    made.close()


def groups(session: Session) -> list[set[int]]:
    """What the links say, found anew by following them."""
    found = [{one} for one in IDS]
    for link in session.scalars(select(QuestionLink).where(ACTIVE)):
        one = next(group for group in found if link.question_id in group)
        other = next(group for group in found if link.to_id in group)
        assert one is not other
        found.remove(one)
        other |= one
    return found


def take(session: Session, step: str, one: int, other: int) -> None:
    if step == "machine" and one > other:
        store_found(session, [Found(one, other, LinkKind.NEAR, 0.95)])
    elif step == "person":
        join(session, one, other, None)
    elif step == "undo" and (link := link_of(session, one)) is not None:
        part(session, link, None)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS)
def test_each_group_has_its_lowest_question_as_its_root(
    database: Database, steps: list[tuple[str, int, int]]
) -> None:
    with database.writing() as session:
        session.execute(delete(QuestionLink))
        for step in steps:
            take(session, *step)
            session.flush()
            for group in groups(session):
                assert roots_of(session, group) == dict.fromkeys(group, min(group))
                assert members_of(session, min(group)) == sorted(group)


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, one=st.sampled_from(IDS), other=st.sampled_from(IDS))
def test_undoing_what_was_just_linked_changes_nothing(
    database: Database, steps: list[tuple[str, int, int]], one: int, other: int
) -> None:
    with database.writing() as session:
        session.execute(delete(QuestionLink))
        for step in steps:
            take(session, *step)
        before = sorted(map(sorted, groups(session)))
        link = join(session, one, other, None)
        if link is not None:
            assert sorted(map(sorted, groups(session))) != before
            part(session, link, None)
        assert sorted(map(sorted, groups(session))) == before


@settings(max_examples=60, deadline=None)
@given(steps=STEPS, one=st.sampled_from(IDS), other=st.sampled_from(IDS))
def test_the_machine_never_brings_together_what_a_person_parted(
    database: Database, steps: list[tuple[str, int, int]], one: int, other: int
) -> None:
    with database.writing() as session:
        session.execute(delete(QuestionLink))
        link = join(session, one, other, None)
        if link is None:
            return
        part(session, link, None)
        for step, left, right in steps:
            if step == "machine":
                take(session, step, left, right)
        roots = roots_of(session, [one, other])
        assert roots[one] != roots[other]

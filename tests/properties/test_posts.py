"""Dumps of Stack Exchange: whatever order posts stand in, questions get the same answers."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, Skipped
from kbsearch.importers.stack_exchange import open_posts

Told = list[tuple[int, int, int]]
rows = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 9), st.integers(-2, 2)),
    max_size=9,
    unique_by=lambda one: one[0],
)


def post(number: int, other: int, score: int) -> str:
    """Odd numbers ask and may have accepted the answer ``other``; even ones answer the question ``other``."""
    told = (
        f'Id="{number}" Score="{score}" Title="т{number}" Body="б{number}" CreationDate="2026-10-01T07:00:00"'
    )
    half = (
        f'PostTypeId="1" AcceptedAnswerId="{other}"' if number % 2 else f'PostTypeId="2" ParentId="{other}"'
    )
    return f"<row {told} {half} />"


def read(told: Told) -> tuple[list[IncomingQuestion], list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "Posts.xml"
        posts = "".join(post(*one) for one in told) or '<row PostTypeId="5"/>'
        path.write_text(f"<posts>{posts}</posts>", encoding="utf-8")
        records = list(open_posts(path, ImportOptions()).records())
    questions = [one for one in records if isinstance(one, IncomingQuestion)]
    return sorted(questions, key=lambda one: one.external_id), [
        one.place for one in records if isinstance(one, Skipped) and one.place.startswith("post")
    ]


@settings(max_examples=60)
@given(rows, st.randoms(use_true_random=False))
def test_the_order_of_posts_does_not_matter(told: Told, random: Any) -> None:
    assert read(random.sample(told, len(told))) == read(told)


@settings(max_examples=60)
@given(rows)
def test_every_question_is_read_once_with_its_own_answer(told: Told) -> None:
    questions, _ = read(told)
    assert [one.external_id for one in questions] == sorted(str(one[0]) for one in told if one[0] % 2)
    answers = {number: other for number, other, _ in told if not number % 2}
    accepted = {number: other for number, other, _ in told if number % 2}
    for one in questions:
        own = {number for number, parent in answers.items() if parent == int(one.external_id)}
        assert bool(one.replies) == bool(own)
        is_there = accepted[int(one.external_id)] in own
        assert [reply.accepted for reply in one.replies] == [is_there] * bool(own)

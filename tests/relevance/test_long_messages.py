"""Messages that quote others find the case of their own question; none of them was fitted on."""

from __future__ import annotations

from collections import Counter

import pytest

from benchmarks.long_messages import Found, Message, asked, messages
from kbsearch.evaluation.sets import read_matching_set
from kbsearch.importers.sample_school import sample_school_folder

LEAST_FIRST = 0.85


@pytest.fixture(scope="module")
def quoting() -> list[Message]:
    return [one for one in messages() if one.school == "sample_school" and one.form.startswith("quote")]


def first(found: list[Found]) -> float:
    return sum(one.whole == 1 for one in found) / len(found)


def test_what_others_said_hides_no_question(quoting: list[Message]) -> None:
    assert first(list(asked(quoting))) >= LEAST_FIRST


def test_messages_name_cases_that_exist_and_hold_what_they_ask() -> None:
    known = {case.id for case in read_matching_set(sample_school_folder()).cases}
    some = messages()
    assert len({one.id for one in some}) == len(some)
    assert all(set(one.cases) <= known for one in some if one.school == "sample_school")
    assert all(part in one.text for one in some for part in one.asks.split("? ")[:1])


def test_each_case_is_in_one_half() -> None:
    halves = Counter((one.school, case) for one in messages() for case in one.cases)
    assert set(halves.values()) == {1}

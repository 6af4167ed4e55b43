"""Questions are spoilt as told, by seed."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from kbsearch.evaluation.sets import LabelledQuestion, MatchingSet
from kbsearch.evaluation.spoiling import SPOILS, in_wrong_layout, spoiled, transliterated, with_typos
from kbsearch.text.typos import distance

QUESTIONS = tuple(LabelledQuestion(str(n), f"как отменить последний коммит номер {n}") for n in range(20))
SET = MatchingSet("small", (), QUESTIONS, {})


def test_equal_seeds_give_equal_questions() -> None:
    for kind in SPOILS:
        assert spoiled(SET, kind, 1) == spoiled(SET, kind, 1)
        assert spoiled(SET, kind, 1).questions != QUESTIONS
    assert spoiled(SET, "typos", 1) != spoiled(SET, "typos", 2)


@given(st.lists(st.text("абвгдежзий", min_size=4, max_size=9), min_size=4, max_size=11), st.integers(0, 99))
def test_one_word_in_four_gets_one_typo(words: list[str], seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311  # a sample, no secret
    spoilt = with_typos(" ".join(words), chance).split()
    changed = [distance(a, b) for a, b in zip(words, spoilt, strict=True) if a != b]
    assert len(changed) <= max(1, round(len(words) / 4))
    assert all(step == 1 for step in changed)


def test_layout_and_letters_are_turned() -> None:
    chance = random.Random(0)  # noqa: S311  # as above
    assert in_wrong_layout("как отменить", chance) == "rfr jnvtybnm"
    assert in_wrong_layout("git push", chance) == "пше згыр"
    assert transliterated("шаг", chance).isascii()
    assert with_typos("", chance) == ""

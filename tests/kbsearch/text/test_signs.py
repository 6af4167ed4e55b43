"""Which signs are words, and which are punctuation."""

from __future__ import annotations

import pytest

from indexer.arrays import PROBE
from kbsearch.text.pieces import pieces
from kbsearch.text.words import stems, whole_words


@pytest.mark.parametrize(
    ("text", "signs"),
    [
        ("Чем отличается == от =", ["==", "="]),
        ("`a!=b` и «!==»", ["!=", "!=="]),
        ("if (a) && b || c", ["&&", "||"]),
        ("x += 1, i//n, 2**3", ["+=", "//", "**"]),
        ("const f = x => x * 2", ["=", "=>"]),
        ("def f(x) -> int", ["->"]),
        ("std::cout << name; что значит ::?", ["::", "<<", "::"]),
        ("что такое ==? а !=? а %?", ["==", "!=", "%"]),
        ("what is <? and (>)", ["<", ">"]),
        ("чем % отличается от //", ["%", "//"]),
        ("a <= b >= c <=> d <> e := f", ["<=", ">=", "<=>", "<>", ":="]),
    ],
)
def test_signs_that_are_spoken_of(text: str, signs: list[str]) -> None:
    assert [one for one in stems(text) if not any(map(str.isalnum, one))] == signs


@pytest.mark.parametrize(
    "text",
    [
        "Ура!!! Как??? Ну... вот — так - и -- так",
        "да :) (: ^_^ <3 >_< :-/ :| =) ничего !=) ==(",
        "+1, -1, 2+2=4 и 2 + 2 = 4, x = 5, скидка 20 % или 20%",
        "**важно** и ***совсем***, ||скрыто||, <<цитата>>",
        "вопрос:: где запись",
        "Итог\n=====\n* раз\n- два\n--->",
        "> цитата\n> ещё строка",
        "https://school.example/a <div> R&D и/или | a | b |",
    ],
)
def test_punctuation_is_no_word(text: str) -> None:
    assert all(any(map(str.isalnum, one)) for one in stems(text))


def test_signs_stand_where_they_are_read_and_count_in_pieces_like_a_word() -> None:
    assert stems("a == b") == ["a", "==", "b"]
    assert whole_words("a == b") == ["a", "b"]
    assert len(pieces("==")) == len(pieces("ветка"))


def test_a_change_of_the_rules_for_signs_makes_arrays_anew() -> None:
    assert "!=" in stems(PROBE)

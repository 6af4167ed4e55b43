"""Authors as keyed hashes."""

from __future__ import annotations

import re

from kbsearch.privacy.pseudonyms import author_key


def test_one_person_is_one_key_whatever_the_spaces_and_case() -> None:
    assert author_key(" Иван Петров", "k") == author_key("иван петров ", "k")
    assert re.fullmatch(r"[0-9a-f]{32}", author_key("user123", "k"))


def test_another_key_or_person_is_another_hash() -> None:
    assert len({author_key("a", "k"), author_key("b", "k"), author_key("a", "l")}) == 3


def test_nobody_has_no_key() -> None:
    assert author_key("  ", "k") == ""

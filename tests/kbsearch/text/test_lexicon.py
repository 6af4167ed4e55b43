"""Slang is spelt out by the lexicon, the shipped one or a school's own."""

from __future__ import annotations

import pytest

from kbsearch.text.lexicon import Entry, Lexicon, shipped_entries, shipped_lexicon


def test_slang_is_followed_by_its_terms() -> None:
    assert shipped_lexicon().spell_out("не могу запушить на гитхаб") == (
        "не могу запушить на гитхаб push github"
    )
    assert shipped_lexicon().spell_out("как отменить") == "как отменить"


@pytest.mark.parametrize("said", ["гит пуш", "пушнуть", "домашка", "дз", "зачёт", "препод", "дедлайн"])
def test_what_every_school_says_is_known(said: str) -> None:
    assert shipped_lexicon().meanings(said)


def test_sayings_of_several_words_come_before_their_words() -> None:
    lexicon = Lexicon([Entry("хвост", "долг"), Entry("хвост сдать", "пересдача")])
    assert lexicon.meanings("как хвосты сдать, и ещё хвост") == {
        "хвосты сдать": "пересдача",
        "хвост": "долг",
    }


def test_the_later_entry_counts_and_an_empty_one_switches_off() -> None:
    entries = [*shipped_entries(), Entry("Пуш", "уведомление"), Entry("гит", "")]
    assert Lexicon(entries).meanings("гит пуш") == {"пуш": "уведомление"}


def test_no_saying_is_shipped_twice() -> None:
    keys = [entry.key for entry in shipped_entries()]
    assert len(keys) == len(set(keys))
    assert all(keys)
    assert all(entry.means for entry in shipped_entries())

"""What students call things, and the words that cases use for them.

`lexicon.txt` beside this module holds the entries that come with kbsearch; a school adds its own, changes
them and switches them off.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from kbsearch.text.common_words import share_of_texts
from kbsearch.text.words import Word, words

FILE = "lexicon.txt"
LONGEST = 4
"""Words that a saying has at most."""
EVERYDAY = 0.02
"""Share of everyday texts from which on a word tells nothing: «как» .33, «где» .06, «урок» .004."""


@dataclass(frozen=True, slots=True)
class Entry:
    """``said`` (one to `LONGEST` words) stands for ``means``; words of cases, "" when it is switched off."""

    said: str
    means: str

    @property
    def key(self) -> tuple[str, ...]:
        """The stems of ``said``: entries of one key are one entry."""
        return key_of(self.said)


def key_of(said: str) -> tuple[str, ...]:
    """The stems of the words of ``said``, parts of joined words left out."""
    return tuple(word.stem for word in _whole(words(said)))


def is_everyday(said: str) -> bool:
    """Whether all words of ``said`` stand in texts about anything, so that it would change most questions."""
    return all(share_of_texts(stem) >= EVERYDAY for stem in key_of(said))


class Lexicon:
    """Entries by what is said.  Of entries with the same stems the later one counts."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        by_key = {entry.key: entry for entry in entries}
        self._means = {key: entry.means for key, entry in by_key.items() if key and entry.means}
        self._longest: dict[str, int] = {}
        for key in self._means:
            self._longest[key[0]] = max(min(len(key), LONGEST), self._longest.get(key[0], 0))
        self.said = frozenset(
            form.lower().replace("ё", "е")
            for entry in by_key.values()
            if entry.means
            for form in f"{entry.said} {entry.means}".split()
        )

    def meanings(self, text: str) -> Mapping[str, str]:
        """What is said in ``text`` → what it means; longer sayings before shorter ones, in their order."""
        whole = _whole(words(text))
        found: dict[str, str] = {}
        place = 0
        while place < len(whole):
            longest = self._longest.get(whole[place].stem)
            if not longest:
                place += 1
                continue
            count = next((n for n in range(longest, 0, -1) if self._at(whole, place, n)), 0)
            if count:
                said = text[whole[place].start : whole[place + count - 1].end]
                found[said] = self._at(whole, place, count)
            place += count or 1
        return found

    def spell_out(self, text: str) -> str:
        """``text`` followed by what its sayings mean; itself when it has none."""
        return followed_by(text, self.meanings(text))

    def _at(self, whole: list[Word], place: int, count: int) -> str:
        if place + count > len(whole):
            return ""
        return self._means.get(tuple(word.stem for word in whole[place : place + count]), "")


def followed_by(text: str, meanings: Mapping[str, str]) -> str:
    """``text`` followed by the terms of ``meanings``, each once; itself when there are none."""
    terms = dict.fromkeys(term for means in meanings.values() for term in means.split())
    return f"{text} {' '.join(terms)}" if terms else text


def _whole(found: Iterable[Word]) -> list[Word]:
    kept: list[Word] = []
    for word in found:
        if not kept or word.start >= kept[-1].end:
            kept.append(word)
    return kept


@cache
def shipped_entries() -> tuple[Entry, ...]:
    """The entries that come with kbsearch, one for each saying, in the order of the file."""
    lines = files("kbsearch.text").joinpath(FILE).read_text("utf-8").splitlines()
    return tuple(entry for line in lines if line.strip() and line[0] != "#" for entry in _read(line))


@cache
def shipped_lexicon() -> Lexicon:
    """The lexicon of a school that has changed nothing."""
    return Lexicon(shipped_entries())


def _read(line: str) -> list[Entry]:
    said, _, means = line.partition(":")
    return [Entry(one.strip(), means.strip()) for one in said.split(",")]


def one_form(said: str) -> str:
    """``said`` as it is kept: in lower case, е for ё, one space between words."""
    return " ".join(said.lower().replace("ё", "е").split())

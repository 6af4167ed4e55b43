"""Spoils questions the way hurried people type, to measure what that costs."""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Literal, get_args

from kbsearch.evaluation.sets import MatchingSet

Spoil = Literal["typos", "layout", "transliteration"]
SPOILS: tuple[Spoil, ...] = get_args(Spoil)
WORDS_PER_TYPO = 4
SHORTEST = 4
"""Shorter words get no typo unless a text has no longer ones."""

_WORD = re.compile(r"[^\W\d_]+")
_RUSSIAN = "йцукенгшщзхъфывапролджэячсмитьбюё"
_LATIN = "qwertyuiop[]asdfghjkl;'zxcvbnm,.`"
_SHIFTED = 'QWERTYUIOP{}ASDFGHJKL:"ZXCVBNM<>~'
_TO_LATIN_KEYS = str.maketrans(_RUSSIAN + _RUSSIAN.upper(), _LATIN + _SHIFTED)
_TO_RUSSIAN_KEYS = str.maketrans(_LATIN + _SHIFTED, _RUSSIAN + _RUSSIAN.upper())
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
_ROWS = ("йцукенгшщзхъ", "фывапролджэ", "ячсмитьбю", "qwertyuiop", "asdfghjkl", "zxcvbnm")

_LETTERS = "абвгдеёжзийклмнопрстуфхцчшщъыьэюя"
_SCHEMES = tuple(
    dict(zip(_LETTERS, scheme.split(), strict=True))
    for scheme in (
        "a b v g d e yo zh z i y k l m n o p r s t u f kh ts ch sh shch - y - e yu ya",
        "a b v g d e e zh z i j k l m n o p r s t u f h c ch sh sch ' y ' e yu ya",
        "a b v g d e jo j z i i k l m n o p r s t u f x c 4 w w - y - e ju ja",
        "a b v g d e e j z i y k l m n o p r s t u f h ts 4 6 6 - i - e u ya",
    )
)
"""Letter → what four kinds of chat users write for it; "-" is nothing."""


def spoiled(whole: MatchingSet, kind: Spoil, seed: int) -> MatchingSet:
    """``whole`` with every question spoilt; equal seeds, equal questions."""
    chance = random.Random(seed)  # noqa: S311  # a sample, no secret
    spoil = {"typos": with_typos, "layout": in_wrong_layout, "transliteration": transliterated}[kind]
    questions = tuple(replace(one, text=spoil(one.text, chance)) for one in whole.questions)
    return replace(whole, questions=questions)


def with_typos(text: str, chance: random.Random) -> str:
    """``text`` with one typo for every four words, at least one: a letter swapped with the next, dropped,
    doubled or hit one key aside."""  # noqa: D205, D209  # one sentence
    found = list(_WORD.finditer(text))
    count = max(1, round(len(found) / WORDS_PER_TYPO))
    long = [word for word in found if len(word.group()) >= SHORTEST] or found
    for word in sorted(chance.sample(long, min(count, len(long))), key=re.Match.start, reverse=True):
        text = text[: word.start()] + _mistyped(word.group(), chance) + text[word.end() :]
    return text


def _mistyped(word: str, chance: random.Random) -> str:
    kinds: tuple[Callable[[str, int, random.Random], str], ...] = (_swap, _drop, _double, _neighbour)
    place = chance.randrange(1, len(word)) if len(word) > 1 else 0  # few err in the first letter
    return chance.choice(kinds)(word, place, chance)


def _swap(word: str, place: int, _: random.Random) -> str:
    last = max(0, min(place, len(word) - 2))
    return word[:last] + word[last : last + 2][::-1] + word[last + 2 :]


def _drop(word: str, place: int, _: random.Random) -> str:
    return word[:place] + word[place + 1 :]


def _double(word: str, place: int, _: random.Random) -> str:
    return word[: place + 1] + word[place:]


def _neighbour(word: str, place: int, chance: random.Random) -> str:
    row = next((row for row in _ROWS if word[place].lower() in row), "")
    at = row.find(word[place].lower())
    near = row[max(at - 1, 0) : at] + row[at + 1 : at + 2]
    return word[:place] + chance.choice(near) + word[place + 1 :] if near else word


def in_wrong_layout(text: str, chance: random.Random) -> str:
    """``text`` as it comes out when the keyboard is switched to the other of Russian and English."""
    return text.translate(_TO_LATIN_KEYS if _CYRILLIC.search(text) else _TO_RUSSIAN_KEYS)


def transliterated(text: str, chance: random.Random) -> str:
    """``text`` in Latin letters, by one of four ways of chat users; what is Latin stays."""
    scheme = chance.choice(_SCHEMES)
    return _CYRILLIC.sub(lambda found: _latin(found.group(), scheme), text)


def _latin(letter: str, scheme: dict[str, str]) -> str:
    latin = scheme[letter.lower()].replace("-", "")
    return latin.capitalize() if letter.isupper() else latin

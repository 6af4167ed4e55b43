"""Russian in Latin letters ("kak sdelat domashku"), told word by word and turned back into Cyrillic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from kbsearch.text.vocabulary import Vocabulary, common_vocabulary

_OPTIONS: dict[str, tuple[str, ...]] = {
    **{"shch": ("щ",), "sch": ("щ", "сч"), "shh": ("щ",), "zh": ("ж", "зх"), "kh": ("х", "кх")},
    **{"ts": ("ц", "тс"), "tz": ("ц",), "ch": ("ч", "цх"), "sh": ("ш", "щ", "сх")},
    **{"yu": ("ю",), "ju": ("ю", "жу"), "iu": ("ю", "ию", "иу"), "iyu": ("ию",), "iju": ("ию",)},
    **{"ya": ("я",), "ja": ("я", "жа"), "ia": ("ия", "я", "иа"), "iya": ("ия",), "ija": ("ия",)},
    **{"yo": ("е", "йо"), "jo": ("е", "йо", "жо"), "ye": ("е", "ье", "ые"), "je": ("е", "же", "ье")},
    **{"iye": ("ие",), "ije": ("ие", "иже"), "iy": ("ий",), "ij": ("ий",), "yi": ("ый",), "yj": ("ый",)},
    **{"yy": ("ый",), "ii": ("ий", "ии"), "yie": ("ые",), "y'": ("ы",)},
    **{"a": ("а", "я"), "b": ("б",), "v": ("в",), "g": ("г",), "d": ("д",), "e": ("е", "э"), "z": ("з", "ж")},
    **{"i": ("и", "й", "ы"), "j": ("ж", "й", "ь"), "k": ("к",), "l": ("л",), "m": ("м",), "n": ("н",)},
    **{"o": ("о",), "p": ("п",), "r": ("р",), "s": ("с", "ш"), "t": ("т",), "u": ("у", "ю"), "f": ("ф",)},
    **{"h": ("х",), "c": ("ц", "к", "с", "ч"), "y": ("ы", "й", "и"), "x": ("х", "кс"), "w": ("ш", "щ", "в")},
    **{"q": ("я", "к"), "4": ("ч",), "6": ("ш", "щ"), "'": ("ь", "ъ", ""), "`": ("ь", "")},
}
"""What each run of Latin letters stands for in the schemes in use, the likeliest first."""
_AFTER_VOWEL = {"y": ("й", "ы", "и"), "j": ("й", "ж"), "i": ("и", "й", "ы")}
_VOWELS = frozenset("aeiouy")
_TOKEN = re.compile("|".join(sorted(map(re.escape, _OPTIONS), key=len, reverse=True)))
_WORD = re.compile(r"(?<![\w./\\@#$=<>`'\"])(?<!\s-)(?<!--)[46]?[A-Za-z][A-Za-z46'`]*(?![\w/\\@=(<]|[._:]\w)")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")

READINGS = 48
"""How many readings of a word are looked up."""
MOST_STEPS = 3
STEP = 0.4
"""What a reading loses for each step from the likeliest letters."""
SAME_STEM = 2.5
"""What a word is worth of which another form is known."""
GUESS = 1.0
"""What a word is worth that is not known in either script."""
ENOUGH = 2.0
"""How much likelier the words of a text must be in Cyrillic."""
MOST = 0.5
"""Share of the letters of a text that are in words of the language that the text is in."""
ENGLISH = 4
"""Known words of this length and longer are English for sure; of shorter ones both languages are full."""
FUNCTION_WORD = 5.0
"""Short words this common are Russian where the rest is: "no", "to"."""
LONGEST = 40
"""Longer words are keys that were held down, or data."""
LONG = 5
"""From this length on one Russian word among English ones is turned."""


@dataclass(frozen=True, slots=True)
class _Reading:
    latin: str
    cyrillic: str
    as_latin: float
    as_cyrillic: float


def to_cyrillic(text: str, vocabulary: Vocabulary | None = None) -> str:
    """``text`` with Russian words written in Latin letters turned into Cyrillic; itself when there are none.

    When most letters are in words that are likelier Russian, every word is turned that is not a likelier
    English one; otherwise only long words that nobody knows, but for their reading.  A text of other
    languages, code and names is left as it is.
    """
    known = vocabulary or common_vocabulary()
    as_latin = known.remembering(_as_latin)
    latin = {word: as_latin(word) for word in _WORD.findall(text) if len(word) <= LONGEST}
    letters = sum(map(len, latin))
    if sum(len(word) for word, worth in latin.items() if _is_english(word, worth)) > MOST * letters:
        return text
    found = list(map(known.remembering(_reading), latin))
    if not _CYRILLIC.search(text) and _reads_as_russian(found):
        turned = {one.latin: one.cyrillic for one in found if _likely(one, known)}
    else:
        turned = {one.latin: one.cyrillic for one in found if _certain(one, known)}
    return _WORD.sub(lambda match: turned.get(match.group(), match.group()), text)


def _reads_as_russian(words: list[_Reading]) -> bool:
    russian = [one for one in words if one.as_cyrillic > one.as_latin]
    gain = sum(one.as_cyrillic - one.as_latin for one in russian)
    letters = sum(len(one.latin) for one in words)
    return gain >= ENOUGH and sum(len(one.latin) for one in russian) >= MOST * letters


def _likely(one: _Reading, known: Vocabulary) -> bool:
    if one.as_cyrillic >= one.as_latin:
        return True
    return len(one.latin) < ENGLISH and known.common.get(one.cyrillic, 0.0) >= FUNCTION_WORD


def _certain(one: _Reading, known: Vocabulary) -> bool:
    return len(one.latin) >= LONG and one.as_latin <= GUESS and known.is_own(one.cyrillic)


def _is_english(word: str, worth: float) -> bool:
    return worth > GUESS and len(word) >= ENGLISH


def _as_latin(word: str, known: Vocabulary) -> float:
    """How likely ``word`` is as it stands; a mark at its end is a soft sign."""
    return GUESS if word[-1] in "'`" else _worth(word.lower(), known)


def _reading(word: str, known: Vocabulary) -> _Reading:
    best, worth = "", -1.0
    for cyrillic, steps in islice(_readings(word.lower()), READINGS):
        meant = known.with_signs(cyrillic)
        value = _worth(meant, known) - STEP * steps
        if value > worth:
            best, worth = meant, value
    return _Reading(word, best, known.remembering(_as_latin)(word), worth)


def _worth(word: str, known: Vocabulary) -> float:
    if weight := known.weight(word):
        return weight
    return SAME_STEM if known.knows(word) else GUESS


def _readings(word: str) -> Iterator[tuple[str, int]]:
    """Readings of ``word``, those with fewer unlikely letters first, and how many steps they are off."""
    options = []
    for token in _TOKEN.finditer(word):
        after_vowel = token.start() and word[token.start() - 1] in _VOWELS
        letters = _OPTIONS[token.group()]
        options.append(_AFTER_VOWEL.get(token.group(), letters) if after_vowel else letters)
    for steps in range(MOST_STEPS + 1):
        for reading in _spelled(options, 0, steps):
            yield reading, steps


def _spelled(options: list[tuple[str, ...]], start: int, budget: int) -> Iterator[str]:
    """Readings whose letters from ``start`` on are together exactly ``budget`` steps from the likeliest."""
    if start == len(options):
        if budget == 0:
            yield ""
        return
    for step, letter in enumerate(options[start][: budget + 1]):
        for rest in _spelled(options, start + 1, budget - step):
            yield letter + rest

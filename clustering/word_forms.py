"""Words as a dictionary or a heading has them: «картинка» for «картинку», "files" as it is mostly written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import cache, lru_cache
from typing import Any

_CYRILLIC = re.compile(r"[а-яё-]+")
_PLURAL_ONLY = frozenset({"деньги", "данные", "каникулы", "субтитры", "выходные", "часы"})
"""Words that are taken for the plural of something else."""


def written(forms: Mapping[str, int]) -> str:
    """The most frequent way to write a word, the first in the alphabet of equals."""
    return min(forms, key=lambda form: (-forms[form], form))


def dictionary_form(forms: Mapping[str, int]) -> str:
    """The form in which a word is a keyword.

    A Russian noun or adjective stands in the nominative, in the number it is mostly used in, a verb in the
    infinitive; what the dictionary does not know, and every other language, as it is mostly written.

    Args:
        forms: how often each form of the word (lower case) occurs, not empty.
    """
    usual = written(forms)
    if not _CYRILLIC.fullmatch(usual) or usual in _PLURAL_ONLY:
        return usual
    readings = [(form, count, _reading(form)) for form, count in sorted(forms.items())]
    lemmas: Counter[str] = Counter()
    for _, count, reading in readings:
        if reading is not None:
            lemmas[reading.normal_form] += count
    if not lemmas:
        return usual
    lemma = min(lemmas, key=lambda one: (-lemmas[one], one))
    own = [(count, one) for _, count, one in readings if one is not None and one.normal_form == lemma]
    return _headed(lemma, [one for count, one in own for _ in range(count)])


def is_verb(form: str) -> bool:
    """Whether a Russian word is a verb, and nothing else."""
    low = form.lower()
    reading = _reading(low) if _CYRILLIC.fullmatch(low) else None
    return reading is not None and reading.tag.POS in {"VERB", "INFN", "GRND"}


def _headed(lemma: str, readings: list[Any]) -> str:
    """``lemma``, in the plural when most of its ``readings`` are nouns in the plural."""
    nouns = [one for one in readings if one.tag.POS == "NOUN"]
    plural = [one for one in nouns if one.tag.number == "plur"]
    if 2 * len(plural) > len(readings):
        headed = plural[0].inflect({"nomn", "plur"})
        return str(headed.word) if headed is not None else lemma
    return lemma


@lru_cache(maxsize=20_000)
def _reading(form: str) -> Any:
    """The likeliest reading of a form that the dictionary knows; None when it knows none."""
    found = [one for one in _analyzer().parse(form) if one.is_known]
    nouns = [one for one in found if one.tag.POS == "NOUN"]
    return (nouns or found or [None])[0]


@cache
def _analyzer() -> Any:
    # Half a second and 30 MB that only those pay who name clusters in Russian.
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer(lang="ru")

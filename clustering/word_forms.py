"""Words as a dictionary or a heading has them: «картинка» for «картинку», "files" as it is mostly written."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from kbsearch.text.morphology import analyzer, known_readings

_CYRILLIC = re.compile(r"[а-яё-]+")
_PLURAL_ONLY = frozenset({"деньги", "данные", "каникулы", "субтитры", "выходные", "часы"})
"""Words that are taken for the plural of something else."""
_FUNCTION = frozenset({"PREP", "CONJ", "PRCL", "NPRO", "NUMR", "INTJ", "PRED"})
_ACTING = frozenset({"VERB", "INFN", "GRND", "ADVB"})
_RARELY = 0.25
"""A form that is a noun less often than this is none: «смогу» is hardly ever of «смог»."""
_DESCRIBING = frozenset({"ADJF", "ADJS", "PRTF", "PRTS", "COMP"})
_SAYING = frozenset({"VERB", "GRND", "PRTS", "ADJS", "ADVB", "COMP"})


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
        return _nominative(usual, forms)
    lemma = min(lemmas, key=lambda one: (-lemmas[one], one))
    own = [(count, one) for _, count, one in readings if one is not None and one.normal_form == lemma]
    return _headed(lemma, [one for count, one in own for _ in range(count)])


def _nominative(usual: str, forms: Mapping[str, int]) -> str:
    """The nominative of a word that the dictionary does not know.

    What its ending tells, if it tells one thing only or somebody wrote that; else ``usual``.
    """
    guesses = analyzer().parse(usual)
    if any(one.tag.POS != "NOUN" for one in guesses) or guesses[0].tag.case == "nomn":
        return usual
    lemmas = dict.fromkeys(str(one.normal_form) for one in guesses)
    said = [lemma for lemma in lemmas if lemma in forms or len(guesses) == 1]
    return said[0] if said else usual


def is_verb(form: str) -> bool:
    """Whether a Russian word is a verb or an adverb, and nothing else."""
    low = form.lower()
    reading = _reading(low) if _CYRILLIC.fullmatch(low) else None
    return reading is not None and reading.tag.POS in _ACTING


def is_adjective(form: str) -> bool:
    """Whether a Russian word is more likely an adjective or a participle than a noun."""
    low = form.lower()
    if not _CYRILLIC.fullmatch(low) or low in _PLURAL_ONLY:
        return False
    likely: Counter[bool] = Counter()
    for one in known_readings(low):
        if one.tag.POS in _DESCRIBING or one.tag.POS == "NOUN":
            likely[one.tag.POS in _DESCRIBING] += one.score
    return likely[True] > likely[False]


def is_function_word(form: str) -> bool:
    """Whether a Russian word most likely names nothing: a preposition, pronoun, number word."""
    low = form.lower()
    tag = _likeliest(low) if _CYRILLIC.fullmatch(low) else None
    return tag is not None and (tag.POS in _FUNCTION or "Apro" in tag or "Anum" in tag)


def tells_the_past(form: str) -> bool:
    """Whether a Russian word is most likely a verb in the past: what somebody did, not what is asked."""
    low = form.lower()
    tag = _likeliest(low) if _CYRILLIC.fullmatch(low) else None
    return tag is not None and tag.POS == "VERB" and tag.tense == "past"


def is_finite(form: str) -> bool:
    """Whether a Russian word is most likely a verb that is no infinitive."""
    low = form.lower()
    tag = _likeliest(low) if _CYRILLIC.fullmatch(low) else None
    return tag is not None and tag.POS == "VERB"


def tells(form: str) -> bool:
    """Whether a Russian word is most likely a verb that says what happened or what somebody does."""
    low = form.lower()
    tag = _likeliest(low) if _CYRILLIC.fullmatch(low) else None
    return tag is not None and tag.POS == "VERB" and (tag.tense == "past" or tag.person == "1per")


def phrase_form(forms: Mapping[str, int]) -> str | None:
    """The form in which two words are a keyword; None when they only happen to stand side by side.

    An adjective agrees with its noun and both stand in the nominative; a noun before a genitive stands in
    the nominative, and so does the first of others.  Verbs other than the infinitive, adverbs, function words
    and two nominatives name nothing.  What the dictionary does not know, and every other language, stays
    as it is mostly written.

    Args:
        forms: how often each form of the pair (lower case, one space) occurs, not empty.
    """
    usual = written(forms)
    left, _, right = usual.partition(" ")
    if not (_CYRILLIC.fullmatch(left) and _CYRILLIC.fullmatch(right)):
        return usual
    if is_function_word(left) or is_function_word(right):
        return None
    first, second = _reading(left), _reading(right)
    if first is None or second is None:
        return usual
    return _phrase(first, second)


def _phrase(first: Any, second: Any) -> str | None:
    if first.tag.POS in _SAYING or second.tag.POS != "NOUN":
        return None
    if first.tag.POS == "INFN":
        return f"{first.word} {second.word}"
    if first.tag.POS in {"ADJF", "PRTF"}:
        return _agreeing(first, second)
    genitive = any("gent" in one.tag for one in analyzer().parse(second.word) if one.tag.POS == "NOUN")
    head = first.inflect({"nomn"}) if genitive else None
    return f"{head.word} {second.word}" if head is not None else None


def _agreeing(adjective: Any, noun: Any) -> str | None:
    """Both in the nominative, the adjective in number and gender as the noun."""
    alike = [one for one in analyzer().parse(noun.word) if one.tag.POS == "NOUN" and _agrees(adjective, one)]
    head = (alike or [noun])[0].inflect({"nomn"})
    if head is None:
        return None
    wanted = {"nomn", head.tag.number} | (set() if head.tag.number == "plur" else {head.tag.gender})
    agreed = adjective.inflect({one for one in wanted if one})
    return f"{agreed.word} {head.word}" if agreed is not None else None


def _headed(lemma: str, readings: list[Any]) -> str:
    """``lemma``, in the plural when most of its ``readings`` are nouns in the plural."""
    nouns = [one for one in readings if one.tag.POS == "NOUN"]
    if not nouns and readings and readings[0].tag.POS == "ADJF":
        return _mostly(readings)
    plural = [one for one in nouns if one.tag.number == "plur"]
    if 2 * len(plural) > len(readings):
        headed = plural[0].inflect({"nomn", "plur"})
        return str(headed.word) if headed is not None else lemma
    return lemma


def _mostly(adjectives: list[Any]) -> str:
    """An adjective in the nominative of the gender or plural in which it mostly stands."""
    kinds = Counter(str(one.tag.gender or "plur") for one in adjectives if one.tag.POS == "ADJF")
    kind = min(kinds, key=lambda one: (-kinds[one], one))
    headed = adjectives[0].inflect({"nomn", kind} if kind == "plur" else {"nomn", "sing", kind})
    return str(headed.word if headed is not None else adjectives[0].normal_form)


def _agrees(adjective: Any, noun: Any) -> bool:
    return bool(adjective.tag.case == noun.tag.case and adjective.tag.number == noun.tag.number)


def _reading(form: str) -> Any:
    """The likeliest reading of a form that the dictionary knows; None when it knows none."""
    found = known_readings(form)
    nouns = [one for one in found if one.tag.POS == "NOUN"]
    if sum(one.score for one in nouns) < _RARELY:
        return found[0] if found else None
    return next((one for one in nouns if one.normal_form == form), nouns[0])


def _likeliest(form: str) -> Any:
    """The tag of the likeliest reading of all; None when the dictionary does not know the form."""
    return next((one.tag for one in known_readings(form)), None)

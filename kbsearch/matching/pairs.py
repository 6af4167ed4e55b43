"""Whether one answer would serve two questions: features of a pair, and a calibrated probability.

The coefficients and the threshold stand in ``pairs.json`` beside this module, with where they come from;
``python -m benchmarks.fit_pairs`` refits them on the sample school.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from kbsearch.matching.queries import MAX_WORDS, bare_text
from kbsearch.ports import Floats
from kbsearch.text.lexicon import shipped_lexicon
from kbsearch.text.words import stem, whole_words

NAMES = (
    "likeness",
    "words_both",
    "words_one",
    "strange_word",
    "negation",
    "numbers",
    "identifiers",
    "other_course",
    "same_lesson",
    "other_lesson",
    "length",
)
"""The columns of `pair_features`.

likeness: cosine in standard deviations above that of unrelated texts.  words_both, words_one: share of the
weight in rare words that is shared, of the text that shares less of its own and of the other one.
strange_word: weight in [0, 1] of the rarest word of the shorter text that the longer one lacks.  negation: 1
when only one of them denies.  numbers: 1 when they name different numbers.  identifiers: share of the Latin
words that only one has.  These four are multiplied by words_both: one word makes a difference where all
others are the same.  other_course: 1 when one names a course and the other none.  same_lesson, other_lesson:
1 when both name a lesson.  length: |log| of the ratio of words.
"""

DENIALS = frozenset(
    {"не", "нет", "нельзя", "без", "ни", "никак", "not", "no", "never", "without", "cannot"}
    | {"can't", "don't", "doesn't", "isn't", "won't"}
)
_ALWAYS_FOR = ("words_both", "words_one", "same_lesson")
_LATIN = re.compile("[a-z]")
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True, eq=False)
class PairText:
    """One side of a pair: its words by stem, and where it was asked.

    ``said``: the words in order.  ``numbers`` and ``latin``: the stems with digits and with Latin letters.
    ``denies``: one is of `DENIALS`.
    """

    said: list[str]
    words: Mapping[str, str]
    numbers: frozenset[str]
    latin: frozenset[str]
    denies: bool
    course: str = ""
    lesson: str = ""


@lru_cache(maxsize=8_192)
def pair_text(text: str, course: str = "", lesson: str = "") -> PairText:
    """``text``, read as it is when it is indexed, with slang spelt out."""
    said = whole_words(shipped_lexicon().spell_out(bare_text(text)))
    return _side([word.lower() for word in said], course, lesson)


def _side(said: list[str], course: str, lesson: str) -> PairText:
    by_stem: dict[str, str] = {}
    for word in said:
        if len(by_stem) < MAX_WORDS:
            by_stem.setdefault(stem(word), word)
    return PairText(
        said=said,
        words=by_stem,
        numbers=frozenset(each for each in by_stem if _DIGIT.search(each)),
        latin=frozenset(each for each in by_stem if _LATIN.search(each)),
        denies=not DENIALS.isdisjoint(by_stem),
        course=course,
        lesson=lesson,
    )


def written_as(one: PairText, other: PairText) -> PairText:
    """``one`` with the words joined that ``other`` writes as one: "не доступен" where that says "недоступен".

    What denies is not lost: it stays in the joined word, and without that in the other text it stands apart.
    """
    joined = {_letters(word): word for each, word in other.words.items() if each not in one.words}
    if not joined:
        return one
    said: list[str] = []
    for word in one.said:
        if said and (whole := joined.get(_letters(said[-1] + word))):
            said[-1] = whole
        else:
            said.append(joined.get(_letters(word), word) if "-" in word else word)
    return one if said == one.said else _side(said, one.course, one.lesson)


def _letters(word: str) -> str:
    """The stem of ``word`` without hyphens; a word with digits stays as it is."""
    bare = word.replace("-", "")
    return stem(bare) if bare.isalpha() else word


def pair_features(one: PairText, other: PairText, likeness: float, weights: Mapping[str, float]) -> Floats:
    """Features of a pair, shape (len(NAMES),), the same whichever comes first.

    Args:
        one: a side.
        other: the other side.
        likeness: the pair's cosine, in standard deviations above that of unrelated texts.
        weights: weight in [0, 1] of each stem of both, high for rare ones.
    """
    one, other = written_as(one, other), written_as(other, one)
    own, theirs = one.words.keys(), other.words.keys()
    shared, first, second = (_weight(some, weights) for some in (own & theirs, own, theirs))
    shares = sorted(shared / whole if whole else 0.0 for whole in (first, second))
    short, long = (own, theirs) if first <= second else (theirs, own)
    latin = len(one.latin | other.latin)
    alike = shares[0]
    lessons = bool(one.lesson and other.lesson and one.course == other.course)
    row = (
        likeness,
        *shares,
        alike * max((weights.get(stem, 1.0) for stem in short - long), default=0.0),
        alike * (one.denies != other.denies),
        alike * (one.numbers != other.numbers),
        alike * len(one.latin ^ other.latin) / max(1, latin),
        one.course != other.course,
        lessons and one.lesson == other.lesson,
        lessons and one.lesson != other.lesson,
        abs(math.log((1 + len(own)) / (1 + len(theirs)))),
    )
    return np.array(row, np.float32)


def _weight(some: Iterable[str], weights: Mapping[str, float]) -> float:
    return sum(weights.get(stem, 1.0) for stem in some)


@dataclass(frozen=True, slots=True, eq=False)
class PairModel:
    """A logistic regression on `pair_features`.

    ``threshold``: probability from which on two questions are taken for one.  ``shown``: from which on a pair
    of cases is shown to an editor.
    """

    version: str
    weights: Floats
    intercept: float
    threshold: float
    shown: float
    held_out: Mapping[str, Any] = field(default_factory=dict)

    def probabilities(self, table: Floats) -> Floats:
        """Probability in [0, 1] of each row of ``table``, shape (n, len(NAMES))."""
        logits = np.asarray(table, np.float64) @ self.weights + self.intercept
        chances: Floats = (1.0 / (1.0 + np.exp(-logits))).astype(np.float32)
        return chances

    def least_likeness(self, probability: float) -> float:
        """The likeness below which no pair reaches ``probability``, whatever else speaks for it."""
        favour = sum(float(self.weights[NAMES.index(name)]) for name in _ALWAYS_FOR)
        weight = float(self.weights[NAMES.index("likeness")])
        missing = math.log(probability / (1 - probability)) - self.intercept - favour
        return missing / weight if weight > 0 else -math.inf


@cache
def load_pair_model() -> PairModel:
    """The model that comes with kbsearch."""
    return pair_model_from(json.loads(files("kbsearch.matching").joinpath("pairs.json").read_text("utf-8")))


def pair_model_from(stored: Mapping[str, Any]) -> PairModel:
    """The model in ``stored``, as `benchmarks.fit_pairs` writes it."""
    weights = np.array([stored["weights"].get(name, 0.0) for name in NAMES], np.float32)
    return PairModel(
        version=stored["version"],
        weights=weights,
        intercept=float(stored["intercept"]),
        threshold=float(stored["threshold"]),
        shown=float(stored["shown"]),
        held_out=stored["held_out"],
    )

"""Which lesson teaches what is asked: outlines compared with questions, by words and by vectors.

A lesson is its title and the sentences of its outline.  A question is as like a lesson as the nearest of
these, in standard deviations above the likeness of unrelated sentences, so that the figure means the same
with every encoder; and a lesson explains the share of the question's weight in rare words that it has.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from kbsearch.ports import Floats
from kbsearch.text.words import stems

Flags = NDArray[np.bool_]

_SENTENCES = re.compile(r"(?<=[.!?…])\s+")
LEAST_STD = 1e-6

IN_PROGRAMME = 0.75
"""From this probability on a lesson is said to teach what a cluster asks."""

SURE_LESSON = 0.75
"""From this probability on a question without a lesson is put to the one that was inferred."""


@dataclass(frozen=True, slots=True)
class LessonText:
    """What a lesson says of itself."""

    code: str
    course: str
    title: str
    outline: str


@dataclass(frozen=True, slots=True)
class Fit:
    """Coefficients of a logistic regression on likeness, explained share and lead over the next lesson."""

    likeness: float
    explained: float
    lead: float
    intercept: float

    def probability(self, likeness: float, explained: float, lead: float) -> float:
        """In (0, 1)."""
        told = self.likeness * likeness + self.explained * explained + self.lead * lead + self.intercept
        return 1 / (1 + math.exp(-min(max(told, -30.0), 30.0)))


OF_CLUSTERS = Fit(2.157, 3.031, -0.104, -0.660)
"""Whether the nearest lesson teaches what three exemplars ask.  `benchmarks.fit_lessons` fits it."""

OF_QUESTIONS = Fit(0.634, 1.983, 0.349, -2.450)
"""Whether a single question belongs to its nearest lesson.  `benchmarks.fit_lessons` fits it."""


@dataclass(frozen=True, slots=True)
class LessonMatch:
    """The nearest lesson and the probability that it is the right one."""

    code: str
    probability: float


class Outlines:
    """The lessons of a school, ready to be compared."""

    def __init__(self, lessons: Sequence[LessonText]) -> None:
        self.lessons = tuple(lessons)
        pieces = [_pieces(lesson) for lesson in lessons]
        self.parts = [part for parts in pieces for part in parts]
        """Titles and sentences, lesson after lesson: what is to be encoded."""
        self._owners = np.repeat(np.arange(len(lessons)), [len(parts) for parts in pieces])
        self._words = [frozenset(stems(f"{one.title} {one.outline}")) for one in lessons]

    def likeness(self, questions: Floats, parts: Floats) -> Floats:
        """Cosines of the nearest part of each lesson, shape (n, lessons).

        ``questions`` (n, dimension) and ``parts`` (len(self.parts), dimension) are unit vectors.
        """
        cosines = questions @ parts.T
        starts = np.searchsorted(self._owners, np.arange(len(self.lessons)))
        return np.asarray(np.maximum.reduceat(cosines, starts, axis=1), np.float32)

    def explained(self, texts: Sequence[str], weights: Mapping[str, float]) -> Floats:
        """The share in [0, 1] of each text's weight in words that each lesson has, shape (n, lessons).

        ``weights`` of words by stem; a word without one weighs 1.
        """
        bags = [frozenset(stems(text)) for text in texts]
        known = {word: at for at, word in enumerate(sorted(frozenset[str]().union(*bags)))}
        worth = np.array([weights.get(word, 1.0) for word in known], np.float32)
        asked = _table(bags, known)
        taught = _table([words & known.keys() for words in self._words], known)
        totals = np.asarray(asked @ worth).reshape(-1, 1)
        shared = asked.multiply(worth.reshape(1, -1)).tocsr() @ taught.T
        shares: Floats = shared.toarray().astype(np.float32) / np.maximum(totals, LEAST_STD).astype(
            np.float32
        )
        return shares

    def of_courses(self, courses: Sequence[str]) -> Flags:
        """Which lessons each of ``courses`` has, shape (n, lessons); all for a course without any."""
        own = np.array([lesson.course for lesson in self.lessons])
        told = np.array(courses).reshape(-1, 1) == own.reshape(1, -1)
        told[~told.any(axis=1)] = True
        return np.asarray(told, np.bool_)

    def nearest(self, likeness: Floats, explained: Floats, allowed: Flags, fit: Fit) -> list[LessonMatch]:
        """The best of the ``allowed`` lessons for each row, by both signals, standardised per row."""
        score = np.where(allowed, _standardised(likeness) + _standardised(explained), -np.inf)
        best = score.argmax(axis=1)
        rows = np.arange(len(score))
        lead = score[rows, best] - _second(score, best)
        return [
            LessonMatch(
                self.lessons[at].code,
                fit.probability(float(likeness[row, at]), float(explained[row, at]), float(lead[row])),
            )
            for row, at in zip(rows, best, strict=True)
        ]


def _pieces(lesson: LessonText) -> list[str]:
    return [lesson.title, *(part for part in _SENTENCES.split(lesson.outline.strip()) if part)]


def _table(bags: Sequence[frozenset[str]], known: Mapping[str, int]) -> csr_matrix:
    columns = [known[word] for bag in bags for word in sorted(bag)]
    ends = np.cumsum([0, *map(len, bags)])
    return csr_matrix((np.ones(len(columns), np.float32), columns, ends), shape=(len(bags), len(known)))


def _standardised(table: Floats) -> Floats:
    std = table.std(axis=1, keepdims=True)
    return np.asarray((table - table.mean(axis=1, keepdims=True)) / np.maximum(std, LEAST_STD), np.float32)


MOST_LEAD = 6.0
"""A lesson that has no rival leads by so much, which is more than most do."""


def _second(score: Floats, best: NDArray[np.int64]) -> Floats:
    rest = score.copy()
    rows = np.arange(len(score))
    rest[rows, best] = -np.inf
    return np.asarray(np.maximum(rest.max(axis=1), score[rows, best] - MOST_LEAD), np.float32)

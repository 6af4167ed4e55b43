"""What to call a cluster: its exemplars, its keywords and its label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from math import prod, sqrt
from types import MappingProxyType

import numpy as np

from clustering.algorithms import centrality
from clustering.keywords import Words, cluster_words, tells
from clustering.languages import most_spoken, spoken
from clustering.titles import LONGEST, form_of, titles_of
from kbsearch.ports import Floats, Ints
from kbsearch.text.language import detect_language
from kbsearch.text.words import joined_words_once, stems

EXEMPLARS = 3
SAME = 0.95
"""Cosine above which two questions do not differ enough to show both."""
SAME_WORDS = 0.8
"""Share of words (Jaccard) above which they do not either."""
TITLED = 40
"""The most typical questions, from which a title is chosen."""
USED = 3
"""A word that so many questions write alike is no typo."""
TYPICAL, REACH, DENSE = 1.5, 2.0, 1.0
"""What a title gains, beside how it reads: for how typical its question is, for how many questions share its
words, and for having few other words."""
UNRELATED = 0.3
"""What a title loses that holds none of the words that tell the cluster."""
FOREIGN_PART = 0.15
"""What a title loses in another language than its question, such as the text of an error."""
TOO_FEW_NAMES = (0.8, 0.4, 0.0)
"""What it loses when no word of it, or only one, says what it is about."""


@dataclass(frozen=True, slots=True)
class Description:
    """A cluster in words.  ``exemplars`` are rows, the most typical first."""

    label: str
    keywords: tuple[str, ...]
    exemplars: tuple[int, ...]


def describe(
    texts: Sequence[str],
    vectors: Floats,
    labels: Ints,
    strengths: Floats,
    *,
    taken: AbstractSet[str] = frozenset(),
    offered: Mapping[int, str] = MappingProxyType({}),
    repaired: AbstractSet[int] = frozenset(),
    only: int | None = None,
) -> dict[int, Description]:
    """Describe each cluster; labels differ within the answer, and from those that are ``taken``.

    Args:
        texts: the questions, (n,).
        vectors: centred unit rows, shape (n, d).
        labels: of the rows, shape (n,), -1 for none.
        strengths: of the rows in their clusters, shape (n,) in [0, 1].
        taken: labels of other clusters.
        offered: label → what it is called, if that is in the language of its questions.
        repaired: rows whose question was written otherwise than in ``texts``: exemplars of last resort, as
            those in another language than most of the cluster are.
        only: describe the first so many labels; the others tell which words are common.
    """
    members = {label: np.flatnonzero(labels == label) for label in range(int(labels.max(initial=-1)) + 1)}
    tongues = [detect_language(text) for text in texts]
    languages, said = _said(texts, tongues, members)
    found = cluster_words(said, only)
    known = _known(texts)
    names = {name.casefold() for name in taken}
    described = {}
    for label in found:
        rows, language = members[label], languages[label]
        rows = rows[_most_typical(vectors[rows], strengths[rows])]
        titles = _titles([texts[row] for row in rows[:TITLED].tolist()], found[label], known, language)
        if (given := offered.get(label)) and detect_language(given) == language:
            titles = [given, *titles]
        name = _unused(titles, found[label].keywords, names)
        names.add(name.casefold())
        odd = [row in repaired or tongues[row] != language for row in rows.tolist()]
        shown = rows[np.argsort(odd, kind="stable")]
        described[label] = Description(name, found[label].keywords, exemplars(texts, vectors, shown))
    return described


def _said(
    texts: Sequence[str], tongues: Sequence[str], members: Mapping[int, Ints]
) -> tuple[dict[int, str], dict[int, list[str]]]:
    """The language of each cluster, and what its questions say in it; ``tongues``: that of each text."""
    usual = most_spoken(tongues)
    languages, said = {}, {}
    for label, rows in members.items():
        own, theirs = [texts[row] for row in rows.tolist()], [tongues[row] for row in rows.tolist()]
        languages[label] = most_spoken(theirs, usual)
        said[label] = spoken(own, theirs, languages[label])
    return languages, said


def _most_typical(vectors: Floats, strengths: Floats) -> Ints:
    """Places of the rows of a cluster, those first that are in its middle and surely in it."""
    return np.argsort(-centrality(vectors) * (0.5 + 0.5 * strengths), kind="stable")


def exemplars(texts: Sequence[str], vectors: Floats, rows: Ints) -> tuple[int, ...]:
    """The first of ``rows``, the most typical first, that differ from each other; three at most."""
    chosen: list[int] = []
    for row in rows.tolist():
        if stems(texts[row]) and not any(_alike(texts, vectors, row, other) for other in chosen):
            chosen.append(row)
        if len(chosen) == EXEMPLARS:
            break
    return tuple(chosen) or (int(rows[0]),)


def _alike(texts: Sequence[str], vectors: Floats, row: int, other: int) -> bool:
    one, two = set(stems(texts[row])), set(stems(texts[other]))
    shared = len(one & two) / max(1, len(one | two))
    return shared > SAME_WORDS or float(vectors[row] @ vectors[other]) > SAME


def _known(texts: Iterable[str]) -> frozenset[str]:
    """Words, in lower case with е for ё, that several questions write alike."""
    written: Counter[str] = Counter()
    for text in texts:
        written.update({word.lower().replace("ё", "е") for word in joined_words_once(text)})
    return frozenset(word for word, count in written.items() if count >= USED)


def _titles(texts: Sequence[str], found: Words, known: frozenset[str], language: str) -> list[str]:
    """What the cluster might be called, best first: typical, about what its questions share, and readable.

    A sentence is less typical than its question, as it says less of it.

    Args:
        texts: the most typical questions, best first.
        found: the words of the cluster.
        known: words that many use.
        language: of the cluster.
    """
    best: dict[str, float] = {}
    for place, text in enumerate(texts):
        foreign = detect_language(text) != language
        typical, said = 1 - place / len(texts), len(_naming(text))
        for title in titles_of(text):
            names = _naming(title)
            value = (
                TYPICAL * typical * sqrt(len(names) / max(1, said))
                + _about(names, found)
                + form_of(title, known)
                - 1.0 * foreign
                - FOREIGN_PART * (not foreign and detect_language(title) != language)
                - TOO_FEW_NAMES[min(len(names), len(TOO_FEW_NAMES) - 1)]
            )
            best[title] = max(value, best.get(title, value))
    return sorted(best, key=lambda title: (-best[title], title))


def _about(names: AbstractSet[str], found: Words) -> float:
    """How far the stems ``names`` say what the questions of a cluster share more than others do."""
    worths = [found.worth.get(name, 0.0) for name in sorted(names)]
    if not any(worths):
        return -UNRELATED
    missed = prod(1 - found.share.get(name, 0.0) * found.worth.get(name, 0.0) for name in sorted(names))
    return REACH * (1 - missed) + DENSE * sum(worths) / len(worths)


def _naming(text: str) -> set[str]:
    """The stems of ``text`` that may say what it is about."""
    return set(filter(tells, stems(text)))


def _unused(titles: Sequence[str], found: Sequence[str], taken: AbstractSet[str]) -> str:
    """The first title that no other cluster has, made distinct with a keyword or a number if need be."""
    usable = [title for title in titles if title] or [" ".join(found[:3]).capitalize() or "…"]
    distinct = [f"{usable[0][: LONGEST - len(word) - 3]} · {word}" for word in found]
    for name in (*usable[:TITLED], *distinct):
        if name.casefold() not in taken:
            return name
    number = 2
    while f"{usable[0]} ({number})".casefold() in taken:
        number += 1
    return f"{usable[0]} ({number})"

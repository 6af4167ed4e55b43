"""What to call a cluster: its exemplars, its keywords and its label."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from clustering.algorithms import centrality
from clustering.keywords import Words, apart, cluster_words
from clustering.stopwords import STOP_STEMS
from clustering.titles import LONGEST, form_of, titles_of
from kbsearch.ports import Floats, Ints
from kbsearch.text.language import detect_language
from kbsearch.text.words import stems

EXEMPLARS = 3
SAME = 0.95
"""Cosine above which two questions do not differ enough to show both."""
SAME_WORDS = 0.8
"""Share of words (Jaccard) above which they do not either."""
TITLED = 40
"""The most typical questions, from which a title is chosen."""
USED = 3
"""A word that so many questions write alike is no typo."""
COVERED, TYPICAL = 1.0, 0.6
"""What a title gains for the keywords in it and for how typical its question is, beside how it reads."""
UNRELATED = 0.3
"""What a title loses that holds none of the words that tell the cluster."""
NAMED = 3
"""Keywords that a title can cover; more make it no better."""


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
) -> dict[int, Description]:
    """Describe each cluster; labels differ within the answer, and from those that are ``taken``.

    Args:
        texts: the questions, (n,).
        vectors: centred unit rows, shape (n, d).
        labels: of the rows, shape (n,), -1 for none.
        strengths: of the rows in their clusters, shape (n,) in [0, 1].
        taken: labels of other clusters.
        offered: label → what it is called, if that is in the language of its questions.
    """
    members = {label: np.flatnonzero(labels == label) for label in range(int(labels.max(initial=-1)) + 1)}
    found = cluster_words({label: [texts[row] for row in rows.tolist()] for label, rows in members.items()})
    known = _known(texts)
    names = {name.casefold() for name in taken}
    described = {}
    for label, rows in members.items():
        typical = centrality(vectors[rows]) * (0.5 + 0.5 * strengths[rows])
        order = np.argsort(-typical, kind="stable")
        typical_texts = [texts[row] for row in rows[order[:TITLED]].tolist()]
        titles = _titles(typical_texts, found[label], known)
        if (given := offered.get(label)) and detect_language(given) == _language(typical_texts):
            titles = [given, *titles]
        name = _unused(titles, found[label].keywords, names)
        names.add(name.casefold())
        described[label] = Description(name, found[label].keywords, exemplars(texts, vectors, rows[order]))
    return described


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
        written.update({text[word.start : word.end].lower().replace("ё", "е") for word in apart(text)})
    return frozenset(word for word, count in written.items() if count >= USED)


def _language(texts: Sequence[str]) -> str:
    """The language of most of ``texts``, "" of none."""
    languages = Counter(detect_language(text) for text in texts)
    return languages.most_common(1)[0][0] if languages else ""


def _titles(texts: Sequence[str], found: Words, known: frozenset[str]) -> list[str]:
    """What the cluster might be called, best first: typical, about its keywords, and readable.

    In the language of most of ``texts``, which are the most typical questions, best first.
    """
    language = _language(texts)
    best: dict[str, float] = {}
    for place, text in enumerate(texts):
        foreign = detect_language(text) != language
        for title in titles_of(text):
            covered = sorted((found.worth.get(root, 0.0) for root in set(stems(title))), reverse=True)
            names = sum(root not in STOP_STEMS for root in set(stems(title)))
            value = (
                COVERED * sum(covered[:NAMED]) / NAMED
                + TYPICAL * (1 - place / len(texts))
                + form_of(title, known)
                - 1.0 * foreign
                - 0.5 * (names == 0)
                - UNRELATED * (not any(covered))
            )
            best[title] = max(value, best.get(title, value))
    return sorted(best, key=lambda title: (-best[title], title))


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

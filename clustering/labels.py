"""What to call a cluster: its exemplars, its keywords and its label."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import pairwise
from math import log

import numpy as np

from clustering.algorithms import centrality
from clustering.stopwords import STOP_STEMS
from clustering.titles import LONGEST, title_of
from kbsearch.ports import Floats, Ints
from kbsearch.text.words import Word, stems, words

EXEMPLARS = 3
KEYWORDS = 6
SAME = 0.98
"""Cosine above which two questions do not differ enough to show both."""
FEWEST = 2
"""Questions of a cluster that must hold a term before it is a keyword."""

Term = tuple[str, ...]
"""One or two stems."""


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
    taken: AbstractSet[str] = frozenset(),
) -> dict[int, Description]:
    """Describe each cluster; labels differ within the answer, and from those that are ``taken``.

    Args:
        texts: the questions, (n,).
        vectors: centred unit rows, shape (n, d).
        labels: of the rows, shape (n,), -1 for none.
        strengths: of the rows in their clusters, shape (n,) in [0, 1].
        taken: labels of other clusters.
    """
    members = {label: np.flatnonzero(labels == label) for label in range(int(labels.max(initial=-1)) + 1)}
    found = keywords({label: [texts[row] for row in rows.tolist()] for label, rows in members.items()})
    names = {name.casefold() for name in taken}
    described = {}
    for label, rows in members.items():
        shown = exemplars(texts, vectors, strengths, rows)
        name = _unused([title_of(texts[row]) for row in shown], found[label], names)
        names.add(name.casefold())
        described[label] = Description(name, found[label], shown)
    return described


def exemplars(texts: Sequence[str], vectors: Floats, strengths: Floats, rows: Ints) -> tuple[int, ...]:
    """The rows nearest to the centre of ``rows`` that differ from each other, three at most."""
    typical = centrality(vectors[rows]) * (0.5 + 0.5 * strengths[rows])
    chosen: list[int] = []
    for row in rows[np.argsort(-typical, kind="stable")].tolist():
        if stems(texts[row]) and not any(_alike(texts, vectors, row, other) for other in chosen):
            chosen.append(row)
        if len(chosen) == EXEMPLARS:
            break
    return tuple(chosen) or (int(rows[0]),)


def _alike(texts: Sequence[str], vectors: Floats, row: int, other: int) -> bool:
    return stems(texts[row]) == stems(texts[other]) or float(vectors[row] @ vectors[other]) > SAME


def keywords(texts: dict[int, list[str]]) -> dict[int, tuple[str, ...]]:
    """The words and pairs of words that tell each cluster from the others, best first.

    Class-based TF-IDF (Grootendorst, "BERTopic", 2022, arXiv:2203.05794): the share of a term in the
    cluster times log(1 + mean words per cluster / frequency of the term anywhere).  Words are shown in
    their most frequent form.
    """
    forms: defaultdict[str, Counter[str]] = defaultdict(Counter)
    counts = {label: _terms(each, forms) for label, each in texts.items()}
    overall: Counter[Term] = Counter()
    for each in counts.values():
        overall.update(each)
    mean = sum(overall.values()) / max(1, len(counts))
    return {label: _best(each, overall, mean, forms) for label, each in counts.items()}


def _terms(texts: Iterable[str], forms: defaultdict[str, Counter[str]]) -> Counter[Term]:
    """In how many of ``texts`` each term stands; ``forms`` learns how words are written."""
    counted: Counter[Term] = Counter()
    for text in texts:
        found = [(word.stem, text[word.start : word.end].lower()) for word in _apart(text)]
        for root, form in found:
            forms[root][form] += 1
        roots = [root for root, _ in found]
        counted.update({(root,) for root in roots if _tells(root)})
        counted.update({pair for pair in pairwise(roots) if all(map(_tells, pair))})
    return counted


def _apart(text: str) -> list[Word]:
    """The words of ``text`` without those that are part of a joined word (`text` in `text-align`)."""
    kept: list[Word] = []
    for word in words(text):
        if not kept or word.start >= kept[-1].end:
            kept.append(word)
    return kept


def _tells(root: str) -> bool:
    return root not in STOP_STEMS and len(root) > 1 and not root.replace(".", "").isdigit()


def _best(
    counts: Counter[Term], overall: Counter[Term], mean: float, forms: dict[str, Counter[str]]
) -> tuple[str, ...]:
    total = sum(counts.values())
    score = {term: n / total * log(1 + mean / overall[term]) for term, n in counts.items()}
    recurring = [term for term in score if counts[term] >= FEWEST] or list(score)
    chosen: list[Term] = []
    for term in sorted(recurring, key=lambda each: (-score[each] * len(each), each)):
        if not any(set(term) & set(other) for other in chosen):
            chosen.append(term)
        if len(chosen) == KEYWORDS:
            break
    return tuple(" ".join(_form(forms[root]) for root in term) for term in chosen)


def _form(written: Counter[str]) -> str:
    """The most frequent way to write a word, the first in the alphabet of equals."""
    return min(written, key=lambda form: (-written[form], form))


def _unused(titles: Sequence[str], found: Sequence[str], taken: set[str]) -> str:
    """The first title that no other cluster has, made distinct with a keyword or a number if need be."""
    usable = [title for title in titles if title] or [" ".join(found[:3]).capitalize() or "…"]
    distinct = [f"{usable[0][: LONGEST - len(word) - 3]} · {word}" for word in found]
    for name in (*usable, *distinct):
        if name.casefold() not in taken:
            return name
    number = 2
    while f"{usable[0]} ({number})".casefold() in taken:
        number += 1
    return f"{usable[0]} ({number})"

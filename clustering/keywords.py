"""The words that tell a cluster from the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from math import log, sqrt

from clustering.stopwords import STOP_STEMS
from clustering.word_forms import (
    dictionary_form,
    is_adjective,
    is_function_word,
    is_verb,
    phrase_form,
    written,
)
from kbsearch.text.words import joined_words_once, stem

KEYWORDS = 6
FEWEST = 2
"""Questions of a cluster that must hold a term before it is a keyword; more in a large one (`_best`)."""
VERB = 0.4
"""What a verb is worth beside other words: what is done says less than what it is done to."""
ADJECTIVE = 0.6
"""What an adjective is worth without its noun."""
CODE = 0.5
"""What an identifier is worth (`client_id`, `o.status`): it is one student's."""
LOOKED_AT = 5
"""Times the keywords are looked at for what kind of word they are."""
SHORTEST = 2
"""Letters of a word that may be a keyword; shorter ones are ends of others, or variables."""

PLACEHOLDER = (".example", "example.com", "example.org", "example.net")
"""Names that stand for another one (RFC 2606), as addresses do that were masked."""

Term = tuple[str, ...]
"""One or two stems."""


@dataclass(frozen=True, slots=True)
class Words:
    """What tells a cluster from the others.

    ``keywords``, best first; of each stem what it is ``worth`` there, at most 1, nothing unless it recurs,
    and the ``share`` of the questions that hold it.
    """

    keywords: tuple[str, ...]
    worth: Mapping[str, float]
    share: Mapping[str, float]


def keywords(texts: dict[int, list[str]]) -> dict[int, tuple[str, ...]]:
    """The words and pairs of words that tell each cluster from the others, best first."""
    return {label: each.keywords for label, each in cluster_words(texts).items()}


def cluster_words(texts: dict[int, list[str]], only: int | None = None) -> dict[int, Words]:
    """The words of each cluster, or of the first ``only``, as `shared_words` has them of groups of one."""
    return shared_words({label: [each] for label, each in texts.items()}, only)


def shared_words(texts: Mapping[int, Sequence[Sequence[str]]], only: int | None = None) -> dict[int, Words]:
    """The words of each group of clusters, or of the first ``only``; what more clusters of it share is first.

    Class-based TF-IDF (Grootendorst, "BERTopic", 2022, arXiv:2203.05794): the share of a term in the
    cluster times log(1 + mean words per cluster / frequency of the term anywhere).  Single words are shown
    in their dictionary form, pairs as `phrase_form` has them.  Times the root of the share of the group's
    clusters that hold the term, so that one large cluster does not speak for all.
    """
    forms: defaultdict[Term, Counter[str]] = defaultdict(Counter)
    counted = {label: [_terms(each, forms) for each in groups] for label, groups in texts.items()}
    counts = {label: _sum(each) for label, each in counted.items()}
    overall = _sum(counts.values())
    mean = sum(overall.values()) / max(1, len(counts))
    found = {}
    for label, each in islice(counts.items(), only):
        total, groups = sum(each.values()), counted[label]
        spread = _spread(groups)
        score = {term: each[term] / total * log(1 + mean / overall[term]) * spread[term] for term in spread}
        found[label] = _best(each, score, sum(map(len, texts[label])), forms)
    return found


def _spread(groups: Sequence[Counter[Term]]) -> dict[Term, float]:
    """The root of the share of ``groups`` that hold each term."""
    if len(groups) == 1:
        return dict.fromkeys(groups[0], 1.0)
    held = _sum(dict.fromkeys(group, 1) for group in groups)
    return {term: sqrt(count / len(groups)) for term, count in held.items()}


def _sum(counts: Iterable[Mapping[Term, int]]) -> Counter[Term]:
    found: Counter[Term] = Counter()
    for each in counts:
        found.update(each)
    return found


def _terms(texts: Iterable[str], forms: defaultdict[Term, Counter[str]]) -> Counter[Term]:
    """In how many of ``texts`` each term stands; ``forms`` learns how terms are written."""
    counted: Counter[Term] = Counter()
    for text in texts:
        found = [(root := stem(word), word.lower(), tells(root)) for word in joined_words_once(text)]
        terms: dict[Term, str] = {(root,): form for root, form, telling in found if telling}
        for (left, one, telling), (right, other, too) in pairwise(found):
            if telling and too and left != right:
                terms.setdefault((left, right), f"{one} {other}")
        for term, form in terms.items():
            forms[term][form] += 1
        counted.update(terms.keys())
    return counted


@lru_cache(maxsize=200_000)
def tells(root: str) -> bool:
    """Whether a stem may say what a question is about."""
    return (
        root not in STOP_STEMS
        and len(root) >= SHORTEST
        and any(map(str.isalpha, root))
        and not root.endswith(PLACEHOLDER)
    )


def _best(
    counts: Counter[Term], score: Mapping[Term, float], size: int, forms: Mapping[Term, Counter[str]]
) -> Words:
    least = max(FEWEST, round(sqrt(size) / 2))
    recurring = [term for term in score if counts[term] >= least]
    recurring = recurring or [term for term in score if len(term) == 1]
    ranked = sorted(recurring, key=lambda each: (-score[each] * len(each), each))
    first = ranked[: LOOKED_AT * KEYWORDS]
    kinds = {term: _kind(written(forms[term])) for term in first}
    first.sort(key=lambda each: -score[each] * len(each) * kinds[each])
    chosen: list[Term] = []
    for term in [*first, *ranked[len(first) :]]:
        if not any(set(term) & set(other) for other in chosen) and _shown(forms[term]) is not None:
            chosen.append(term)
        if len(chosen) == KEYWORDS:
            break
    shown = [_shown(forms[term]) or written(forms[term]) for term in chosen]
    single = {term[0]: score[term] for term in recurring if len(term) == 1}
    most = max(single.values(), default=1.0)
    return Words(
        tuple(dict.fromkeys(shown)),
        {root: worth / most for root, worth in single.items()},
        {term[0]: count / size for term, count in counts.items() if len(term) == 1},
    )


def _kind(form: str) -> float:
    """What a term is worth for the kind of word that it is."""
    if any(mark in form for mark in "._"):
        return CODE
    if " " in form:
        return 1.0
    if is_verb(form):
        return VERB
    return ADJECTIVE if is_adjective(form) else 1.0


def _shown(forms: Mapping[str, int]) -> str | None:
    """A term as a keyword, by how it is written; None when it names nothing."""
    usual = written(forms)
    if " " in usual:
        return phrase_form(forms)
    return None if is_function_word(usual) else dictionary_form(forms)

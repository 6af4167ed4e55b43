"""The words that tell a cluster from the others."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from math import log, sqrt

from clustering.stopwords import STOP_STEMS
from clustering.word_forms import dictionary_form, is_function_word, is_verb, phrase_form, written
from kbsearch.text.words import Word, words

KEYWORDS = 6
FEWEST = 2
"""Questions of a cluster that must hold a term before it is a keyword; more in a large one (`_best`)."""
VERB = 0.4
"""What a verb is worth beside other words: what is done says less than what it is done to."""
LOOKED_AT = 5
"""Times the keywords are looked at for verbs."""
SHORTEST = 2
"""Letters of a word that may be a keyword; shorter ones are ends of others, or variables."""

Term = tuple[str, ...]
"""One or two stems."""


@dataclass(frozen=True, slots=True)
class Words:
    """The keywords of a cluster, best first, and what each stem is worth there, at most 1."""

    keywords: tuple[str, ...]
    worth: Mapping[str, float]


def keywords(texts: dict[int, list[str]]) -> dict[int, tuple[str, ...]]:
    """The words and pairs of words that tell each cluster from the others, best first."""
    return {label: each.keywords for label, each in cluster_words(texts).items()}


def cluster_words(texts: dict[int, list[str]]) -> dict[int, Words]:
    """The words of each cluster.

    Class-based TF-IDF (Grootendorst, "BERTopic", 2022, arXiv:2203.05794): the share of a term in the
    cluster times log(1 + mean words per cluster / frequency of the term anywhere).  Single words are shown
    in their dictionary form, pairs as `phrase_form` has them.
    """
    forms: defaultdict[Term, Counter[str]] = defaultdict(Counter)
    counts = {label: _terms(each, forms) for label, each in texts.items()}
    overall: Counter[Term] = Counter()
    for each in counts.values():
        overall.update(each)
    mean = sum(overall.values()) / max(1, len(counts))
    return {label: _best(each, len(texts[label]), overall, mean, forms) for label, each in counts.items()}


def _terms(texts: Iterable[str], forms: defaultdict[Term, Counter[str]]) -> Counter[Term]:
    """In how many of ``texts`` each term stands; ``forms`` learns how terms are written."""
    counted: Counter[Term] = Counter()
    for text in texts:
        found = [(word.stem, text[word.start : word.end].lower()) for word in apart(text)]
        terms: dict[Term, str] = {(root,): form for root, form in found if _tells(root)}
        for (left, one), (right, other) in pairwise(found):
            if left != right and _tells(left) and _tells(right):
                terms.setdefault((left, right), f"{one} {other}")
        for term, form in terms.items():
            forms[term][form] += 1
        counted.update(terms.keys())
    return counted


def apart(text: str) -> list[Word]:
    """The words of ``text`` without those that are part of a joined word (`text` in `text-align`)."""
    kept: list[Word] = []
    for word in words(text):
        if not kept or word.start >= kept[-1].end:
            kept.append(word)
    return kept


def _tells(root: str) -> bool:
    return root not in STOP_STEMS and len(root) >= SHORTEST and not root.replace(".", "").isdigit()


def _best(
    counts: Counter[Term], size: int, overall: Counter[Term], mean: float, forms: Mapping[Term, Counter[str]]
) -> Words:
    total = sum(counts.values())
    score = {term: n / total * log(1 + mean / overall[term]) for term, n in counts.items()}
    least = max(FEWEST, round(sqrt(size) / 2))
    recurring = [term for term in score if counts[term] >= least] or list(score)
    ranked = sorted(recurring, key=lambda each: (-score[each] * len(each), each))
    first = ranked[: LOOKED_AT * KEYWORDS]
    verbs = {term for term in first if len(term) == 1 and is_verb(written(forms[term]))}
    first.sort(key=lambda each: -score[each] * len(each) * (VERB if each in verbs else 1.0))
    chosen: list[Term] = []
    for term in [*first, *ranked[len(first) :]]:
        if not any(set(term) & set(other) for other in chosen) and _shown(forms[term]) is not None:
            chosen.append(term)
        if len(chosen) == KEYWORDS:
            break
    shown = [_shown(forms[term]) or written(forms[term]) for term in chosen]
    single = {term[0]: score[term] for term in recurring if len(term) == 1}
    most = max(single.values(), default=1.0)
    return Words(tuple(dict.fromkeys(shown)), {root: worth / most for root, worth in single.items()})


def _shown(forms: Mapping[str, int]) -> str | None:
    """A term as a keyword, by how it is written; None when it names nothing."""
    usual = written(forms)
    if " " in usual:
        return phrase_form(forms)
    return None if is_function_word(usual) else dictionary_form(forms)

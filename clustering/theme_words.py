"""Themes of a run in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from itertools import chain
from types import MappingProxyType

from clustering.keywords import shared_words
from clustering.languages import most_spoken, spoken
from clustering.theme_record import ThemesFound, ThemeWords
from clustering.themes import themes
from clustering.word_forms import is_adjective, is_verb
from kbsearch.ports import Floats, Ints
from kbsearch.text.language import detect_language
from kbsearch.text.lexicon import shipped_lexicon

WORDS = 3
"""Keywords that make a theme's name."""
ALIKE = 0.8
"""Share of letters (Ratcliff and Obershelp) from which two words are one, written in two ways."""


def found_themes(
    texts: Sequence[str],
    vectors: Floats,
    labels: Ints,
    seed: int = 0,
    titles: Mapping[int, str] = MappingProxyType({}),
) -> ThemesFound:
    """The themes of clusters, with names that differ, in the language of most of their questions.

    A theme is called by the words that most of its clusters share, where none names anything after its
    largest cluster.

    Args:
        texts: the questions, (n,).
        vectors: centred unit rows, shape (n, d).
        labels: of the rows, shape (n,), -1 for none.
        seed: of what is drawn at random.
        titles: of the clusters, by label.
    """
    of = themes(vectors, labels, seed).tolist()
    clusters: defaultdict[int, defaultdict[int, list[str]]] = defaultdict(lambda: defaultdict(list))
    for text, label in zip(texts, labels.tolist(), strict=True):
        if label >= 0:
            clusters[of[label]][label].append(text)
    spoken = {number: _spoken(list(each.values())) for number, each in clusters.items()}
    words: dict[int, ThemeWords] = {}
    taken: set[str] = set()
    for number, found in shared_words(spoken).items():
        largest = max(clusters[number], key=lambda label: (len(clusters[number][label]), -label))
        name = _unused(
            _name(found.keywords) or titles.get(largest) or ", ".join(found.keywords) or "…", taken
        )
        taken.add(name)
        words[number] = ThemeWords(name, found.keywords)
    return ThemesFound(dict(enumerate(of)), words)


def _spoken(clusters: Sequence[Sequence[str]]) -> list[list[str]]:
    """The questions of each cluster that are in the language of most; a cluster of another one has none."""
    languages = [[detect_language(text) for text in each] for each in clusters]
    language = most_spoken(chain.from_iterable(languages))
    said = [spoken(each, own, language) for each, own in zip(clusters, languages, strict=True)]
    return [each for each in said if each]


def _name(keywords: Sequence[str]) -> str:
    """The best keywords that name something, and not one thing twice; "" when none does."""
    chosen: list[str] = []
    for word in filter(_names, keywords):
        if len(chosen) < WORDS and not _said(word, chosen):
            chosen.append(word)
    name = ", ".join(chosen)
    return name[:1].upper() + name[1:]


def _names(word: str) -> bool:
    """Whether a keyword names a thing: it is no verb, no lone adjective, no identifier."""
    return not (is_verb(word) or is_adjective(word) or any(mark in word for mark in "._"))


def _said(word: str, chosen: Iterable[str]) -> bool:
    """Whether ``word`` is, spelt otherwise, in part or as slang among ``chosen``: «комит» beside «коммит»."""
    return any(
        word in other
        or other in word
        or SequenceMatcher(None, word, other).ratio() >= ALIKE
        or _spellings(word) & _spellings(other)
        for other in chosen
    )


def _spellings(word: str) -> set[str]:
    """``word`` and what it is slang for."""
    return {word, *(each for meant in shipped_lexicon().meanings(word).values() for each in meant.split())}


def _unused(name: str, taken: set[str]) -> str:
    number = 1
    made = name
    while made in taken:
        number += 1
        made = f"{name} ({number})"
    return made

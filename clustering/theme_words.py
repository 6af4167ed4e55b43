"""Themes of a run in words."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from clustering.keywords import keywords
from clustering.theme_record import ThemesFound, ThemeWords
from clustering.themes import themes
from kbsearch.ports import Floats, Ints

WORDS = 3
"""Keywords that make a theme's name."""


def found_themes(texts: Sequence[str], vectors: Floats, labels: Ints, seed: int = 0) -> ThemesFound:
    """The themes of clusters, with names that differ.

    Args:
        texts: the questions, (n,).
        vectors: centred unit rows, shape (n, d).
        labels: of the rows, shape (n,), -1 for none.
        seed: of what is drawn at random.
    """
    of = themes(vectors, labels, seed).tolist()
    members: defaultdict[int, list[str]] = defaultdict(list)
    for text, label in zip(texts, labels.tolist(), strict=True):
        if label >= 0:
            members[of[label]].append(text)
    words: dict[int, ThemeWords] = {}
    taken: set[str] = set()
    for number, found in keywords(members).items():
        name = _unused(", ".join(found[:WORDS]) or "…", taken)
        taken.add(name)
        words[number] = ThemeWords(name, found)
    return ThemesFound(dict(enumerate(of)), words)


def _unused(name: str, taken: set[str]) -> str:
    number = 1
    made = name
    while made in taken:
        number += 1
        made = f"{name} ({number})"
    return made

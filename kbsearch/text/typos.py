"""Words that nobody knows, and the known words they were likely meant to be."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from kbsearch.text.vocabulary import Vocabulary

SHORTEST = 4
"""Shorter words are left alone: too many others are near them."""
LONGEST = 40
"""Longer ones are no words, and their edits would take the square of their length in time and memory."""
TWO_EDITS_FROM = 7
"""From this length on a word may be two edits away."""
EDIT = 2.0
"""What a candidate loses for each edit, on the scale of `Vocabulary.weight`."""
FIRST_LETTER = 1.5
"""What it loses when its first letter is another: few err there."""
OTHER_FORM = 2.0
"""What a candidate gains of which the index has another form."""
CLEAR = 1.0
"""By how much the best candidate must lead for the second to be dropped."""
MOST = 8
"""Of a text so many words are corrected at most."""
RUSSIAN = "абвгдежзийклмнопрстуфхцчшщъыьэюя"
ENGLISH = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Candidate:
    """A known word that an unknown one may have been meant to be."""

    word: str
    weight: float


def candidates(word: str, known: Vocabulary) -> list[Candidate]:
    """What ``word`` may have been meant to be, the likeliest first; none when it is known or no word.

    At most two: the second only when it is nearly as likely as the first.
    """
    low = word.lower().replace("ё", "е")
    if not SHORTEST <= len(low) <= LONGEST or not low.isalpha() or known.knows(low):
        return []
    found = [_weighed(near, low, 1, known) for near in known.among(edits(low))]
    if not found and len(low) >= TWO_EDITS_FROM:
        found = [_weighed(near, low, 2, known) for near in known.like(low) if distance(low, near) <= 2]  # noqa: PLR2004
    found.sort(key=lambda one: (-one.weight, one.word))
    return [one for one in found[:2] if one.weight > found[0].weight - CLEAR]


def _weighed(near: str, word: str, count: int, known: Vocabulary) -> Candidate:
    weight = known.weight(near) - EDIT * count - (FIRST_LETTER if near[0] != word[0] else 0.0)
    return Candidate(near, weight + (OTHER_FORM if near not in known.own and known.is_own(near) else 0.0))


@lru_cache(maxsize=256)
def edits(word: str) -> frozenset[str]:
    """All words one edit away: a letter dropped, swapped with the next, replaced or inserted.

    P. Norvig, "How to write a spelling corrector", https://norvig.com/spell-correct.html
    """
    letters = RUSSIAN if "а" <= word[0] <= "я" else ENGLISH
    halves = [(word[:cut], word[cut:]) for cut in range(len(word) + 1)]
    dropped = {a + b[1:] for a, b in halves if b}
    swapped = {a + b[1] + b[0] + b[2:] for a, b in halves if len(b) > 1}
    replaced = {a + letter + b[1:] for a, b in halves if b for letter in letters}
    inserted = {a + letter + b for a, b in halves for letter in letters}
    return frozenset(dropped | swapped | replaced | inserted)


def distance(one: str, other: str) -> int:
    """Edits between two words, a swap of neighbours counting one (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            cost = min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b))
            if i > 1 and j > 1 and a == other[j - 2] and b == one[i - 2]:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        before, last = last, row
    return last[-1]

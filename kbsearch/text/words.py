"""Words and their stems, with positions: the one tokenizer of search, matching and labels.

Identifiers, versions and file names stay whole (``python3.11``, ``C++``, ``ModuleNotFoundError``,
``git-lfs``); everything is lower-cased, ё is е.  Russian words take the Snowball Russian stem, Latin ones
the English stem, so that one field can hold both languages.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

import Stemmer

_WORD = re.compile(r"[^\W_]+(?:[._+#'’-]*[^\W_]+)*(?:\+\+|#)?", re.UNICODE)
_RUSSIAN = Stemmer.Stemmer("russian")
_ENGLISH = Stemmer.Stemmer("english")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: its stem and its half-open span [start, end) of characters."""

    stem: str
    start: int
    end: int


def words(text: str) -> list[Word]:
    """The words of ``text`` in order, with stems and positions."""
    return [Word(stem(m.group()), m.start(), m.end()) for m in _WORD.finditer(text)]


def stems(text: str) -> list[str]:
    """The stems of ``text`` in order."""
    return [stem(m.group()) for m in _WORD.finditer(text)]


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of one word of either language; identifiers and versions are left whole."""
    low = word.lower().replace("ё", "е")
    if not low.isalpha():
        return low
    if "а" <= low[0] <= "я":
        return str(_RUSSIAN.stemWord(low))
    return str(_ENGLISH.stemWord(low))

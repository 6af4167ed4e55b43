"""Words and their stems, with positions: the one tokenizer of search, matching and labels.

Identifiers, versions and file names stay whole (``python3.11``, ``C++``, ``ModuleNotFoundError``,
``git-lfs``) and are followed by the words they are joined from (``git``, ``lfs``), so that either finds the
other; everything is lower-cased, ё is е.  Russian words take the Snowball Russian stem, Latin ones
the English stem, so that one field can hold both languages.  Signs that are spoken of (``==``) are words too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import NamedTuple

import Stemmer

from kbsearch.text.signs import SIGN, may_have_sign

_NAME = re.compile(r"[^\W_]+(?:[._+#'’-]+[^\W_]+)*(?:\+\+|#)?")
_WORD = re.compile(rf"{_NAME.pattern}|{SIGN}")
_PART = re.compile(r"\w{2,}")
SHORT = 400
"""Characters of a text that is kept split with thousands of others."""
_LOOK_LIKE_VERBS = frozenset({"коммит", "комит", "лимит", "сплит", "кредит", "аудит", "твит", "транзит"})
"""Nouns whose ending -ит the stemmer takes for a verb's, so that they would not meet their own cases."""
_RUSSIAN = Stemmer.Stemmer("russian")
_ENGLISH = Stemmer.Stemmer("english")


class Word(NamedTuple):
    """A word of a text: its stem and its half-open span [start, end) of characters."""

    stem: str
    start: int
    end: int


def words(text: str) -> tuple[Word, ...]:
    """The words of ``text`` in order, with stems and positions; parts follow the word they are part of."""
    return _words_of_short(text) if len(text) <= SHORT else _words_of_long(text)


def stems(text: str) -> list[str]:
    """The stems of ``text`` in order, as `words` gives them."""
    return [word.stem for word in words(text)]


def stems_once(text: str) -> list[str]:
    """As `stems`, of one of many texts that are read a single time: nothing is kept, no position is noted."""
    return [stem(word) for word in words_once(text)]


def words_once(text: str) -> list[str]:
    """The words of ``text`` as `words` finds them, as they are written: nothing is kept."""
    found: list[str] = []
    for word in joined_words_once(text):
        found.append(word)
        if not word.isalnum():
            found += [part for part in _PART.findall(word) if part != word]
    return found


def joined_words_once(text: str) -> list[str]:
    """The words of ``text`` as they are written, without parts of joined ones: nothing is kept."""
    found: list[str] = _pattern(text).findall(text)
    return found


def whole_words(text: str) -> list[str]:
    """The words of ``text`` in order, as they are written; no signs, no parts of a joined word."""
    return _NAME.findall(text)


def _pattern(text: str) -> re.Pattern[str]:
    """What finds the words of ``text``: to look for signs takes as long as all the rest."""
    return _WORD if may_have_sign(text) else _NAME


def _split(text: str) -> tuple[Word, ...]:
    found: list[Word] = []
    for match in _pattern(text).finditer(text):
        word, span = match.group(), match.span()
        found.append(Word(stem(word), *span))
        if not word.isalnum():
            parts = _PART.finditer(text, *span)
            found += [Word(stem(part.group()), *part.span()) for part in parts if part.span() != span]
    return tuple(found)


# A question is split when it is matched, indexed and highlighted; an answer each time it is shown.
_words_of_short = lru_cache(maxsize=8_192)(_split)
_words_of_long = lru_cache(maxsize=512)(_split)


@lru_cache(maxsize=200_000)
def stem(word: str) -> str:
    """The stem of one word of either language; identifiers and versions are left whole."""
    low = word.lower().replace("ё", "е")
    if not low.isalpha():
        return low
    if low in _LOOK_LIKE_VERBS:
        return low
    if "а" <= low[0] <= "я":
        return str(_RUSSIAN.stemWord(low))
    return str(_ENGLISH.stemWord(low))


def stems_by_word(words: Sequence[str]) -> dict[str, str]:
    """The stem of each of many single words in lower case, faster than one by one."""
    alpha = [word for word in words if word.isalpha()]
    russian = [word for word in alpha if "а" <= word[0] <= "я"]
    latin = [word for word in alpha if not "а" <= word[0] <= "я"]
    found = dict(zip(words, words, strict=True))
    found |= zip(russian, _RUSSIAN.stemWords(russian), strict=True)
    found |= zip(latin, _ENGLISH.stemWords(latin), strict=True)
    return found | {word: word for word in _LOOK_LIKE_VERBS.intersection(russian)}


def stems_of(words: Sequence[str]) -> list[str]:
    """The stems of many single words in lower case, in no certain order and faster than one by one."""
    russian = [word for word in words if word.isalpha() and "а" <= word[0] <= "я"]
    others = [word for word in words if not (word.isalpha() and "а" <= word[0] <= "я")]
    latin = [word for word in others if word.isalpha()]
    rest = [word for word in others if not word.isalpha()]
    found = [*_RUSSIAN.stemWords(russian), *_ENGLISH.stemWords(latin)]
    return [*found, *rest, *_LOOK_LIKE_VERBS.intersection(russian)]

"""The common words of Russian and English."""

from __future__ import annotations

import gzip
import math
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from kbsearch.text.words import stems_by_word

FILE = "common_words.txt.gz"
EVERYWHERE = 6.4
"""Words from this frequency on ("как", "the") stand in nearly every text and tell nothing about it."""
WORDS_OF_A_TEXT = 50
"""Length of the texts that `share_of_texts` speaks of."""
PER_BILLION = 9


@cache
def common_words() -> Mapping[str, float]:
    """Words in lower case (е for ё) with their frequency on the Zipf scale: log10 per billion words."""
    packed = files("kbsearch.text").joinpath(FILE).read_bytes()
    found: dict[str, float] = {}
    for line in gzip.decompress(packed).decode("utf-8").splitlines():
        frequency, words = line.split(" ", 1)
        found.update(dict.fromkeys(words.split(" "), float(frequency)))
    return found


def is_everywhere(word: str) -> bool:
    """Whether ``word`` is one of the few that stand in nearly every text."""
    return common_words().get(word.lower().replace("ё", "е"), 0.0) >= EVERYWHERE


def share_of_texts(stem: str) -> float:
    """The share in [0, 1) of everyday texts that hold a form of ``stem``; 0 for one that is not common."""
    return _stem_shares().get(stem, 0.0)


@cache
def _stem_shares() -> Mapping[str, float]:
    common = common_words()
    found: defaultdict[str, float] = defaultdict(float)
    for word, stem in stems_by_word(list(common)).items():
        found[stem] += 10 ** (common[word] - PER_BILLION)
    return {one: -math.expm1(-WORDS_OF_A_TEXT * frequency) for one, frequency in found.items()}

"""The common words of Russian and English."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

FILE = "common_words.txt.gz"
EVERYWHERE = 6.4
"""Words from this frequency on ("как", "the") stand in nearly every text and tell nothing about it."""


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

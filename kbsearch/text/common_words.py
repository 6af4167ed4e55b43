"""The common words of Russian and English."""

from __future__ import annotations

import gzip
import math
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from kbsearch.text.signs import IN_PROSE
from kbsearch.text.words import stems_by_word

WORDS = "common_words.txt.gz"
STEMS = "common_stems.txt.gz"
"""The same by stem, written by `python -m benchmarks.fit_common_stems`."""
EVERYWHERE = 6.2
"""Words from this frequency on ("как", "чтобы", "the") stand in so many texts that they tell nothing."""
WORDS_OF_A_TEXT = 50
"""Length of the texts that `share_of_texts` speaks of."""
PER_BILLION = 9


@cache
def common_words() -> Mapping[str, float]:
    """Words in lower case (е for ё) with their frequency on the Zipf scale: log10 per billion words."""
    return _unpacked(WORDS)


def is_everywhere(word: str) -> bool:
    """Whether ``word`` is one of the few that stand in nearly every text."""
    return common_words().get(word.lower().replace("ё", "е"), 0.0) >= EVERYWHERE


def share_of_texts(stem: str) -> float:
    """The share in [0, 1) of everyday texts that hold a form of ``stem``, or a sign; 0 for one that is rare.

    Texts of `WORDS_OF_A_TEXT` words drawn one by one: 1 - exp(-words · frequency), as of Poisson.
    """
    frequency = _common_stems().get(stem)
    if frequency is None:
        return IN_PROSE.get(stem, 0.0)
    return -math.expm1(-WORDS_OF_A_TEXT * float(10 ** (frequency - PER_BILLION)))


def frequencies_by_stem() -> dict[str, float]:
    """The stems of the common words with the frequency of all their forms on the Zipf scale."""
    common = common_words()
    found: defaultdict[str, float] = defaultdict(float)
    for word, stem in stems_by_word(list(common)).items():
        found[stem] += 10 ** common[word]
    return {stem: math.log10(times) for stem, times in found.items()}


def packed(frequencies: Mapping[str, float], digits: int) -> str:
    """``frequencies`` as text: each line is one, rounded, and its words in alphabetical order."""
    lines: defaultdict[str, list[str]] = defaultdict(list)
    for word, frequency in frequencies.items():
        lines[f"{frequency:.{digits}f}"].append(word)
    return "\n".join(" ".join([one, *sorted(lines[one])]) for one in sorted(lines))


@cache
def _common_stems() -> Mapping[str, float]:
    return _unpacked(STEMS)


def _unpacked(name: str) -> dict[str, float]:
    text = gzip.decompress(files("kbsearch.text").joinpath(name).read_bytes()).decode("utf-8")
    found: dict[str, float] = {}
    for line in text.splitlines():
        frequency, words = line.split(" ", 1)
        found.update(dict.fromkeys(words.split(" "), float(frequency)))
    return found

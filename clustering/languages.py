"""Which language a cluster speaks: that of most of its questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence


def most_spoken(languages: Iterable[str], usual: str = "") -> str:
    """The language of most of the questions that ``languages`` are of, "" when none has one.

    Of languages with equally many it is ``usual``, else the one that comes first.
    """
    counted: Counter[str] = Counter(language for language in languages if language)
    most = max(counted.values(), default=0)
    if most and counted[usual] == most:
        return usual
    return max(counted, key=counted.__getitem__, default="")


def spoken(texts: Sequence[str], languages: Sequence[str], language: str) -> list[str]:
    """Those of ``texts`` whose language, the one at the same place of ``languages``, is ``language``."""
    return [text for text, own in zip(texts, languages, strict=True) if own == language]

"""Pieces of words: overlapping runs of letters, by which near forms and misspelt words find each other."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

LENGTH = 4
"""Letters of a piece, the mark of the beginning of a word among them."""


@lru_cache(maxsize=200_000)
def pieces(stem: str) -> tuple[str, ...]:
    """The runs of `LENGTH` letters of ``stem`` after a space that marks its beginning; one at least.

    "push" gives " pus" and "push".  A sign such as "==" gives three, as a word of about its weight does.
    """
    marked = f" {stem}" if any(map(str.isalnum, stem)) else f"  {stem}  "
    return tuple(marked[start : start + LENGTH] for start in range(max(1, len(marked) - LENGTH + 1)))


def pieces_of(stems: Iterable[str]) -> list[str]:
    """The pieces of ``stems``, in order."""
    return [piece for stem in stems for piece in pieces(stem)]

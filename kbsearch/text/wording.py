"""What of a text tells whether another one says it in the same words."""

from __future__ import annotations

import re
from functools import lru_cache

from kbsearch.text.chatter import strip_chatter
from kbsearch.text.signs import SIGN

_TELLING = re.compile(rf"[^\W_]+(?:\+\+|#(?![^\W_]))?|{SIGN}")
"""Words, names such as C++ and C#, and signs that make another question of the same words."""


@lru_cache(maxsize=16_384)
def plain_wording(text: str) -> str:
    """The words of ``text`` in order, lower case, without greetings and most signs, е for ё; may be empty."""
    return " ".join(_TELLING.findall(strip_chatter(text).lower().replace("ё", "е")))

"""What of a text tells whether another one says it in the same words."""

from __future__ import annotations

import re
from functools import lru_cache

from kbsearch.text.chatter import strip_chatter

_NOT_WORD = re.compile(r"[\W_]+")


@lru_cache(maxsize=16_384)
def plain_wording(text: str) -> str:
    """The words of ``text`` in order, in lower case, without greetings and signs, е for ё; may be empty."""
    return _NOT_WORD.sub(" ", strip_chatter(text).lower().replace("ё", "е")).strip()

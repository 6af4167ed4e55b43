"""Slugs: short stable names made from titles, in Latin letters, for addresses and file names."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MAX_SLUG = 80

_LATIN = {
    "а": "a", "б": "b", "в": "v", "г": "g", "д": "d", "е": "e", "ё": "e", "ж": "zh", "з": "z", "и": "i",
    "й": "y", "к": "k", "л": "l", "м": "m", "н": "n", "о": "o", "п": "p", "р": "r", "с": "s", "т": "t",
    "у": "u", "ф": "f", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ъ": "", "ы": "y",
    "ь": "", "э": "e", "ю": "yu", "я": "ya", "+": "-plus-", "#": "-sharp-", "&": "-and-",
}  # fmt: skip
_TABLE = str.maketrans(_LATIN)
_OTHER = re.compile(r"[^a-z0-9]+")
_GIVEN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


def slugify(title: str) -> str:
    """``title`` in at most `MAX_SLUG` characters of a–z, 0–9 and hyphens; equal titles, equal slugs.

    A slug that had to be cut, or would be empty, carries a hash of the title so that it stays its own.
    """
    low = unicodedata.normalize("NFKC", title).lower().translate(_TABLE)
    plain = unicodedata.normalize("NFKD", low).encode("ascii", "ignore").decode()
    slug = _OTHER.sub("-", plain).strip("-")
    if not slug:
        return f"case-{fingerprint(title)}"
    if len(slug) <= MAX_SLUG:
        return slug
    return f"{slug[: MAX_SLUG - 9].rstrip('-')}-{fingerprint(title)}"


def fingerprint(text: str) -> str:
    """Eight hexadecimal digits that tell one text from another."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def is_slug(text: str) -> bool:
    """Whether ``text`` can be a slug as it is: a letter or digit, then those or ``.``, ``_``, ``-``."""
    return _GIVEN.fullmatch(text) is not None

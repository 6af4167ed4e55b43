"""Authors as keyed hashes: one person stays one author, and nobody can tell who it is without the key."""

from __future__ import annotations

import hmac
import unicodedata

LENGTH = 32
"""Hexadecimal digits that are kept: 128 bits, far from any collision among a school's authors."""


def author_key(author: str, key: str) -> str:
    """The pseudonym of ``author`` under ``key``: 32 hexadecimal digits of HMAC-SHA256.

    Spaces around the name and upper and lower case make no difference; "" gives "".
    """
    normal = unicodedata.normalize("NFC", author).strip().casefold()
    if not normal:
        return ""
    data = normal.encode("utf-8", "surrogatepass")
    return hmac.digest(key.encode(), data, "sha256").hex()[:LENGTH]

"""Documents as they are stored in an index, and the fingerprints that tell a stale one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

from kbsearch.ports import PARTS, Document, Part

LETTER: dict[Part, str] = {part: part[0].upper() for part in PARTS}
PART: dict[str, Part] = {letter: part for part, letter in LETTER.items()}
"""A document's parts are stored as one word of these letters: "TVVAPP" is a title, two variants, an answer
and two passages of it."""
FIELDS = ("title", "variants", "answer", "tags")


def stored(document: Document, row: int) -> dict[str, Any]:
    """What the index stores of ``document``, whose first vector lies in ``row``."""
    return {
        "id": document.id,
        "row": row,
        "parts": letters(document.parts),
        "fingerprint": fingerprint(document),
        "course": document.course,
        "lessons": tuple(document.lessons),
        "language": document.language,
        "state": document.state,
        **{name: document.text[name] for name in FIELDS if document.text.get(name)},
    }


def letters(parts: Sequence[Part]) -> str:
    """``parts`` as a word."""
    return "".join(LETTER[part] for part in parts)


def fingerprint(document: Document) -> int:
    """A hash of all that ``document`` is made of, except its vectors; in [-2**63, 2**63)."""
    texts = [document.text.get(name, "") for name in FIELDS]
    kept = [document.course, list(document.lessons), document.language, str(document.state)]
    whole = json.dumps([texts, kept, letters(document.parts)])
    return int.from_bytes(blake2b(whole.encode(), digest_size=8).digest(), "big", signed=True)

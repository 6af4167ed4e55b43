"""Which language a text is in, told by its script: enough for the two languages we serve."""

from __future__ import annotations

import re
from typing import Literal

Language = Literal["ru", "en", ""]

_CYRILLIC = re.compile(r"[А-Яа-яЁё]+")
_LATIN = re.compile(r"[A-Za-z]+")
_CODE = re.compile(r"```.*?```|`[^`\n]+`|https?://\S+|^\s*(?:Traceback|File \").*$", re.DOTALL | re.MULTILINE)
CYRILLIC_SHARE = 0.2
"""From this share of Cyrillic letters on a text is Russian: Russian questions are full of Latin terms."""


def detect_language(text: str) -> Language:
    """The language of ``text``, "" when it has no letters.  Code and links do not count."""
    prose = _CODE.sub(" ", text)
    cyrillic, latin = (sum(map(len, letters.findall(prose))) for letters in (_CYRILLIC, _LATIN))
    if not cyrillic and not latin:
        return ""
    return "ru" if cyrillic >= CYRILLIC_SHARE * (cyrillic + latin) else "en"

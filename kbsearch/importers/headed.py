"""Texts with a subject above them, as forums and help desks have them."""

from __future__ import annotations

import re

_AGAIN = re.compile(r"^(?:(?:re|fwd?|ответ|отв|пересл)(?:\[\d+\])?:\s*)+", re.IGNORECASE)
"""What mail programs write before the subject of what they answer or send on."""


def headed(subject: str, text: str) -> str:
    """``text`` below its ``subject``, unless it begins with that, which may be cut short."""
    bare, text = _AGAIN.sub("", subject.strip(), count=1), text.strip()
    if _plain(text).startswith(_plain(bare.removesuffix("…").rstrip("."))):
        return text
    return f"{bare}\n{text}".strip()


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())

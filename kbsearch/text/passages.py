"""Passages: an answer in pieces short enough to mean one thing."""

from __future__ import annotations

import re

LENGTH = 300
"""Characters that a passage is packed to."""
LONGEST = 1_000
"""Characters of a passage that count: one sentence may be a whole program."""
MOST = 12
"""Passages of one answer that count, the first ones."""
_END = re.compile(r"(?<=[.!?…:])\s+|\n+")


def passages(answer: str) -> tuple[str, ...]:
    """The first `MOST` passages of ``answer``: its sentences and lines, packed to `LENGTH` characters."""
    packed: list[str] = []
    for sentence in filter(None, (piece.strip() for piece in _END.split(answer))):
        if packed and len(packed[-1]) + len(sentence) <= LENGTH:
            packed[-1] += f" {sentence}"
        elif len(packed) < MOST:
            packed.append(sentence[:LONGEST])
        else:
            break
    return tuple(packed)


def titled(title: str, passage: str) -> str:
    """``passage`` under the ``title`` it belongs to: alone it often does not say what it is about."""
    return f"{title}. {passage}"

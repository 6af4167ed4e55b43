"""How commands say how many there are."""

from __future__ import annotations


def counted(count: int, one: str, many: str = "") -> str:
    """``count`` with its noun: ``one`` for 1, else ``many``, which is ``one`` with an s when left out."""
    return f"{count:,} {one if count == 1 else many or f'{one}s'}"

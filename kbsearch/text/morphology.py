"""The dictionary of Russian word forms, loaded when the first one is asked for."""

from __future__ import annotations

from functools import cache, lru_cache
from typing import Any


@lru_cache(maxsize=20_000)
def known_readings(form: str) -> tuple[Any, ...]:
    """All readings of ``form`` (lower case) that the dictionary knows, the likeliest first."""
    return tuple(one for one in analyzer().parse(form) if one.is_known)


@cache
def analyzer() -> Any:
    """The analyzer of pymorphy3."""
    # A quarter of a second and 30 MB that only those pay who meet words it is needed for.
    from pymorphy3 import MorphAnalyzer

    return MorphAnalyzer(lang="ru")

"""Which texts go to a model, and in what shape."""

from __future__ import annotations

from collections.abc import Sequence


def with_content(texts: Sequence[str], max_chars: int) -> tuple[list[int], list[str]]:
    """Places of the ``texts`` that hold a letter or digit, and these texts, cut and valid as UTF-8.

    The others have nothing to encode: their vector is zero.
    """
    places, kept = [], []
    for place, text in enumerate(texts):
        cut = text[:max_chars]
        if any(map(str.isalnum, cut)):
            places.append(place)
            kept.append(cut.encode("utf-8", "replace").decode("utf-8"))  # half a surrogate pair is refused
    return places, kept

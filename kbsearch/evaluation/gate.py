"""The relevance gate: figures that may not fall below a bound, or below an earlier measurement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from kbsearch.errors import InvalidInput
from kbsearch.evaluation.quality import ALL, Measured, changes, ranks_of

RISING = ("hit@1", "hit@3", "hit@5", "mrr@5", "answer_precision", "answer_coverage")
"""Figures that are better when they are higher."""
FALLING = ("ece", "p50_ms", "p95_ms")
"""Figures that are better when they are lower."""
TOLERANCE = 0.01
"""By so much a figure may be worse than a baseline that has no ranks to be paired with."""
COMPARED = ("hit@1", "hit@5", "mrr@5")
SAME = 0.5
"""Share of a baseline's questions that must be asked again for a comparison."""


def bound_of(written: str) -> tuple[str, float]:
    """The figure and the bound in "hit@5=.8".

    Raises:
        InvalidInput: there is no such figure, or no number.
    """
    name, _, value = written.partition("=")
    try:
        bound = float(value)
    except ValueError:
        bound = math.nan
    if name not in (*RISING, *FALLING) or math.isnan(bound):
        raise InvalidInput(
            "'{bound}' is no bound of a figure.",
            remedy="Write it like hit@5=.8; figures: {known}.",
            bound=written[:100],
            known=", ".join((*RISING, *FALLING)),
        )
    return name, bound


def broken_bounds(figures: Mapping[str, Any], bounds: Sequence[tuple[str, float]]) -> list[str]:
    """What is worse than its bound, in words; a figure that could not be measured is."""
    found = []
    for name, bound in bounds:
        value = figures[name]
        if value is None:
            found.append(f"{name} could not be measured; the bound is {bound:g}")
        elif (value < bound) if name in RISING else (value > bound):
            found.append(f"{name} is {value:g}; the bound is {bound:g}")
    return found


def fallen(figures: Mapping[str, Any], rows: Sequence[Measured], baseline: Mapping[str, Any]) -> list[str]:
    """What is worse than in ``baseline``, in words.

    With the ranks of the same questions the comparison is paired, so that noise does not count; without them
    a figure may fall by `TOLERANCE`.

    Raises:
        InvalidInput: less than `SAME` of the baseline's questions are among ``rows``.
    """
    if ranks := baseline.get("ranks"):
        _require_same(ranks, rows)
        change = changes(ranks, rows)[ALL]
        if not change["lowered"]:
            return []
        counts = f"{change['worse']} questions worse, {change['better']} better, p {change['p']:.3f}"
        return [f"the rank of the right case fell by {-change['difference']:.4f} ({counts})"]
    old = baseline.get("figures", {}).get(ALL) or baseline
    return [
        f"{name} fell from {old[name]:g} to {figures[name]:g}"
        for name in COMPARED
        if isinstance(old.get(name), (int, float)) and figures[name] < old[name] - TOLERANCE
    ]


def _require_same(ranks: Mapping[str, Any], rows: Sequence[Measured]) -> None:
    same = len(ranks.keys() & ranks_of(rows).keys())
    if same < SAME * len(ranks):
        raise InvalidInput(
            "The baseline is of other questions: {same} of its {count} are asked here.",
            remedy="Name the set that it was saved from, or write a new one with --save.",
            same=same,
            count=len(ranks),
        )

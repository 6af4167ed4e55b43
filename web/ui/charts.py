"""Charts as the numbers that SVG attributes hold; no script and no inline style draws them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH, HEIGHT, MARGIN = 100.0, 28.0, 2.0


@dataclass(frozen=True, slots=True)
class Sparkline:
    """Points of a line in a box of 100 × 28, and of the area below it."""

    points: str
    area: str


def sparkline(values: Sequence[float]) -> Sparkline:
    """The line of ``values``, oldest first, from zero to their greatest."""
    series = list(values) or [0.0]
    if len(series) == 1:
        series *= 2
    top = max(*series, 1.0)
    step = WIDTH / (len(series) - 1)
    dots = [f"{i * step:.1f},{_height(value / top):.1f}" for i, value in enumerate(series)]
    points = " ".join(dots)
    return Sparkline(points, f"0,{HEIGHT:g} {points} {WIDTH:g},{HEIGHT:g}")


def _height(share: float) -> float:
    return HEIGHT - MARGIN - share * (HEIGHT - 2 * MARGIN)


def shares(counts: Sequence[int]) -> list[float]:
    """Each of ``counts`` as a share of the greatest, in [0, 1]."""
    top = max(counts, default=0)
    return [count / top if top else 0.0 for count in counts]

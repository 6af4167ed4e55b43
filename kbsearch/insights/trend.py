"""Trends of clusters: growing, new, falling, asleep, or expected in this week of the course."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from kbsearch.insights.chances import benjamini_hochberg, chance_of_at_least, chance_of_at_most
from kbsearch.insights.exposure import dispersions, exposures
from kbsearch.insights.seasons import season

WINDOWS = (1, 2)
"""Weeks at the end that are held against the past."""
PAST = 26
"""Weeks of the past that they are held against."""
LATELY = 16
"""Weeks in which a cluster must have been asked for anything to be told of it."""
LEAST_PAST = 4
"""Weeks of the school's past without which nothing is a trend."""
MONTH = 4
SURE = 0.05
"""Share of chance findings among what is called falling."""
ALERT = 0.17
"""The same for growing: where nothing grows, chance may speak up at one weekly look of six.
Not for what belongs to a course whose cohorts are not told: its waves would be called growth."""
FEWEST = 5
"""Students who must have asked, in the window for growing, ever for all other words."""
LEAST_RISE = 1.5
"""Fewer times what was expected is no news, however sure."""
SILENT = 0.01
"""How improbable a silence must be before a cluster sleeps."""

_Chance = Callable[[int, int, float, float], float]

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]


class TrendState(StrEnum):
    """What a cluster does, in one word."""

    NEW = "new"
    GROWING = "growing"
    EXPECTED = "expected"
    """It rises, as it does with each cohort in this week of the course."""
    FALLING = "falling"
    ASLEEP = "asleep"
    STEADY = "steady"
    FEW = "few"
    """Too few questions to tell."""


@dataclass(frozen=True, slots=True)
class Trend:
    """What a cluster does.  ``observed`` students asked in the last ``weeks``; ``expected`` by its past.

    ``p``: the chance of as much without a trend; for growing and falling adjusted for looking at many
    clusters.
    Asleep: ``weeks`` of silence.
    """

    state: TrendState
    p: float
    weeks: int
    observed: int
    expected: float


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """Of each cluster the surest window: its chance, weeks, count and expectation; all (clusters,)."""

    p: Doubles
    weeks: Counts
    observed: Counts
    expected: Doubles


def trends(counts: Counts, courses: Counts, places: Mapping[int, Doubles] | None = None) -> list[Trend]:
    """The trend of each cluster.

    Args:
        counts: (clusters, weeks) students who asked in each of the last weeks, oldest first.  A year or more
            lets seasons of the course be learned.
        courses: (clusters,), a number for the course that most of its questions name, or -1.
        places: by that number, `kbsearch.insights.seasons.course_weeks` of the course's cohorts.
    """
    if not counts.size:
        return []
    volume = exposures(counts, courses)
    usual, most = _seasons(counts, volume, courses, places or {})
    awaited = volume * usual
    plain = _rises(counts, volume, _scatter(counts, volume))
    scatter = _scatter(counts, awaited)
    rise = _rises(counts, volume * most, scatter)
    fall = _surest(counts, awaited, scatter, chance_of_at_most)
    risen, fallen, unadjusted = (_adjusted(each.p, counts) for each in (rise, fall, plain))
    risen = np.where(_is_record(counts, volume, rise.weeks), risen, 1.0)
    in_season = np.isin(courses, list(places or {}))
    told = in_season | ((courses < 0) & bool(places))
    limits = np.where(told, ALERT, SURE)
    found = []
    for row, series in enumerate(counts):
        found.append(
            _born(series, volume[row], scatter[row])
            or _grown(TrendState.GROWING, rise, row, risen, limits[row])
            or _asleep(series, awaited[row], scatter[row])
            or (_grown(TrendState.EXPECTED, plain, row, unadjusted, limits[row]) if in_season[row] else None)
            or _fallen(fall, row, fallen)
            or _quiet(rise, row, series)
        )
    return found


def _scatter(counts: Counts, exposure: Doubles) -> Doubles:
    """`dispersions` without the weeks that are judged."""
    past = slice(0, counts.shape[1] - WINDOWS[-1])
    return dispersions(counts[:, past], exposure[:, past])


def _seasons(
    counts: Counts, volume: Doubles, courses: Counts, places: Mapping[int, Doubles]
) -> tuple[Doubles, Doubles]:
    """`Season.usual` of all weeks; the same with `Season.at_most` of the weeks that are judged."""
    usual, most = np.ones(counts.shape), np.ones(counts.shape)
    known = counts.shape[1] - WINDOWS[-1]
    for course, weeks in places.items():
        inside = courses == course
        learned = season(counts[inside], volume[inside], weeks, known)
        usual[inside] = most[inside] = learned.usual(weeks)
        most[inside, known:] = learned.at_most(weeks[:, known:])
    return usual, most


def _rises(counts: Counts, exposure: Doubles, scatter: Doubles) -> _Windows:
    return _surest(counts, exposure, scatter, chance_of_at_least)


def _surest(counts: Counts, exposure: Doubles, scatter: Doubles, chance: _Chance) -> _Windows:
    """Of each cluster the window that is least by ``chance``, which counts once for each window tried."""
    rows = len(counts)
    best = _Windows(np.ones(rows), np.ones(rows, np.int64), np.zeros(rows, np.int64), np.zeros(rows))
    for weeks in WINDOWS:
        past = slice(max(0, counts.shape[1] - weeks - PAST), counts.shape[1] - weeks)
        if (exposure[:, past] > 0).sum(axis=1).max(initial=0) < LEAST_PAST:
            continue
        now, before = counts[:, -weeks:].sum(axis=1), counts[:, past].sum(axis=1)
        volume_now, volume_before = exposure[:, -weeks:].sum(axis=1), exposure[:, past].sum(axis=1)
        share = volume_now / np.maximum(volume_now + volume_before, 1e-9)
        times = (volume_now / weeks) / np.maximum(volume_before / (past.stop - past.start), 1e-9)
        wider = 1.0 + (scatter - 1.0) * np.maximum(1.0, times)
        for row in range(rows):
            p = chance(int(now[row]), int(now[row] + before[row]), float(share[row]), float(wider[row]))
            if weeks == WINDOWS[0] or p * len(WINDOWS) < best.p[row]:
                best.p[row], best.weeks[row] = min(1.0, p * len(WINDOWS)), weeks
                best.observed[row] = now[row]
                best.expected[row] = before[row] * volume_now[row] / max(volume_before[row], 1e-9)
    return best


def _is_record(counts: Counts, volume: Doubles, windows: Counts) -> NDArray[np.bool_]:
    """Whether each cluster's rate in its window is above that of every such window of the remembered past."""
    found = np.ones(len(counts), np.bool_)
    for weeks in WINDOWS:
        rates = _moving_sum(counts, weeks) / np.maximum(_moving_sum(volume, weeks), 1e-9)
        same = windows == weeks
        found[same] = (rates[:, -1] > rates[:, : -2 * weeks].max(axis=1, initial=0.0))[same]
    return found


def _moving_sum(values: Doubles | Counts, weeks: int) -> Doubles:
    """Sums over each ``weeks`` columns in a row."""
    return np.asarray(np.lib.stride_tricks.sliding_window_view(values, weeks, axis=1).sum(axis=2), np.float64)


def _adjusted(chances: Doubles, counts: Counts) -> Doubles:
    """`benjamini_hochberg` over the clusters that have questions enough for anything to be found.

    Leaving out what could never be found is fair because it looks at totals only (Tarone, Biometrics 46,
    1990).
    """
    able = counts[:, -LATELY:].sum(axis=1) >= FEWEST
    adjusted = np.ones(len(chances))
    adjusted[able] = benjamini_hochberg(chances[able])
    return adjusted


def _born(series: Counts, volume: Doubles, scatter: float) -> Trend | None:
    """All its questions are of the last four weeks, though the school was asked before."""
    asked = int(series.sum())
    if asked < FEWEST or series[:-MONTH].any() or (volume[:-MONTH] > 0).sum() < LEAST_PAST:
        return None
    recent = slice(-(MONTH + PAST), None)
    share = float(volume[-MONTH:].sum() / volume[recent].sum())
    p = chance_of_at_least(asked, asked, share, scatter)
    return Trend(TrendState.NEW, p, MONTH, asked, asked * share) if p <= SILENT else None


def _grown(state: TrendState, windows: _Windows, row: int, adjusted: Doubles, limit: float) -> Trend | None:
    observed, expected = int(windows.observed[row]), float(windows.expected[row])
    if adjusted[row] > limit or observed < FEWEST or observed < LEAST_RISE * expected:
        return None
    return Trend(state, float(adjusted[row]), int(windows.weeks[row]), observed, expected)


def _fallen(windows: _Windows, row: int, adjusted: Doubles) -> Trend | None:
    observed, expected = int(windows.observed[row]), float(windows.expected[row])
    if adjusted[row] > SURE or expected < FEWEST or observed * LEAST_RISE > expected:
        return None
    return Trend(TrendState.FALLING, float(adjusted[row]), int(windows.weeks[row]), observed, expected)


def _asleep(series: Counts, exposure: Doubles, scatter: float) -> Trend | None:
    """Silent for longer than its rate, since it was first asked, explains."""
    asked = np.flatnonzero(series)
    total = int(series.sum())
    if total < FEWEST:
        return None
    first, silence = int(asked[0]), len(series) - 1 - int(asked[-1])
    if silence < MONTH:
        return None
    share = float(exposure[-silence:].sum() / max(exposure[first:].sum(), 1e-9))
    p = chance_of_at_most(0, total, share, scatter)
    return Trend(TrendState.ASLEEP, p, silence, 0, total * share) if p <= SILENT else None


def _quiet(windows: _Windows, row: int, series: Counts) -> Trend:
    state = TrendState.STEADY if series[-LATELY:].sum() >= FEWEST else TrendState.FEW
    observed, expected = int(windows.observed[row]), float(windows.expected[row])
    return Trend(state, float(windows.p[row]), int(windows.weeks[row]), observed, expected)

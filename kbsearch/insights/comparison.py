"""From weekly counts to a judged case: its windows, and the untouched clusters that it is compared with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kbsearch.insights.effect import GAP, LEAST_OF_CONTROL, LONGEST, MOST_CONTROLS, Change, Effect, effect_of
from kbsearch.insights.exposure import dispersions, exposures
from kbsearch.insights.seasons import seasons

OTHER_COURSE = 1.0
SIZE = 0.25
"""What another course, and a size e times another, cost a control; unlike shapes cost their log ratio."""

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class School:
    """Weekly counts of all clusters, oldest week first.

    ``counts``: (clusters, weeks) students who asked.  ``courses``: (clusters,), a number or -1.
    ``places``: by that number, `kbsearch.insights.seasons.course_weeks`.  ``touched``: by cluster, the
    first whole week after each publication of a case for it.
    """

    counts: Counts
    courses: Counts
    places: Mapping[int, Doubles]
    touched: Mapping[int, Sequence[int]]


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """An effect and what it was judged on: weeks ``begin`` to ``end``, and ``published`` to ``until``.

    ``controls``: numbers of clusters, most alike first.  ``expected``: (weeks,) what the case's questions
    would have been in each week, had they gone as the controls did.
    """

    effect: Effect
    begin: int
    end: int
    published: int
    until: int
    controls: tuple[int, ...]
    expected: Doubles


def judge(school: School, clusters: Sequence[int], published: int) -> Judged:
    """The effect of a case that answers ``clusters`` and that students could find from week ``published`` on.

    The weeks right before publication are left out (`GAP`): what is chosen at its peak falls afterwards
    whatever one does, while weeks as far before the peak as after it are, without an effect, alike.
    """
    weeks = school.counts.shape[1]
    until = min(weeks, published + LONGEST)
    end = max(0, published - GAP)
    begin = max(0, end - LONGEST, _first_week(school))
    awaited = _awaited(school, published)
    own = school.counts[list(clusters)].sum(axis=0)
    volume = awaited[list(clusters)].mean(axis=0)
    if end - begin < GAP or until <= published:
        nothing = Effect(effect_of(Change(0, 0, 0.0), (), 0).verdict, int(own[begin:end].sum()), 0)
        return Judged(nothing, begin, end, published, until, (), np.zeros(weeks))
    windows = slice(begin, end), slice(published, until)
    chosen = _controls(school, clusters, awaited, windows)
    changes = [_change(school.counts[row], awaited[row], windows) for row in chosen]
    change = _change(own, volume, windows)
    effect = effect_of(change, changes, until - published)
    return Judged(effect, begin, end, published, until, tuple(chosen), _expected(effect, volume, windows))


def _first_week(school: School) -> int:
    asked = np.flatnonzero(school.counts.sum(axis=0))
    return int(asked[0]) if len(asked) else 0


def _awaited(school: School, known: int) -> Doubles:
    volume = exposures(school.counts, school.courses)
    for course, places in school.places.items():
        inside = school.courses == course
        volume[inside] *= seasons(school.counts[inside], volume[inside], places, known)
    return volume


def _change(counts: Counts, volume: Doubles, windows: tuple[slice, slice]) -> Change:
    before, after = windows
    ratio = volume[after].sum() / max(volume[before].sum(), 1e-9)
    return Change(int(counts[before].sum()), int(counts[after].sum()), math.log(max(ratio, 1e-6)))


def _controls(
    school: School, clusters: Sequence[int], awaited: Doubles, windows: tuple[slice, slice]
) -> list[int]:
    """Untouched clusters, those first whose course and weekly shape before publication are most alike."""
    before, after = windows
    shapes = _shapes(school.counts, awaited, before, after.start)
    own = _shapes(
        school.counts[list(clusters)].sum(axis=0)[None, :],
        awaited[list(clusters)].mean(axis=0)[None, :],
        before,
        after.start,
    )[0]
    unlike = np.abs(shapes - own) @ np.array([1.0, 1.0, 1.0, SIZE])
    unlike += OTHER_COURSE * (school.courses != school.courses[clusters[0]])
    able = school.counts[:, before].sum(axis=1) >= LEAST_OF_CONTROL
    able[list(clusters)] = False
    free = [
        row for row in np.flatnonzero(able).tolist() if not _is_touched(school, row, before.start, after.stop)
    ]
    return sorted(free, key=lambda row: (float(unlike[row]), row))[:MOST_CONTROLS]


def _is_touched(school: School, row: int, begin: int, until: int) -> bool:
    return any(begin < week < until for week in school.touched.get(row, ()))


def _shapes(counts: Counts, awaited: Doubles, before: slice, published: int) -> Doubles:
    """Logs of: the peak over the weeks before, their later half over the first, their scatter, their size."""
    middle = (before.start + before.stop) // 2
    peak = _rate(counts, awaited, slice(before.stop, published))
    first = _rate(counts, awaited, slice(before.start, middle))
    second = _rate(counts, awaited, slice(middle, before.stop))
    whole = _rate(counts, awaited, before)
    scatter = dispersions(counts[:, before], awaited[:, before])
    size = np.log(counts[:, before].sum(axis=1) + 1.0)
    return np.stack([np.log(peak / whole), np.log(second / first), np.log(scatter), size], axis=1)


def _rate(counts: Counts, awaited: Doubles, weeks: slice) -> Doubles:
    """Questions for each unit of volume, drawn a little towards the mean rate of all weeks."""
    mean = counts.sum(axis=1) / np.maximum(awaited.sum(axis=1), 1e-9)
    chances = awaited[:, weeks].sum(axis=1) * mean
    return np.asarray((counts[:, weeks].sum(axis=1) + 1.0) / (chances + 1.0), np.float64)


def _expected(effect: Effect, volume: Doubles, windows: tuple[slice, slice]) -> Doubles:
    before, after = windows
    level = effect.before / max(volume[before].sum(), 1e-9)
    expected = volume * level
    if effect.expected is not None:
        expected[after] *= effect.expected / max(expected[after].sum(), 1e-9)
    return np.asarray(expected, np.float64)

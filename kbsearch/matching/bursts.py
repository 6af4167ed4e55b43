"""Whether questions of one kind come faster than chance: a burst within hours, against their own past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Moments = NDArray[np.float64]
"""Times in hours since the epoch, ascending."""

LEAST = 5
"""Fewer voices than this are no burst, whatever the chance: few questions must not shout."""
LONGEST_HOURS = 12.0
"""A burst is looked for in the last so many hours."""
SHORTEST_HOURS = 0.25
"""Voices closer together than this count as if they had taken so long."""
PAST_HOURS = 28 * 24.0
LEAST_PAST_HOURS = 7 * 24.0
LEAST_PAST = 20
"""With a shorter past, or fewer questions in it, nothing is said: there is nothing to compare with."""
CHANCE = 1e-6
"""The chance below which a burst is one.  Every voice is a look, so it must be small: a school with 5,000
such questions a year looks 5,000 times."""
DAY = 24
STEP = 0.25


@dataclass(frozen=True, slots=True)
class Burst:
    """``count`` voices in ``hours`` from ``start`` on (hours since the epoch).

    ``expected``: voices in so many hours of the past at this time of the day.  ``share``: of all questions of
    these hours; ``usual_share``: of those of the past.  ``p``: the chance of so many or more.
    """

    start: float
    hours: float
    count: int
    expected: float
    share: float
    usual_share: float
    p: float


@dataclass(frozen=True, slots=True, eq=False)
class Heard:
    """All questions, when they were asked, and those among them that are voices of the kind.

    ``zone_hours``: the school's offset from UTC, for the time of the day.  ``called_off``: bursts that a
    person has said are none; one as strong is none for two days after.
    """

    asked: Moments
    voices: Moments
    zone_hours: float = 0.0
    called_off: tuple[Burst, ...] = ()


def find_burst(heard: Heard, now: float) -> Burst | None:
    """The least likely burst that ends at ``now``, the time of a voice; None when chance explains all.

    Windows begin at each of the voices of the last `LONGEST_HOURS`, which itself does not count: that one
    came is why we look.  Two tests must agree.  The **rate** of voices against the past of 28 days at this
    time of the day, negative binomial, which allows for days that differ more than Poisson's and for a past
    that is short.  And their **share** of all questions, beta-binomial, so that an evening on which
    everybody asks everything is none.
    """
    last = int(np.searchsorted(heard.voices, now, "right"))
    first = int(np.searchsorted(heard.voices, now - LONGEST_HOURS))
    starts = heard.voices[first : max(first, last - LEAST + 1)]
    if not len(starts):
        return None
    past = _past(heard, float(starts[0]))
    if past is None:
        return None
    counts = last - first - np.arange(len(starts))
    return _least_likely(_Windows.until(heard, past, now, starts, counts), heard, past)


@dataclass(frozen=True, slots=True, eq=False)
class _Past:
    """What is usual: voices and questions in ``hours``, by the hour of the day, and how days differ."""

    voices: int
    asked: int
    hours: float
    profile: NDArray[np.float64]
    spread: float


def _past(heard: Heard, end: float) -> _Past | None:
    begin = max(end - PAST_HOURS, float(heard.asked[0]) if len(heard.asked) else end)
    asked = _between(heard.asked, begin, end)
    if end - begin < LEAST_PAST_HOURS or len(asked) < LEAST_PAST:
        return None
    voices = _between(heard.voices, begin, end)
    daily = np.bincount(((end - voices) // DAY).astype(int), minlength=int((end - begin) // DAY))
    spread = max(1.0, float(daily.var(ddof=1) / daily.mean())) if len(voices) > 1 else 1.0
    hours = np.bincount(_hour_of_day(asked, heard.zone_hours), minlength=DAY) + len(asked) / DAY / 4
    return _Past(len(voices), len(asked), end - begin, hours / hours.mean(), spread)


def _hour_of_day(moments: Moments, zone_hours: float) -> NDArray[np.int64]:
    return ((moments + zone_hours) % DAY).astype(np.int64)


def _between(moments: Moments, begin: float, end: float) -> Moments:
    """Those of ``moments`` in [begin, end)."""
    return moments[np.searchsorted(moments, begin) : np.searchsorted(moments, end)]


@dataclass(frozen=True, slots=True, eq=False)
class _Windows:
    """Windows that end now, arrays of one length: their starts, hours, voices, questions, expected voices."""

    starts: Moments
    hours: Moments
    counts: NDArray[np.int64]
    asked: NDArray[np.int64]
    expected: Moments

    @classmethod
    def until(
        cls, heard: Heard, past: _Past, now: float, starts: Moments, counts: NDArray[np.int64]
    ) -> _Windows:
        hours = np.maximum(now - starts, SHORTEST_HOURS)
        asked = np.searchsorted(heard.asked, now, "right") - np.searchsorted(heard.asked, starts)
        back = np.arange(0, LONGEST_HOURS + STEP, STEP)
        busy = np.cumsum(past.profile[_hour_of_day(now - back, heard.zone_hours)]) / np.arange(
            1, len(back) + 1
        )
        expected = (past.voices + 0.5) / past.hours * hours * busy[(hours / STEP).astype(int)]
        return cls(starts, hours, counts, np.maximum(asked, counts), expected)


def _least_likely(windows: _Windows, heard: Heard, past: _Past) -> Burst | None:
    p = _chances(windows, heard, past)
    best = int(p.argmin())
    if p[best] >= CHANCE:
        return None
    count = int(windows.counts[best])
    return Burst(
        start=float(windows.starts[best]),
        hours=float(windows.hours[best]),
        count=count,
        expected=float(windows.expected[best]),
        share=count / int(windows.asked[best]),
        usual_share=past.voices / past.asked,
        p=float(p[best]),
    )


def _chances(windows: _Windows, heard: Heard, past: _Past) -> Moments:
    """The chance of each window, shape (n,): the larger one of both tests.

    The rate must be beyond that of bursts called off, too.  The share costs far more to test, so it is looked
    at only where the rate is no chance.
    """
    more, others = windows.counts - 1, windows.asked - 1
    chances = _chance_of_rate(more, windows.expected, past.voices + 0.5, past.spread)
    for off in heard.called_off:
        rate = _chance_of_rate(more, off.count / off.hours * windows.hours, off.count, 1.0)
        chances = np.where(_near(windows.starts, off), np.maximum(rate, chances), chances)
    at = np.flatnonzero(chances < CHANCE)
    if len(at):
        usual = past.voices / past.spread, past.asked / past.spread
        chances[at] = np.maximum(chances[at], _chance_of_share(more[at], others[at], *usual))
    return chances


def _near(starts: Moments, off: Burst) -> NDArray[np.bool_]:
    """Whether each window lies about the burst ``off`` or in the two days after it."""
    return (starts >= off.start - LONGEST_HOURS) & (starts <= off.start + off.hours + 2 * DAY)


def _chance_of_rate(counts: NDArray[np.int64], expected: Moments, known: float, spread: float) -> Moments:
    """P(X >= count) of a negative binomial.

    Its variance is ``spread`` times the mean, and more the fewer voices (``known``) the mean rests on.
    """
    from scipy.special import betainc

    variance = spread * expected + expected**2 / known
    size = expected**2 / (variance - expected)
    at_least = np.maximum(counts, 1)
    chances: Moments = np.where(counts > 0, betainc(at_least, size, expected / (size + expected)), 1.0)
    return chances


def _chance_of_share(
    counts: NDArray[np.int64], asked: NDArray[np.int64], voices: float, known: float
) -> Moments:
    """P(X >= count) of ``asked``, beta-binomial around ``voices`` of ``known`` with Jeffreys' prior."""
    a, b = voices + 0.5, max(known - voices, 0.0) + 0.5
    return np.array([_share_at_least(int(k), int(n), a, b) for k, n in zip(counts, asked, strict=True)])


def _share_at_least(count: int, asked: int, a: float, b: float) -> float:
    # `scipy.stats` has both distributions, but importing it takes 40 MB that no request needs.
    from scipy.special import betaln, gammaln

    if count <= 0:
        return 1.0
    k = np.arange(count, asked + 1)
    choose = gammaln(asked + 1) - gammaln(k + 1) - gammaln(asked - k + 1)
    terms = choose + betaln(k + a, asked - k + b) - betaln(a, b)
    return float(min(1.0, np.exp(terms).sum()))

"""Draws schools whose truth is known: what grows, which cases help and by how much, and what only looks so.

Nothing here shares code with `kbsearch.insights`: rates are drawn forwards, from students to questions.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

Doubles = NDArray[np.float64]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class SimulatedCase:
    """A case published for a cluster in a week, after which its rate is ``ratio`` times what it would be."""

    cluster: int
    week: int
    ratio: float


@dataclass(frozen=True, slots=True)
class Growth:
    """A cluster whose rate rises in ``week`` to ``factor`` times that before it; ``new``: from none."""

    cluster: int
    week: int
    factor: float
    new: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """How a school is drawn.

    ``scatter``: squared coefficient of variation of a week's rate by shocks of that week alone.  ``drift``:
    of the slow ups and downs (an autoregression with correlation ``memory``), the standard deviation of the
    log.  ``seasonal``: share of the clusters that come in a week of the course.  ``usual``: students a week,
    from and to, of the clusters that grow.
    """

    clusters: int = 80
    weeks: int = 130
    volume: float = 180.0
    courses: int = 3
    cohort_every: int = 9
    seasonal: float = 0.3
    drift: float = 0.25
    memory: float = 0.7
    scatter: float = 0.1
    yearly: float = 0.2
    growth: float = 0.006
    ratios: tuple[float, ...] = (1.0, 1.0, 0.9, 0.7, 0.5, 0.2)
    cases: int = 16
    first_case: int = 60
    last_case: int = 104
    growths: int = 0
    factor: float = 4.0
    sudden: bool = True
    usual: tuple[float, float] = (3.0, 6.0)


@dataclass(slots=True, eq=False)
class SimulatedSchool:
    """Counts of students who asked, (clusters, weeks), and the truth about them.

    ``courses``: (clusters,), -1 for what belongs to the whole school.  ``starts``: by course, the weeks in
    which cohorts begin.
    """

    counts: Counts
    rates: Doubles
    courses: Counts
    starts: dict[int, list[float]]
    seasonal: NDArray[np.bool_]
    cases: list[SimulatedCase] = field(default_factory=list)
    growths: list[Growth] = field(default_factory=list)


def draw(seed: int, plan: Plan = Plan()) -> SimulatedSchool:
    """A school; the same ``seed`` and ``plan`` give the same one."""
    random = np.random.default_rng(seed)
    starts = {course: _starts(random, plan) for course in range(plan.courses)}
    courses = random.integers(-1, plan.courses, plan.clusters)
    seasonal = (random.random(plan.clusters) < plan.seasonal) & (courses >= 0)
    rates = _rates(random, plan, starts, courses, seasonal)
    growths = _grow(random, plan, rates, seasonal)
    school = SimulatedSchool(np.zeros(rates.shape, np.int64), rates, courses, starts, seasonal, [], growths)
    _ask_and_publish(random, plan, school)
    return school


def _starts(random: np.random.Generator, plan: Plan) -> list[float]:
    at, found = -float(random.integers(8, 24)), []
    while at < plan.weeks:
        found.append(at)
        at += plan.cohort_every + int(random.integers(-1, 3))
    return found


def _rates(
    random: np.random.Generator,
    plan: Plan,
    starts: dict[int, list[float]],
    courses: Counts,
    seasonal: NDArray[np.bool_],
) -> Doubles:
    """Mean students a week of each cluster, before shocks, cases and growths."""
    time = np.arange(plan.weeks)
    whole = np.exp(plan.growth * time) * (1 + plan.yearly * np.sin(2 * np.pi * (time / 52 + random.random())))
    sizes = {course: random.lognormal(0, 0.25, len(found)) for course, found in starts.items()}
    rates = np.empty((plan.clusters, plan.weeks))
    bases = random.lognormal(0, 1.0, plan.clusters)
    for row, course in enumerate(courses.tolist()):
        shape = np.ones(plan.weeks)
        if course >= 0:
            ages = time[None, :] - np.array(starts[course])[:, None]
            if seasonal[row]:
                bump = np.exp(-0.5 * ((ages - random.uniform(1, 14)) / random.uniform(0.6, 1.5)) ** 2)
                shape = (sizes[course][:, None] * bump).sum(axis=0) + 0.1
            else:
                busy = np.where((ages >= 0) & (ages < 18), np.exp(-np.maximum(ages, 0) / 20), 0.0)
                shape = (sizes[course][:, None] * busy).sum(axis=0) + 0.2
        rates[row] = bases[row] * shape / shape.mean() * whole * np.exp(_drift(random, plan))
    return rates * plan.volume / rates[:, : plan.weeks // 2].sum(axis=0).mean()


def _drift(random: np.random.Generator, plan: Plan) -> Doubles:
    level, found = random.normal(0, plan.drift), np.empty(plan.weeks)
    for week in range(plan.weeks):
        found[week] = level
        level = plan.memory * level + random.normal(0, plan.drift * np.sqrt(1 - plan.memory**2))
    return found


def _grow(
    random: np.random.Generator, plan: Plan, rates: Doubles, seasonal: NDArray[np.bool_]
) -> list[Growth]:
    """Half of them are clusters with ``plan.usual`` students a week that grow, half are new ones with six."""
    least, most = plan.usual
    found: list[Growth] = []
    for number in range(plan.growths):
        week, new = int(random.integers(60, plan.weeks - 6)), bool(number % 2)
        usual = rates[:, week - 14 : week].mean(axis=1)
        taken = {growth.cluster for growth in found}
        asked = (usual >= least) & (usual <= most) & ~seasonal
        free = [row for row in np.flatnonzero(asked).tolist() if row not in taken]
        if not free:
            continue
        row = int(random.choice(free))
        if new:
            rates[row, :week] = 0.0
            rates[row, week:] = 6.0
        else:
            rates[row, week:] = plan.factor * usual[row]
            if not plan.sudden:
                rates[row, week] *= (1 + plan.factor) / (2 * plan.factor)
        found.append(Growth(row, week, plan.factor, new))
    return found


def _ask_and_publish(random: np.random.Generator, plan: Plan, school: SimulatedSchool) -> None:
    """Week by week students ask; now and then what peaks gets a case, as a methodologist would choose."""
    weeks = set(random.choice(np.arange(plan.first_case, plan.last_case), plan.cases, replace=False).tolist())
    done = {growth.cluster for growth in school.growths}
    for week in range(plan.weeks):
        if week in weeks:
            chosen = _peaking(school.counts[:, :week], done)
            ratio = float(random.choice(plan.ratios))
            done.add(chosen)
            school.cases.append(SimulatedCase(chosen, week, ratio))
            school.rates[chosen, week:] *= ratio
        shocks = random.gamma(1 / plan.scatter, plan.scatter, plan.clusters) if plan.scatter else 1.0
        school.counts[:, week] = random.poisson(school.rates[:, week] * shocks)


def _peaking(counts: Counts, done: set[int]) -> int:
    """The cluster whose last four weeks stand out most, weighed with how much is asked."""
    lately, usually = counts[:, -4:].sum(axis=1), counts[:, -30:].sum(axis=1) * 4 / 30
    excess = (lately - usually) / np.sqrt(usually + 1) + np.log1p(lately)
    excess[list(done)] = -np.inf
    return int(excess.argmax())

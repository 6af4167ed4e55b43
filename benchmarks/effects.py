"""Trends and effects on simulated schools: how often what is told is true.

    python -m benchmarks.effects --schools 40

Seeds start at 1,000; the constants of `kbsearch.insights` were chosen on seeds below 100.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable
from dataclasses import replace

from kbsearch.insights.effect import EffectVerdict
from tests.simulation.judging import EffectScore, TrendScore, judge_effects, watch
from tests.simulation.schools import Plan

FIRST_SEED = 1_000
PLAN = Plan()
EFFECTS = (
    ("as planned", PLAN, True),
    ("cohorts not told", PLAN, False),
    ("twice the questions", replace(PLAN, volume=2 * PLAN.volume), True),
    ("a third of the questions", replace(PLAN, volume=PLAN.volume / 3), True),
    ("rougher: drift .4, scatter .2", replace(PLAN, drift=0.4, scatter=0.2), True),
)
WATCHED = replace(PLAN, growths=8, cases=0)
TRENDS = (
    ("x6 at once, and new ones", replace(WATCHED, factor=6.0), True, 1),
    ("x4 at once, and new ones", WATCHED, True, 1),
    ("x4, cohorts not told", WATCHED, False, 1),
    ("x3", replace(WATCHED, factor=3.0), True, 1),
    ("x2", replace(WATCHED, factor=2.0), True, 1),
    ("x4 from one or two a week", replace(WATCHED, usual=(1.0, 2.0)), True, 1),
    ("x6 from one or two a week", replace(WATCHED, usual=(1.0, 2.0), factor=6.0), True, 1),
    ("x3 from eight to fifteen a week", replace(WATCHED, usual=(8.0, 15.0), factor=3.0), True, 1),
    ("x4 from eight to fifteen a week", replace(WATCHED, usual=(8.0, 15.0)), True, 1),
    ("x6, calmer: drift .15, scatter .05", replace(WATCHED, factor=6.0, drift=0.15, scatter=0.05), True, 1),
    ("x6, looked at every day", replace(WATCHED, factor=6.0), True, 7),
)


def effects(seeds: Iterable[int], plan: Plan, known: bool) -> None:
    """Print the verdicts by true ratio, and what they amount to."""
    score = judge_effects(seeds, plan, cohorts_known=known)
    for ratio in sorted(score.verdicts):
        counts = ", ".join(f"{verdict} {score.verdicts[ratio][verdict]}" for verdict in EffectVerdict)
        print(f"  ratio {ratio:.1f}: {counts}")
    print("  " + _effects_line(score), flush=True)


def _effects_line(score: EffectScore) -> str:
    return (
        f"verdicts {score.told}, right {score.right:.3f}, false reduced {score.false_reduced:.3f} "
        f"(of verdicts {score.false_reduced_of_told:.3f}), intervals that hold {score.coverage:.3f}"
    )


def _trends_line(score: TrendScore) -> str:
    kinds = ", ".join(f"{kind} {score.hits[kind]}/{score.injected[kind]}" for kind in sorted(score.injected))
    return (
        f"found within two weeks {score.found:.3f} ({kinds}), "
        f"false alarms a month {score.false_a_month:.2f} in {score.months:.0f} months"
    )


def main() -> None:
    """Run the parts that are asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schools", type=int, default=40)
    parser.add_argument("--only", choices=["effects", "trends"])
    given = parser.parse_args()
    seeds = range(FIRST_SEED, FIRST_SEED + given.schools)
    if given.only != "trends":
        for name, plan, known in EFFECTS:
            print(f"effects, {name}", flush=True)
            effects(seeds, plan, known)
    if given.only != "effects":
        for name, plan, known, looks in TRENDS:
            some = seeds[: max(1, len(seeds) // looks)]
            print(f"trends, {name}", flush=True)
            print("  " + _trends_line(watch(some, plan, cohorts_known=known, looks=looks)), flush=True)


if __name__ == "__main__":
    main()

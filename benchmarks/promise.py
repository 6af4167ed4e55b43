"""Whether `answer` keeps its promise when cases are missing: its precision over many random removals.

    python -m benchmarks.promise SET_FOLDER ... [--seeds 20] [--drop 0.2] [--learn 0]

For each seed a share of the cases is removed and every question asked, of which those whose case is gone have
no right answer.  The promise holds where the precision of `answer` was below the target in at most a tenth of
the seeds; seeds of one set are not independent, for most of its questions are the same.  The sample school
is what the shipped model was fitted on, so another set tells more.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from benchmarks.fit_model import Remembering
from indexer.embedders import shipped
from indexer.measuring import temporary_matcher
from kbsearch.config import load_settings
from kbsearch.evaluation.learned import with_variants
from kbsearch.evaluation.matching import MatchingReport, run_matching, summarise, without_some
from kbsearch.evaluation.sets import MatchingSet, read_matching_set

BROKEN_AT_MOST = 0.1
"""Share of the seeds in which precision may be below the target."""


def measured(whole: MatchingSet, seeds: Sequence[int], drop: float, learn: float) -> list[MatchingReport]:
    """The figures of ``whole`` for each seed, with the target that is the default."""
    target, found = load_settings().answer_precision, []
    encoders = [Remembering(one) for one in shipped() if one]
    for seed in seeds:
        chosen = without_some(with_variants(whole, learn, seed), drop, seed)
        with temporary_matcher(chosen, *encoders) as (matcher, ids):
            outcomes = run_matching(matcher, chosen, ids, target)
        found.append(summarise(outcomes, len(chosen.cases)))
    return found


def told(name: str, reports: Sequence[MatchingReport], target: float) -> str:
    """A Markdown row: how often precision was below ``target``, and the means."""
    answered = [one for one in reports if one.answer_precision is not None]
    below = sum((one.answer_precision or 0.0) < target for one in answered)
    kept = "holds" if below <= BROKEN_AT_MOST * len(reports) else "broken"
    precision = [one.answer_precision or 0.0 for one in answered]
    coverage = sum(one.answer_coverage or 0.0 for one in reports) / len(reports)
    count = sum(one.counts["answer_precision"] for one in reports) / len(reports)
    mean = sum(precision) / len(precision) if precision else float("nan")
    worst = min(precision, default=float("nan"))
    return (
        f"| {name} | {below} of {len(reports)}: {kept} | {mean:.3f} | {worst:.3f} | {coverage:.3f} "
        f"| {count:.0f} |"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--drop", type=float, default=0.2)
    parser.add_argument("--learn", type=float, default=0.0)
    given = parser.parse_args()
    print("| set | seeds below target | precision, mean | worst | coverage, mean | answers, mean |")
    print("|---|---|---|---|---|---|")
    for folder in given.folders:
        reports = measured(read_matching_set(folder), range(given.seeds), given.drop, given.learn)
        print(told(folder.name, reports, load_settings().answer_precision), flush=True)


if __name__ == "__main__":
    main()

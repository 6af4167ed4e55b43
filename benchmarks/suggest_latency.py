"""How long `suggest` takes in process over many cases, warm.

    python -m benchmarks.suggest_latency [--cases 5000] [--questions 300]

Cases are the sample school's, repeated with other sentences of the school mixed in, so that lengths and
words are natural.  minsearch answers the same questions over the same texts for comparison (search alone).
"""

from __future__ import annotations

import argparse
import random
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.evaluation.sets import LabelledCase, read_matching_set
from kbsearch.importers.records import IncomingCase
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.ports import silent

WARM = 50


def many_cases(cases: Sequence[LabelledCase], questions: Sequence[str], count: int) -> list[IncomingCase]:
    """``count`` cases, each of one of the school's and a student's sentence."""
    chance = random.Random(0)  # noqa: S311  # a seeded sample, no secret
    made = []
    for number in range(count):
        case = cases[number % len(cases)]
        extra = chance.choice(questions)
        made.append(
            IncomingCase(
                title=f"{case.title}: {extra[:60].strip()} {number}"[:300],
                answer=f"{case.answer}\n\n{extra}",
                slug=f"made-{number}",
                course=case.course,
                lessons=case.lessons,
            )
        )
    return made


def timed(ask: Callable[[str], object], texts: Sequence[str]) -> tuple[float, float]:
    """Median and 95th percentile in milliseconds, after a warm-up on other texts."""
    for text in texts[:WARM]:
        ask(text)
    spent = []
    for text in texts[WARM:]:
        started = time.perf_counter()
        ask(text)
        spent.append(1000 * (time.perf_counter() - started))
    return float(np.percentile(spent, 50)), float(np.percentile(spent, 95))


def main() -> None:
    """Build, ask, print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=5000)
    parser.add_argument("--questions", type=int, default=300)
    given = parser.parse_args()
    school = read_matching_set(sample_school_folder())
    texts = [question.text for question in school.questions]
    made = many_cases(school.cases, texts, given.cases)
    asked = random.Random(1).sample(texts, given.questions + WARM)  # noqa: S311  # as above
    with tempfile.TemporaryDirectory(prefix="kbsearch-benchmark-") as home:
        app = Kbsearch(Settings(home=Path(home)))
        app.database.upgrade()
        app.cases.import_many(made)
        app.pipeline.drain_all(silent)
        stored = timed(app.suggestions.suggest, asked)
        unstored = timed(lambda text: app.suggestions.suggest(text + " ", store=False), asked)
        app.database.close()
    print("| over", given.cases, "cases | p50 ms | p95 ms |\n|---|---|---|")
    print(f"| suggest, stored | {stored[0]:.1f} | {stored[1]:.1f} |")
    print(f"| suggest, known texts, not stored | {unstored[0]:.1f} | {unstored[1]:.1f} |")
    print("| minsearch, search alone | {:.1f} | {:.1f} |".format(*timed(_minsearch(made), asked)))


def _minsearch(made: Sequence[IncomingCase]) -> Callable[[str], object]:
    from minsearch import Index

    rows = [{"title": case.title, "answer": case.answer, "id": case.slug} for case in made]
    index = Index(text_fields=["title", "answer"], keyword_fields=["id"]).fit(rows)
    return lambda text: index.search(text, boost_dict={"title": 3.0}, num_results=5)


if __name__ == "__main__":
    main()

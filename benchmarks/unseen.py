"""How matching and small talk do at four schools that nothing is fitted on, those of `data/more_schools`.

    python -m benchmarks.unseen

For each school and for all together: the figures of matching, with all cases and with a fifth removed, and
what is set aside as small talk, of the messages that ask nothing and of the questions.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from indexer.embedders import shipped
from indexer.measuring import temporary_matcher
from kbsearch.evaluation.matching import MatchingReport, Outcome, run_matching, summarise, without_some
from kbsearch.evaluation.sets import MatchingSet, read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching.queries import bare_text
from kbsearch.matching.small_talk import load_small_talk_model
from kbsearch.ports import Embedder

FOLDER = sample_school_folder().parent / "more_schools"
DROPPED = (0.0, 0.2)
SEED = 1


def asked(school: MatchingSet, dropped: float, embedders: tuple[Embedder, Embedder | None]) -> list[Outcome]:
    """All questions of ``school``, a share ``dropped`` of whose cases is not there."""
    chosen = without_some(school, dropped, SEED)
    with temporary_matcher(chosen, *embedders) as (matcher, ids):
        return run_matching(matcher, chosen, ids, 0.95)


def told(name: str, dropped: float, report: MatchingReport) -> str:
    """A line of figures."""
    answers = report.counts["answer_precision"]
    right = f"{report.answer_precision:.3f}" if report.answer_precision is not None else "  –  "
    return (
        f"{name:<9} {dropped:3.0%} removed: hit@1 {report.hit_1:.3f} hit@5 {report.hit_5:.3f}"
        f"  ece {report.ece:.3f} (chance alone {report.ece_by_chance:.3f})"
        f"  answers {answers} of {report.questions}, right {right}"
    )


def set_aside(school: MatchingSet, asides: Iterable[str], embedder: Embedder) -> tuple[int, int, int, int]:
    """Messages that ask nothing set aside, all of these, questions set aside, all of these."""
    texts = [question.text for question in school.questions]
    vectors = embedder.encode([bare_text(text) for text in texts], "passage")
    found, nothing = load_small_talk_model().told(texts, vectors, embedder.model_id), set(asides)
    aside = [question.id for place, question in enumerate(school.questions) if place in found]
    rightly = sum(one in nothing for one in aside)
    return rightly, len(nothing), len(aside) - rightly, len(texts) - len(nothing)


def read_asides(folder: Path) -> dict[str, list[str]]:
    """School → the ids of its messages that ask nothing."""
    found: dict[str, list[str]] = {}
    with (folder / "asides.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["school"], []).append(row["question_id"])
    return found


def main() -> None:
    """Measure and print."""
    schools: Sequence[MatchingSet] = [
        read_matching_set(path) for path in sorted(FOLDER.iterdir()) if path.is_dir()
    ]
    embedders, asides = shipped(), read_asides(FOLDER)
    for dropped in DROPPED:
        every: list[Outcome] = []
        for school in schools:
            outcomes = asked(school, dropped, embedders)
            print(told(school.name, dropped, summarise(outcomes, len(school.cases))), flush=True)
            every += outcomes
        print(told("together", dropped, summarise(every, sum(len(one.cases) for one in schools))), flush=True)
    for school in schools:
        right, nothing, wrong, questions = set_aside(school, asides[school.name], embedders[0])
        told_aside = f"{right} of {nothing} that ask nothing, {wrong} of {questions} others"
        print(f"{school.name:<9} set aside: {told_aside}")


if __name__ == "__main__":
    main()

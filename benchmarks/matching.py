"""Matching quality beside two peers in one process, on labelled sets.

    python -m benchmarks.matching SET_FOLDER ...        a Markdown table
    python -m benchmarks.matching --baseline            rewrite tests/relevance/baseline.json

bm25s and minsearch index title and answer (minsearch boosts the title by 3) and filter by course as we do.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from indexer.embedders import open_embedder
from kbsearch.cli.evaluate_matching import figures, temporary_matcher
from kbsearch.evaluation.matching import DEPTH, run_matching, summarise
from kbsearch.evaluation.sets import LabelledQuestion, MatchingSet, read_matching_set
from kbsearch.importers.sample_school import sample_school_folder

BASELINE = Path(__file__).parents[1] / "tests" / "relevance" / "baseline.json"
PRECISION = 0.95
GATED = ("hit@1", "hit@3", "hit@5", "mrr@5", "answer_precision", "answer_coverage")
Finder = Callable[[LabelledQuestion], list[str]]


def ours(chosen: MatchingSet) -> dict[str, Any]:
    """Figures of kbsearch."""
    with temporary_matcher(chosen, open_embedder("bundled")) as (matcher, ids):
        outcomes = run_matching(matcher, chosen, ids, PRECISION)
    return figures(summarise(outcomes, len(chosen.cases), decisions=True))


def bm25s_finder(chosen: MatchingSet) -> Finder:
    """BM25 with Snowball stems over title and answer."""
    import bm25s
    import Stemmer

    russian = any("а" <= letter <= "я" for case in chosen.cases[:20] for letter in case.title)
    stemmer = Stemmer.Stemmer("russian" if russian else "english")
    texts = [f"{case.title} {' '.join(case.variants)} {case.answer}" for case in chosen.cases]
    engine = bm25s.BM25()
    engine.index(
        bm25s.tokenize(texts, stopwords=None, stemmer=stemmer, show_progress=False), show_progress=False
    )
    known = {case.course for case in chosen.cases}

    def find(question: LabelledQuestion) -> list[str]:
        tokens = bm25s.tokenize(
            [question.text], stopwords=None, stemmer=stemmer, show_progress=False, return_ids=False
        )
        if not tokens[0]:
            return []  # nothing but stop words; the engine itself would fail
        scores = engine.get_scores(tokens[0])
        order = scores.argsort(kind="stable")[::-1]
        passing = [chosen.cases[i] for i in order if _passes(chosen.cases[i].course, question.course, known)]
        return [case.id for case in passing[:DEPTH]]

    return find


def minsearch_finder(chosen: MatchingSet) -> Finder:
    """Minsearch as its README uses it; it has no filter for "this course or none"."""
    from minsearch import Index

    courses = {case.course for case in chosen.cases}
    documents = [{"id": c.id, "title": c.title, "answer": c.answer, "course": c.course} for c in chosen.cases]
    index = Index(text_fields=["title", "answer"], keyword_fields=["course", "id"]).fit(documents)

    def find(question: LabelledQuestion) -> list[str]:
        found = index.search(question.text, boost_dict={"title": 3.0}, num_results=len(documents))
        passing = [row["id"] for row in found if _passes(row["course"], question.course, courses)]
        return passing[:DEPTH]

    return find


def _passes(course: str, asked: str, known: set[str]) -> bool:
    return not asked or asked not in known or course in ("", asked)


def theirs(chosen: MatchingSet, find: Finder) -> dict[str, float]:
    """Figures of a peer."""
    ranks = []
    for question in chosen.questions:
        if right := chosen.relevant.get(question.id):
            found = find(question)
            ranks.append(next((place for place, one in enumerate(found, 1) if one in right), 0))
    shares = {f"hit@{k}": sum(1 <= rank <= k for rank in ranks) / len(ranks) for k in (1, 3, 5)}
    return {**shares, "mrr@5": sum(1 / rank for rank in ranks if rank) / len(ranks)}


def table(folder: Path) -> None:
    """Print the figures on the set in ``folder``."""
    chosen = read_matching_set(folder)
    rows: dict[str, dict[str, Any]] = {
        "kbsearch": ours(chosen),
        "bm25s": theirs(chosen, bm25s_finder(chosen)),
        "minsearch": theirs(chosen, minsearch_finder(chosen)),
    }
    print(f"\n| {folder.name} | hit@1 | hit@3 | hit@5 | mrr@5 |\n|---|---|---|---|---|")
    for name, row in rows.items():
        print(f"| {name} | " + " | ".join(f"{row[key]:.3f}" for key in GATED[:4]) + " |")


def main() -> None:
    """Read the arguments and print or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--baseline", action="store_true")
    given = parser.parse_args()
    if given.baseline:
        found = ours(read_matching_set(sample_school_folder()))
        BASELINE.write_text(json.dumps({name: found[name] for name in GATED}, indent=1) + "\n", "utf-8")
    for folder in given.folders:
        table(folder)


if __name__ == "__main__":
    main()

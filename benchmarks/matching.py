"""Matching quality and latency beside peers in one process, on labelled sets.

    python -m benchmarks.matching SET_FOLDER ...        a Markdown table
    python -m benchmarks.matching --baseline            rewrite tests/relevance/baseline.json

Peers that are not installed are left out; `pip install -e '.[bench]'`, in an environment of its own, installs
them.  How each is set up stands in benchmarks/peers.py.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.peers import PEERS, Finder
from indexer.embedders import open_embedder, shipped
from indexer.measuring import temporary_matcher
from kbsearch.cli.evaluate_matching import figures
from kbsearch.evaluation.matching import run_matching, summarise
from kbsearch.evaluation.sets import MatchingSet, read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.ports import Embedder

BASELINE = Path(__file__).parents[1] / "tests" / "relevance" / "baseline.json"
PRECISION = 0.95
GATED = ("hit@1", "hit@3", "hit@5", "mrr@5", "answer_precision", "answer_coverage")


def ours(chosen: MatchingSet, first: Embedder, second: Embedder | None = None) -> dict[str, Any]:
    """Figures of kbsearch with one encoder or two."""
    with temporary_matcher(chosen, first, second) as (matcher, ids):
        outcomes = run_matching(matcher, chosen, ids, PRECISION)
    return figures(summarise(outcomes, len(chosen.cases)))


def theirs(chosen: MatchingSet, find: Finder) -> dict[str, float]:
    """Figures of a peer; the time of a question includes encoding it, as ours does."""
    ranks, spent = [], []
    find(chosen.questions[0])
    for question in chosen.questions:
        started = time.perf_counter()
        found = find(question)
        spent.append(1000 * (time.perf_counter() - started))
        if right := chosen.relevant.get(question.id):
            ranks.append(next((place for place, one in enumerate(found, 1) if one in right), 0))
    shares = {f"hit@{k}": sum(1 <= rank <= k for rank in ranks) / len(ranks) for k in (1, 3, 5)}
    median, slow = np.percentile(spent, [50, 95])
    return {
        **shares,
        "mrr@5": sum(1 / rank for rank in ranks if rank) / len(ranks),
        "p50_ms": float(median),
        "p95_ms": float(slow),
    }


def table(folder: Path, most: int) -> None:
    """Print the figures on the set in ``folder``, asking at most ``most`` of its questions (0: all)."""
    whole = read_matching_set(folder)
    every = max(1, -(-len(whole.questions) // most)) if most else 1
    chosen = replace(whole, questions=whole.questions[::every])
    embedder = open_embedder("bundled")
    rows: dict[str, dict[str, Any]] = {
        "kbsearch": ours(chosen, *shipped()),
        "kbsearch, one encoder": ours(chosen, embedder),
    }
    for name, make in PEERS.items():
        try:
            rows[name] = theirs(chosen, make(chosen, embedder))
        except ImportError as error:
            print(f"{name} is left out: {error}")
    print(f"\n| {folder.name} | {' | '.join(GATED[:4])} | p50 ms | p95 ms |\n|---|---|---|---|---|---|---|")
    for name, row in rows.items():
        quality = " | ".join(f"{row[key]:.3f}" for key in GATED[:4])
        print(f"| {name} | {quality} | {row['p50_ms']:.1f} | {row['p95_ms']:.1f} |", flush=True)


def main() -> None:
    """Read the arguments and print or write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="*", type=Path)
    parser.add_argument("--baseline", action="store_true")
    parser.add_argument("--most", type=int, default=0, help="ask no more than so many questions; 0: all")
    given = parser.parse_args()
    if given.baseline:
        school = read_matching_set(sample_school_folder())
        first, second = shipped()
        found = {"both encoders": ours(school, first, second), "one encoder": ours(school, first)}
        gated = {kind: {name: row[name] for name in GATED} for kind, row in found.items()}
        BASELINE.write_text(json.dumps(gated, indent=1) + "\n", "utf-8")
    for folder in given.folders:
        table(folder, given.most)


if __name__ == "__main__":
    main()

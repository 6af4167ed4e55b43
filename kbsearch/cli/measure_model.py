"""Measures one model for `kbsearch evaluate matching --model`, in a process of its own.

    python -m kbsearch.cli.measure_model < task.json

The process starts without any model, so that the memory it gains is the model's.  It prints one JSON object.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from indexer.measuring import temporary_matcher
from kbsearch.cli.evaluate_matching import figures
from kbsearch.errors import KbsearchError

if TYPE_CHECKING:
    from kbsearch.evaluation.comparison import RereadingMatcher
    from kbsearch.evaluation.sets import MatchingSet
    from kbsearch.evaluation.spoiling import Spoil
    from kbsearch.matching.matcher import Matcher

MEGABYTE = 1e6


@dataclass(frozen=True, slots=True)
class Task:
    """What to measure: an encoder, and a re-ranker or none, on the set in ``folder``."""

    folder: str
    encoder: str
    reranker: str = ""
    drop_cases: float = 0.0
    learn: float = 0.0
    spoil: Spoil | None = None
    seed: int = 0

    def as_json(self) -> str:
        """One line."""
        return json.dumps(asdict(self))


def prepared(whole: MatchingSet, task: Task) -> MatchingSet:
    """``whole``, the set of ``task``, as it is to be measured."""
    from kbsearch.evaluation.learned import with_variants
    from kbsearch.evaluation.matching import without_some
    from kbsearch.evaluation.spoiling import spoiled

    chosen = without_some(with_variants(whole, task.learn, task.seed), task.drop_cases, task.seed)
    return spoiled(chosen, task.spoil, task.seed) if task.spoil else chosen


def measured(task: Task) -> dict[str, Any]:
    """Figures of ``task``, and the rank of the first right case of each answerable question.

    Raises:
        EncoderUnavailable: a model cannot be loaded.
        UnreadableFile: the set is broken.
    """
    import indexer.embedded  # noqa: F401  # its memory is not the model's
    from indexer.embedders import open_embedder, open_second_embedder
    from kbsearch.config import load_settings
    from kbsearch.evaluation.comparison import TimedEmbedder
    from kbsearch.evaluation.matching import run_matching, summarise
    from kbsearch.evaluation.sets import read_matching_set

    chosen, settings = prepared(read_matching_set(Path(task.folder)), task), load_settings()
    before = _resident_bytes()
    embedder = TimedEmbedder(open_embedder(task.encoder))
    embedder.encode(["warm"], "query")
    second = open_second_embedder(settings.second_encoder, task.encoder)
    if second:
        second.encode(["warm"], "query")
    loaded = _resident_bytes()
    embedder.forget()
    with (
        temporary_matcher(chosen, embedder, second) as (matcher, ids),
        _read_by(task, chosen, matcher) as reading,
    ):
        outcomes = run_matching(reading or matcher, chosen, ids, settings.answer_precision)
        size = sum(path.stat().st_size for path in Path(tempfile.gettempdir()).rglob("*") if path.is_file())
    report = summarise(outcomes, len(chosen.cases))
    return {
        "figures": {
            **figures(report),
            "passages_per_s": round(embedder.speed("passage"), 1),
            "loaded_mb": round((loaded - before) / MEGABYTE),
            "peak_mb": round((_peak_bytes() - before) / MEGABYTE),
            "dimension": embedder.dimension,
            "index_mb": round(size / MEGABYTE, 2),
            **({"read": round(reading.read / max(1, reading.wanted), 4)} if reading else {}),
        },
        "ranks": {one.question.id: one.rank for one in outcomes if one.answerable},
    }


@contextmanager
def _read_by(task: Task, chosen: MatchingSet, matcher: Matcher) -> Iterator[RereadingMatcher | None]:
    """``matcher`` with the re-ranker of ``task``, loaded; None without one."""
    if not task.reranker:
        yield None
        return
    from indexer.rerankers import open_reranker
    from kbsearch.config import load_settings
    from kbsearch.evaluation.comparison import RereadingMatcher
    from kbsearch.matching.reranking import Budget, TimedReranker, passage

    settings = load_settings()
    budget = Budget(settings.reranker_budget_ms, settings.reranker_depth)
    reranker = TimedReranker(open_reranker(task.reranker), budget)
    reranker.load()
    texts = {
        number: passage(case.title, case.variants, case.answer) for number, case in enumerate(chosen.cases, 1)
    }
    yield RereadingMatcher(matcher, reranker, texts)


def _resident_bytes() -> int:
    """Memory that the process has now; where the system does not tell, the most it ever had."""
    try:
        pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    except OSError:
        return _peak_bytes()
    return pages * os.sysconf("SC_PAGE_SIZE")


def _peak_bytes() -> int:
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def main() -> None:
    """Read the task, print what was measured or what went wrong."""
    task = Task(**json.loads(sys.stdin.read()))
    try:
        found = measured(task)
    except KbsearchError as error:
        found = {"error": error.message, "remedy": error.remedy}
    print(json.dumps(found))


if __name__ == "__main__":
    main()

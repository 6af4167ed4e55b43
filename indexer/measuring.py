"""A matcher over the cases of a labelled set, in an index of their own: what measuring asks."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from indexer.asked import NEWEST, Asked, total
from indexer.embedded import EmbeddedIndex
from indexer.loading import case_draft, encoded
from kbsearch.evaluation.set_cases import as_case
from kbsearch.evaluation.sets import MatchingSet
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.queries import SWITCHED_ON, bare_text
from kbsearch.matching.understanding import Understanding
from kbsearch.ports import Document, Embedder, Progress, silent

READ_AT_ONCE = 16
"""Cases that are read before progress is told: the second encoder takes a second or two for them."""


@contextmanager
def temporary_matcher(
    chosen: MatchingSet,
    embedder: Embedder,
    second: Embedder | None = None,
    without: Collection[str] = (),
    progress: Progress = silent,
) -> Iterator[tuple[Matcher, dict[str, int]]]:
    """A matcher over an index of the cases of ``chosen`` in a temporary folder, and their ids in it.

    ``second``: the encoder of second opinions.  ``without``: steps of reading a question that are left out.
    ``progress``: told of cases that are read.
    """
    ids = {case.id: number for number, case in enumerate(chosen.cases, 1)}
    with tempfile.TemporaryDirectory(prefix="kbsearch-evaluation-") as folder:
        asked = _asked(chosen, embedder)
        index = EmbeddedIndex(Path(folder), embedder, asked=lambda: asked, soft=True, second=second)
        index.upsert(_documents(chosen, ids, embedder, second, progress))
        understanding = Understanding(index, on=SWITCHED_ON.difference(without))
        matcher = Matcher(index, embedder, understanding=understanding)
        matcher.match("warm")
        yield matcher, ids


def _documents(
    chosen: MatchingSet,
    ids: Mapping[str, int],
    embedder: Embedder,
    second: Embedder | None,
    progress: Progress,
) -> list[Document]:
    documents: list[Document] = []
    for start in range(0, len(chosen.cases), READ_AT_ONCE):
        some = [as_case(case, ids[case.id]) for case in chosen.cases[start : start + READ_AT_ONCE]]
        documents += encoded([case_draft(case) for case in some], embedder, second)
        progress(len(documents), len(chosen.cases), "reading cases")
    return documents


def _asked(chosen: MatchingSet, embedder: Embedder) -> Asked:
    """What a live index would know of what is asked: some of the questions, nothing of what answers them."""
    every = max(1, len(chosen.questions) // NEWEST)
    texts = [bare_text(question.text) for question in chosen.questions[::every]]
    return total(embedder.encode(texts, "passage"))

"""The embedded backend and the reference give the same answers after the same changes."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.embedded import EmbeddedIndex
from kbsearch.ports import Document, Filters, Hits, TextQuery
from tests.contracts.reference_backend import ReferenceBackend
from tests.contracts.samples import EMBEDDER, document

WORDS = [
    "git",
    "коммит",
    "коммиты",
    "ветка",
    "ветки",
    "отменить",
    "push",
    "ошибка",
    "python3.11",
    "git-lfs",
    "Ёлка",
    "C++",
    "a != b",
    "->",
]
texts = st.lists(st.sampled_from(WORDS), max_size=6).map(" ".join)
documents = st.builds(
    document,
    st.integers(1, 80),
    texts,
    variants=st.lists(texts, max_size=2),
    answer=texts,
    course=st.sampled_from(["", "python", "frontend"]),
    lessons=st.sampled_from([(), ("a",), ("a", "b")]),
    language=st.sampled_from(["", "ru", "en"]),
    state=st.sampled_from(["published", "needs_check"]),
)
changes = st.one_of(
    st.lists(documents, min_size=1, max_size=40),
    st.frozensets(st.integers(1, 80), max_size=6),
    st.just("compact"),
)
filters = st.builds(
    Filters,
    course=st.sampled_from(["", "python"]),
    lesson=st.sampled_from(["", "b"]),
    language=st.sampled_from(["", "en"]),
    states=st.sampled_from([(), ("published",)]),
)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(changes, min_size=1, max_size=8), texts, filters, st.integers(1, 30))
def test_same_changes_same_answers(
    steps: list[list[Document] | frozenset[int] | str], text: str, wanted: Filters, limit: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        embedded, reference = EmbeddedIndex(Path(folder) / "cases", EMBEDDER), ReferenceBackend()
        for step in steps:
            if isinstance(step, list):
                embedded.upsert(step)
                reference.upsert(step)
            elif step == "compact":
                embedded.writer.compact()
            else:
                embedded.delete(step)
                reference.delete(step)
        assert embedded.ids().tolist() == reference.ids().tolist()
        query = TextQuery(text, filters=wanted, limit=limit)
        same(embedded.search_text(query), reference.search_text(query))
        by_pieces = replace(query, unit="pieces")
        same(embedded.search_text(by_pieces), reference.search_text(by_pieces))
        vector = EMBEDDER.encode([text], "query")[0]
        same(embedded.search_vector(vector, wanted, limit), reference.search_vector(vector, wanted, limit))
        learned = embedded.search_prototype(vector, wanted, limit)
        same(learned, reference.search_prototype(vector, wanted, limit))
        embedded.verify()


def same(one: Hits, other: Hits) -> None:
    """Equal scores by rank and equal ids, but for documents whose scores differ by rounding only."""
    assert len(one) == len(other)
    np.testing.assert_allclose(one.scores, other.scores, atol=1e-4)
    np.testing.assert_allclose([one.mean, one.std], [other.mean, other.std], atol=1e-4)
    for place, (its, others) in enumerate(zip(one.ids.tolist(), other.ids.tolist(), strict=True)):
        close = np.abs(other.scores - one.scores[place]) < 1e-4
        assert its == others or its in other.ids[close] or close[-1]

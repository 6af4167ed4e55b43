"""Invariants of ranking, on random knowledge bases in a real index."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import HashingEmbedder
from indexer.loading import case_draft, encoded
from kbsearch.matching.candidates import Wanted, gather
from kbsearch.matching.matcher import LIVE, Matcher
from kbsearch.matching.model import load_model
from kbsearch.matching.queries import QueryEncoder, prepare
from kbsearch.models import Case, CaseState
from kbsearch.ports import Filters

WORDS = st.sampled_from(["ветка", "коммит", "ячейка", "таблица", "деньги", "курс", "git", "push", "файл"])
TEXTS = st.lists(WORDS, min_size=1, max_size=5).map(" ".join)
BASES = st.lists(st.tuples(TEXTS, TEXTS, st.sampled_from(["", "a", "b"])), min_size=1, max_size=8)
FEW = settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))


def index_of(folder: str, base: list[tuple[str, str, str]]) -> EmbeddedIndex:
    embedder = HashingEmbedder()
    index = EmbeddedIndex(Path(folder), embedder)
    cases = [
        Case(
            id=number,
            title=title,
            answer=answer,
            course_code=course,
            lessons=[],
            tags=[],
            language="",
            state=CaseState.PUBLISHED,
            variants=[],
        )
        for number, (title, answer, course) in enumerate(base, 1)
    ]
    index.upsert(encoded([case_draft(case) for case in cases], embedder))
    return index


@FEW
@given(BASES, TEXTS, st.sampled_from(["", "a", "b", "unknown"]))
def test_ranking_keeps_its_promises(base: list[tuple[str, str, str]], text: str, course: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        matcher = Matcher(index_of(folder, base), HashingEmbedder())
        result = matcher.match(text, course, limit=20)
        again = matcher.match(text, course, limit=20)
    ids = [match.case_id for match in result.matches]
    assert ids == [match.case_id for match in again.matches]
    assert len(set(ids)) == len(ids)
    scores = [match.score for match in result.matches]
    chances = [match.probability for match in result.matches]
    assert scores == sorted(scores, reverse=True)
    assert chances == sorted(chances, reverse=True)
    assert all(0 <= chance <= 1 for chance in chances)
    if result.course:
        assert {base[number - 1][2] for number in ids} <= {"", course}


@FEW
@given(BASES, TEXTS, st.integers(1, 4))
def test_a_small_pool_ranks_its_candidates_by_the_same_scores(
    base: list[tuple[str, str, str]], text: str, pool: int
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        index, encoder = index_of(folder, base), QueryEncoder(HashingEmbedder())
        query, filters = prepare(text), Filters(states=LIVE)
        model = load_model()
        whole = model.ranked(gather(index, encoder, query, Wanted(filters, limit=50)))
        some = model.ranked(gather(index, encoder, query, Wanted(filters, limit=pool)))
    scores = dict(zip(whole.ids.tolist(), whole.score.tolist(), strict=True))
    assert all(
        abs(scores[one] - s) < 1e-4 for one, s in zip(some.ids.tolist(), some.score.tolist(), strict=True)
    )

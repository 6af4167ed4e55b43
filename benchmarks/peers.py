"""Peers of the matching benchmark, each set up as its documentation advises for searching questions.

They search the same texts (title and answer) with the same course filter and, where they take vectors, our
bundled encoder.  None of them sees variants: none has such a field, and no set here has any.
"""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from kbsearch.evaluation.matching import DEPTH
from kbsearch.evaluation.sets import LabelledCase, LabelledQuestion, MatchingSet
from kbsearch.ports import Embedder

Finder = Callable[[LabelledQuestion], list[str]]
"""Ids of the first `DEPTH` cases for a question."""
RRF = 60
"""The constant of reciprocal rank fusion (Cormack 2009), which both manuals use."""
CANDIDATES = 50

os.environ["HAYSTACK_TELEMETRY_ENABLED"] = "False"
os.environ["HF_HUB_OFFLINE"] = "1"


def passing(chosen: MatchingSet) -> Callable[[str], list[str] | None]:
    """The courses whose cases may answer a question of a course; None: all."""
    known = {case.course for case in chosen.cases}
    return lambda asked: ["", asked] if asked and asked in known else None


def _text(case: LabelledCase) -> str:
    return f"{case.title}\n{case.answer}"


def bm25s_finder(chosen: MatchingSet, embedder: Embedder) -> Finder:
    """BM25 with Snowball stems over title and answer; it has no filters."""
    import bm25s
    import Stemmer

    russian = any("а" <= letter <= "я" for case in chosen.cases[:20] for letter in case.title)
    stemmer = Stemmer.Stemmer("russian" if russian else "english")
    engine = bm25s.BM25()
    texts = [_text(case) for case in chosen.cases]
    engine.index(
        bm25s.tokenize(texts, stopwords=None, stemmer=stemmer, show_progress=False), show_progress=False
    )
    courses = passing(chosen)

    def find(question: LabelledQuestion) -> list[str]:
        tokens = bm25s.tokenize(
            [question.text], stopwords=None, stemmer=stemmer, show_progress=False, return_ids=False
        )
        if not tokens[0]:
            return []  # no word; the engine itself would fail
        allowed = courses(question.course)
        order = engine.get_scores(tokens[0]).argsort(kind="stable")[::-1]
        found = (chosen.cases[i] for i in order)
        return [case.id for case in found if allowed is None or case.course in allowed][:DEPTH]

    return find


def minsearch_finder(chosen: MatchingSet, embedder: Embedder) -> Finder:
    """Minsearch as its README has it: TF-IDF by field, the title boosted by 3."""
    search = _minsearch_text(chosen)
    return lambda question: search(question, DEPTH)


def minsearch_hybrid_finder(chosen: MatchingSet, embedder: Embedder) -> Finder:
    """Minsearch's text and vector search, joined by reciprocal rank: it has no fusion of its own."""
    from minsearch import VectorSearch

    search = _minsearch_text(chosen)
    vectors = embedder.encode([_text(case) for case in chosen.cases], "passage")
    payload = [{"id": case.id, "course": case.course} for case in chosen.cases]
    index = VectorSearch(keyword_fields=["course"]).fit(vectors, payload)
    courses = passing(chosen)

    def find(question: LabelledQuestion) -> list[str]:
        near = index.search(
            embedder.encode([question.text], "query")[0],
            num_results=len(payload) if courses(question.course) else CANDIDATES,
        )
        allowed = courses(question.course)
        ids = [row["id"] for row in near if allowed is None or row["course"] in allowed][:CANDIDATES]
        return _joined(search(question, CANDIDATES), ids)

    return find


def _minsearch_text(chosen: MatchingSet) -> Callable[[LabelledQuestion, int], list[str]]:
    from minsearch import Index

    documents = [{"id": c.id, "title": c.title, "answer": c.answer, "course": c.course} for c in chosen.cases]
    index = Index(text_fields=["title", "answer"], keyword_fields=["course", "id"]).fit(documents)
    courses = passing(chosen)

    def search(question: LabelledQuestion, limit: int) -> list[str]:
        allowed = courses(question.course)  # its filter cannot say "this course or none"
        most = limit if allowed is None else len(documents)
        found = index.search(question.text, boost_dict={"title": 3.0}, num_results=most)
        return [row["id"] for row in found if allowed is None or row["course"] in allowed][:limit]

    return search


def _joined(*lists: Sequence[str]) -> list[str]:
    """Ids by the sum of 1 / (60 + rank)."""
    scores: defaultdict[str, float] = defaultdict(float)
    for ids in lists:
        for rank, one in enumerate(ids, 1):
            scores[one] += 1 / (RRF + rank)
    return sorted(scores, key=lambda one: -scores[one])[:DEPTH]


def txtai_finder(chosen: MatchingSet, embedder: Embedder) -> Finder:
    """Txtai's hybrid index (BM25 and vectors, half and half), content stored so that SQL can filter."""
    from txtai import Embeddings

    index = Embeddings(
        method="external",
        transform=lambda texts: embedder.encode([str(text) for text in texts], "passage"),
        hybrid=True,
        content=True,
    )
    index.index([(case.id, {"text": _text(case), "course": case.course}) for case in chosen.cases])
    courses = passing(chosen)
    plain = "select id, score from txtai where similar(:asked, 500)"

    def find(question: LabelledQuestion) -> list[str]:
        given = {"asked": question.text}
        sql = plain
        if courses(question.course):
            given["course"] = question.course
            sql += " and (course = '' or course = :course)"
        return [str(row["id"]) for row in index.search(sql, DEPTH, parameters=given)]

    return find


def haystack_finder(chosen: MatchingSet, embedder: Embedder) -> Finder:
    """Haystack's hybrid retrieval tutorial without its last step, a cross-encoder that must be downloaded."""
    from haystack import Pipeline

    pipeline = Pipeline()
    for name, part in _haystack_parts(chosen, embedder).items():
        pipeline.add_component(name, part)
    pipeline.connect("encoder.embedding", "vectors.query_embedding")
    pipeline.connect("words", "joiner")
    pipeline.connect("vectors", "joiner")
    courses = passing(chosen)

    def find(question: LabelledQuestion) -> list[str]:
        allowed = courses(question.course)
        only = {"field": "meta.course", "operator": "in", "value": allowed} if allowed else None
        found = pipeline.run(
            {
                "encoder": {"text": question.text},
                "words": {"query": question.text, "filters": only},
                "vectors": {"filters": only},
            }
        )
        return [document.id for document in found["joiner"]["documents"]][:DEPTH]

    return find


def _haystack_parts(chosen: MatchingSet, embedder: Embedder) -> dict[str, Any]:
    from haystack import Document, component
    from haystack.components.joiners import DocumentJoiner
    from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
    from haystack.document_stores.in_memory import InMemoryDocumentStore

    @component
    class TextEncoder:
        """Our encoder as a part of a pipeline."""

        @component.output_types(embedding=list[float])
        def run(self, text: str) -> dict[str, list[float]]:
            return {"embedding": embedder.encode([text], "query")[0].tolist()}

    store = InMemoryDocumentStore(embedding_similarity_function="cosine")
    vectors = embedder.encode([_text(case) for case in chosen.cases], "passage")
    store.write_documents(
        [
            Document(id=case.id, content=_text(case), meta={"course": case.course}, embedding=vector.tolist())
            for case, vector in zip(chosen.cases, vectors, strict=True)
        ]
    )
    return {
        "encoder": TextEncoder(),
        "words": InMemoryBM25Retriever(store),
        "vectors": InMemoryEmbeddingRetriever(store),
        "joiner": DocumentJoiner(join_mode="reciprocal_rank_fusion"),
    }


PEERS: dict[str, Callable[[MatchingSet, Embedder], Finder]] = {
    "bm25s": bm25s_finder,
    "minsearch": minsearch_finder,
    "minsearch, hybrid": minsearch_hybrid_finder,
    "txtai, hybrid": txtai_finder,
    "haystack, hybrid": haystack_finder,
}

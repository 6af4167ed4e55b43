"""Re-rankers: which implementation of `kbsearch.ports.Reranker` a setting names."""

from __future__ import annotations

from kbsearch.ports import Reranker


def open_reranker(name: str) -> Reranker:
    """The cross-encoder called ``name`` (a name or a path); its model is loaded when it first scores."""
    from indexer.rerankers.cross_encoder import CrossEncoderReranker

    return CrossEncoderReranker(name)

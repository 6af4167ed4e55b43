"""Encoders: which implementation of `kbsearch.ports.Embedder` a setting names."""

from __future__ import annotations

from kbsearch.ports import Embedder


def open_embedder(name: str) -> Embedder:
    """The encoder called ``name``; its model is loaded when it first encodes.

    Args:
        name: "bundled" (the multilingual encoder that comes with kbsearch), "hashing" (tiny, without any
            semantics, for tests), or the name or path of a sentence-transformers model.
    """
    if name == "bundled":
        from indexer.embedders.bundled import BundledEmbedder

        return BundledEmbedder()
    if name == "hashing":
        from indexer.embedders.hashing import HashingEmbedder

        return HashingEmbedder()
    from indexer.embedders.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(name)

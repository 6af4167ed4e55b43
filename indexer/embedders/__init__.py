"""Encoders: which implementation of `kbsearch.ports.Embedder` a setting names."""

from __future__ import annotations

from kbsearch.ports import Embedder

ONNX = "onnx:"
"""Begins the name of an encoder that ONNX Runtime runs."""
E5_SMALL = "e5-small"
"""multilingual-e5-small, with the extra `second`."""


def open_second_embedder(name: str) -> Embedder | None:
    """The encoder of second opinions called ``name``, as for `open_embedder`; None for "none"."""
    return None if name == "none" else open_embedder(name)


def open_embedder(name: str) -> Embedder:
    """The encoder called ``name``; its model is loaded when it first encodes.

    Args:
        name: "bundled" (the multilingual encoder that comes with kbsearch), "e5-small"
            (multilingual-e5-small, the second encoder that comes with it), "hashing" (tiny, without any
            semantics, for tests), the name or path of a sentence-transformers model, or "onnx:" and the name
            or path of one that has an ONNX file.
    """
    if name == "bundled":
        from indexer.embedders.bundled import BundledEmbedder

        return BundledEmbedder()
    if name == E5_SMALL:
        from indexer.embedders.e5_small import E5SmallEmbedder

        return E5SmallEmbedder()
    if name == "hashing":
        from indexer.embedders.hashing import HashingEmbedder

        return HashingEmbedder()
    if name.startswith(ONNX):
        from indexer.embedders.onnx_model import OnnxEmbedder

        return OnnxEmbedder(name.removeprefix(ONNX))
    from indexer.embedders.sentence_transformer import SentenceTransformerEmbedder

    return SentenceTransformerEmbedder(name)

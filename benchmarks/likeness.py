"""Vectors as a run of clustering has them: those of the index, and rows of both encoders."""

from __future__ import annotations

from collections.abc import Sequence

from clustering.neighbours import together
from indexer.embedders import open_embedder, open_second_embedder
from kbsearch.ports import Floats


def read_by_both(texts: Sequence[str], encoder: str = "bundled") -> tuple[Floats, Floats]:
    """Vectors of ``texts`` by ``encoder``, (n, d), and unit rows, (n, e), of it and its second encoder.

    The rows are the vectors where it has none.
    """
    vectors = open_embedder(encoder).encode(texts, "passage")
    second = open_second_embedder("auto", encoder)
    return vectors, together(vectors, second.encode(texts, "query")) if second else vectors

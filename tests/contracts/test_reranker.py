"""What every re-ranker must do."""

from __future__ import annotations

import threading
from pathlib import Path

import numpy as np
import pytest

from indexer.rerankers import open_reranker
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Floats, Reranker
from tests.contracts.reference_reranker import SharedWords
from tests.cross_encoder import MINILM, save_cross_encoder

PASSAGES = ["git reset отменяет коммит", "вернуть деньги", "", "где лежит сертификат"]


@pytest.fixture(scope="module", params=["shared words", "cross-encoder"])
def reranker(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Reranker:
    if request.param == "shared words":
        return SharedWords()
    return open_reranker(save_cross_encoder(tmp_path_factory.mktemp("model")))


def test_a_finite_number_for_each_passage_in_order(reranker: Reranker) -> None:
    found = reranker.scores("как отменить коммит", PASSAGES)
    assert (found.shape, found.dtype) == ((4,), np.float32)
    assert np.isfinite(found).all()
    backwards = reranker.scores("как отменить коммит", PASSAGES[::-1])
    np.testing.assert_allclose(found, backwards[::-1], atol=1e-5)


def test_no_passages_give_no_numbers(reranker: Reranker) -> None:
    assert reranker.scores("как отменить коммит", []).shape == (0,)


@pytest.mark.parametrize("text", ["", "🙂", "слово " * 20_000, "a" * 100_000, "x\ud800y\0"])
def test_hostile_texts_are_read(reranker: Reranker, text: str) -> None:
    assert np.isfinite(reranker.scores(text, ["ответ", text])).all()
    assert np.isfinite(reranker.scores("вопрос", [text])).all()


def test_threads_share_one(reranker: Reranker) -> None:
    expected = reranker.scores("коммит", PASSAGES)
    results: list[Floats] = []
    threads = [
        threading.Thread(target=lambda: results.append(reranker.scores("коммит", PASSAGES))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 4
    assert all(np.allclose(result, expected, atol=1e-5) for result in results)


def test_a_missing_model_is_told_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="no-such-model") as caught:
        open_reranker(f"{tmp_path}/no-such-model").scores("x", ["y"])
    assert "KBSEARCH_RERANKER" in caught.value.remedy


def test_a_model_that_is_no_cross_encoder_is_refused() -> None:
    with pytest.raises(EncoderUnavailable, match="not a cross-encoder"):
        open_reranker(str(MINILM)).scores("x", ["y"])


def test_a_classifier_of_several_classes_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="3 numbers"):
        open_reranker(save_cross_encoder(tmp_path, labels=3)).scores("x", ["y"])

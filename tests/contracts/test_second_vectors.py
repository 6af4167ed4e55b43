"""What everything that keeps vectors of questions by a second encoder must do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.embedders import open_embedder
from indexer.kept_vectors import KeptVectors
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Embedder, Floats, Role, SecondVectors
from tests.contracts.reference_second_vectors import RememberedVectors

HASHING = open_embedder("hashing")
TEXTS = ["как отменить коммит", "где сертификат", "…"]
KINDS = ["kept", "reference"]

Made = Callable[[Embedder], SecondVectors]


class Noting:
    """An encoder that notes what it was given."""

    model_id, dimension = HASHING.model_id, HASHING.dimension

    def __init__(self) -> None:
        self.given: list[str] = []

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As the encoder does."""
        self.given += texts
        return HASHING.encode(texts, role)


def made(kind: str, folder: Path, embedder: Embedder) -> SecondVectors:
    return KeptVectors(folder, embedder) if kind == "kept" else RememberedVectors(embedder)


@pytest.fixture(params=KINDS)
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Made:
    return lambda embedder: made(request.param, tmp_path, embedder)


def test_it_is_told_which_model_reads(make: Made) -> None:
    assert make(HASHING).model_id == HASHING.model_id


def test_vectors_are_those_of_the_encoder_in_order(make: Made) -> None:
    vectors = make(HASHING).read(TEXTS)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, HASHING.encode(TEXTS, "query"), atol=1e-3)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 1, 0], atol=1e-2)
    assert not vectors[2].any()


def test_no_texts_give_no_vectors(make: Made) -> None:
    assert make(HASHING).read([]).shape == (0, HASHING.dimension)


def test_only_what_has_no_vector_is_read(make: Made) -> None:
    encoder = Noting()
    vectors = make(encoder)
    first = vectors.read(TEXTS[:2])
    again = vectors.read([*TEXTS, TEXTS[0]])
    assert encoder.given == TEXTS
    np.testing.assert_array_equal(again[[0, 1]], first)
    np.testing.assert_array_equal(again[3], first[0])


def test_progress_is_told_of_what_is_read_now(make: Made) -> None:
    told: list[tuple[int, int]] = []
    vectors = make(HASHING)
    for _ in range(2):
        vectors.read(TEXTS, lambda done, total, stage: told.append((done, total)))
    assert told[-1] == (3, 3)
    assert told.count((3, 3)) == 1


@pytest.mark.parametrize("kind", KINDS)
@given(texts=st.lists(st.text()))
def test_any_texts_are_read(kind: str, tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    vectors = made(kind, tmp_path_factory.mktemp("kept"), HASHING)
    for _ in range(2):
        np.testing.assert_allclose(vectors.read(texts), HASHING.encode(texts, "query"), atol=1e-3)


def test_an_encoder_that_fails_is_told(make: Made) -> None:
    vectors = make(open_embedder("onnx:/no/such/model"))
    with pytest.raises(EncoderUnavailable):
        vectors.read(TEXTS)

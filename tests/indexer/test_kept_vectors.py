"""What the second encoder reads of questions is kept by text, in one file."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.embedders import open_embedder
from indexer.kept_vectors import AT_ONCE, KeptVectors
from kbsearch.errors import StorageUnavailable

HASHING = open_embedder("hashing")
TEXTS = ["как отменить коммит", "где сертификат", "…"]


def kept(folder: Path) -> KeptVectors:
    return KeptVectors(folder, HASHING)


def test_what_was_read_is_known_after_a_restart(tmp_path: Path) -> None:
    first = kept(tmp_path).read(TEXTS)
    again = kept(tmp_path)
    assert again.unread([*TEXTS, "новый", "новый"]) == ["новый"]
    assert again.size() == len(TEXTS)
    stages: list[str] = []
    np.testing.assert_array_equal(again.read(TEXTS, lambda done, total, stage: stages.append(stage)), first)
    assert stages == []


def test_progress_is_told_bit_by_bit(tmp_path: Path) -> None:
    many = [f"вопрос {number}" for number in range(AT_ONCE + 1)]
    stages: list[tuple[int, int]] = []
    kept(tmp_path).read(many, lambda done, total, _: stages.append((done, total)))
    assert stages == [(0, AT_ONCE + 1), (AT_ONCE, AT_ONCE + 1), (AT_ONCE + 1, AT_ONCE + 1)]


def test_half_a_record_is_removed(tmp_path: Path) -> None:
    kept(tmp_path).read(TEXTS)
    (path,) = tmp_path.glob("*.vectors")
    os.truncate(path, path.stat().st_size - 5)
    mended = kept(tmp_path)
    assert mended.unread(TEXTS) == TEXTS[2:]
    np.testing.assert_allclose(mended.read(TEXTS), HASHING.encode(TEXTS, "query"), atol=1e-3)
    assert kept(tmp_path).unread(TEXTS) == []


def test_damaged_vectors_are_read_again(tmp_path: Path) -> None:
    kept(tmp_path).read(TEXTS)
    (path,) = tmp_path.glob("*.vectors")
    damaged = bytearray(path.read_bytes())
    damaged[8:12] = b"\xff" * 4  # no numbers, in the first vector
    path.write_bytes(damaged)
    for _ in range(2):
        np.testing.assert_allclose(kept(tmp_path).read(TEXTS), HASHING.encode(TEXTS, "query"), atol=1e-3)
    assert path.stat().st_size == len(damaged) * 4 // 3


def test_other_models_keep_their_own(tmp_path: Path) -> None:
    kept(tmp_path).read(TEXTS)
    other = KeptVectors(tmp_path, open_embedder("bundled"))
    assert other.read(TEXTS).shape == (3, 512)
    assert kept(tmp_path).read(TEXTS).shape == (3, HASHING.dimension)


def test_what_another_one_read_is_found(tmp_path: Path) -> None:
    one, other = kept(tmp_path), kept(tmp_path)
    assert other.unread(TEXTS) == TEXTS
    one.read(TEXTS)
    assert other.unread(TEXTS) == []
    one.keep_only(TEXTS[:1])
    assert other.unread(TEXTS) == TEXTS[1:]


@given(st.lists(st.tuples(st.sampled_from("rk"), st.lists(st.sampled_from("абвгдежз"), min_size=1))))
def test_who_sees_the_file_change_knows_what_a_new_one_knows(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, list[str]]]
) -> None:
    folder = tmp_path_factory.mktemp("kept")
    one, other = kept(folder), kept(folder)
    for number, (step, texts) in enumerate(steps):
        writer, watcher = (one, other) if number % 2 else (other, one)
        if step == "r":
            writer.read(texts)
        else:
            writer.keep_only(texts)
        fresh = kept(folder)
        assert watcher.size() == writer.size() == fresh.size()
        assert watcher.unread("абвгдежз") == fresh.unread("абвгдежз")
        known = [text for text in "абвгдежз" if text not in fresh.unread("абвгдежз")]
        np.testing.assert_array_equal(watcher.read(known), fresh.read(known))


def test_several_at_once_lose_nothing(tmp_path: Path) -> None:
    piles = [[f"вопрос {pile} {number}" for number in range(30)] for pile in range(8)]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda pile: kept(tmp_path).read(pile), piles))
    for pile, vectors in zip(piles, found, strict=True):
        np.testing.assert_allclose(vectors, HASHING.encode(pile, "query"), atol=1e-3)
    assert kept(tmp_path).size() == 240


@given(st.lists(st.text()))
def test_any_texts_are_kept(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    one = kept(tmp_path_factory.mktemp("kept"))
    one.read(texts)
    assert one.unread(texts) == []


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "second").write_text("in the way")
    with pytest.raises(StorageUnavailable):
        kept(tmp_path / "second").read(TEXTS)

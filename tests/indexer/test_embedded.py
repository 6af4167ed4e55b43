"""The embedded index: processes, crashes, damage and models."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import HashingEmbedder
from indexer.locks import locked
from kbsearch.errors import IndexUnavailable, StorageUnavailable
from kbsearch.ports import TextQuery
from tests.contracts.samples import EMBEDDER, SCHOOL, document

HERE = Path(__file__).parents[2]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "cases"


@pytest.fixture
def index(folder: Path) -> EmbeddedIndex:
    made = EmbeddedIndex(folder, EMBEDDER)
    made.upsert(SCHOOL)
    return made


def generation(index: EmbeddedIndex) -> Path:
    return index.folder / index.generations.current_name()


def segment_files(index: EmbeddedIndex) -> list[Path]:
    return sorted(generation(index).glob("*.seg"))


def test_another_process_sees_and_makes_changes(index: EmbeddedIndex, folder: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from indexer.embedded import EmbeddedIndex;"
        "from tests.contracts.samples import EMBEDDER, document;"
        "index = EmbeddedIndex(Path(sys.argv[1]), EMBEDDER); assert index.count() == 6;"
        "index.upsert([document(50, 'из другого процесса')]); index.delete([1])"
    )
    subprocess.run([sys.executable, "-c", script, str(folder)], check=True, cwd=HERE)
    assert index.search_text(TextQuery("процесс")).ids.tolist() == [50]
    assert index.ids().tolist() == [2, 3, 4, 5, 6, 50]


def test_threads_search_while_others_write(index: EmbeddedIndex) -> None:
    problems: list[BaseException] = []
    done = threading.Event()

    def search() -> None:
        try:
            while not done.is_set():
                assert index.search_text(TextQuery("сертификат")).ids.tolist()[:1] == [3]
                assert len(index.search_vector(EMBEDDER.encode(["ветка"], "query")[0])) >= 6
                assert index.search_text(TextQuery("title:сертификат", "advanced")).ids.tolist()
        except BaseException as error:
            problems.append(error)

    def write(first: int) -> None:
        try:
            for number in range(first, first + 12):
                index.upsert([document(number, f"слово {number}")])
            index.writer.compact()
        except BaseException as error:
            problems.append(error)

    searchers = [threading.Thread(target=search) for _ in range(3)]
    writers = [threading.Thread(target=write, args=(first,)) for first in (100, 200)]
    for thread in searchers + writers:
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    for thread in searchers:
        thread.join()
    assert problems == []
    assert index.count() == 6 + 24


def test_many_small_commits_are_merged_without_loss(index: EmbeddedIndex) -> None:
    for number in range(100, 130):
        index.upsert([document(number, f"номер {number} слово")])
    index.delete(range(100, 110))
    before = index.search_text(TextQuery("слово")), index.search_vector(SCHOOL[0].vectors[0])
    files = len(segment_files(index))
    while index.writer.compact():
        pass
    assert len(segment_files(index)) < files / 2
    after = index.search_text(TextQuery("слово")), index.search_vector(SCHOOL[0].vectors[0])
    for one, other in zip(before, after, strict=True):
        assert one.ids.tolist() == other.ids.tolist()
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    index.verify()


def test_a_writer_that_waits_too_long_says_who_to_stop(index: EmbeddedIndex, folder: Path) -> None:
    hasty = EmbeddedIndex(folder, EMBEDDER, wait_seconds=0)
    with locked(folder / "WRITER.lock", 0), pytest.raises(IndexUnavailable, match="writing") as caught:
        hasty.upsert([document(7, "не сейчас")])
    assert caught.value.remedy
    hasty.upsert([document(7, "теперь")])
    assert hasty.count() == 7


def test_another_model_leaves_text_search_and_asks_for_a_rebuild(index: EmbeddedIndex, folder: Path) -> None:
    other = EmbeddedIndex(folder, HashingEmbedder(64))
    assert other.search_text(TextQuery("сертификат")).ids.tolist() == [3, 6]
    for act in (
        lambda: other.search_vector(np.ones(64, np.float32)),
        lambda: other.upsert([document(9, "новое")]),
        other.ping,
    ):
        with pytest.raises(IndexUnavailable, match="hashing/32") as caught:
            act()
        assert "kbsearch index rebuild" in caught.value.remedy


def test_half_a_row_of_a_killed_writer_is_no_harm(index: EmbeddedIndex) -> None:
    with open(generation(index) / "vectors.f32", "ab") as file:
        file.write(b"\x01" * 77)
    index.upsert([document(70, "после падения")])
    hits = index.search_vector(EMBEDDER.encode(["после падения"], "query")[0], limit=1)
    assert hits.ids.tolist() == [70]
    assert hits.scores[0] == pytest.approx(1, abs=1e-5)
    index.verify()


def test_files_of_an_unfinished_commit_are_no_harm(index: EmbeddedIndex, folder: Path) -> None:
    (generation(index) / "MAIN_abcdefghijklmnop.trm").write_bytes(b"half")
    (generation(index) / "_MAIN_99.toc.1234.5").write_bytes(b"half")
    (generation(index) / "MAIN.tmp").mkdir(exist_ok=True)
    fresh = EmbeddedIndex(folder, EMBEDDER)
    assert fresh.count() == 6
    fresh.upsert([document(71, "дальше")])
    assert fresh.count() == 7
    assert not (generation(index) / "MAIN_abcdefghijklmnop.trm").exists()


@pytest.mark.parametrize("content", [None, b"", b"garbage"])
def test_the_derived_arrays_may_be_lost(index: EmbeddedIndex, folder: Path, content: bytes | None) -> None:
    before = index.search_text(TextQuery("сертификат ошибка"))
    for path in generation(index).glob("*.npz"):
        path.unlink() if content is None else path.write_bytes(content)
    after = EmbeddedIndex(folder, EMBEDDER).search_text(TextQuery("сертификат ошибка"))
    assert after.ids.tolist() == before.ids.tolist()
    assert after.scores.tolist() == before.scores.tolist()
    assert list(generation(index).glob("*.npz"))


def test_a_rebuild_killed_at_the_swap_leaves_the_old_generation(index: EmbeddedIndex, folder: Path) -> None:
    script = (
        "import os, sys; from pathlib import Path; from indexer.embedded import EmbeddedIndex;"
        "from tests.contracts.samples import EMBEDDER;"
        "index = EmbeddedIndex(Path(sys.argv[1]), EMBEDDER);"
        "index.writer.replace(index.writer.begin_generation(), lambda: os.kill(os.getpid(), 9))"
    )
    killed = subprocess.run([sys.executable, "-c", script, str(folder)], cwd=HERE, check=False)
    assert killed.returncode == -9
    assert (folder / "gen-0002").exists()
    assert index.count() == 6
    index.upsert([document(72, "и пишется дальше")])
    index.writer.replace(index.writer.begin_generation(), lambda: None)
    assert index.generations.current_name() == "gen-0003"
    assert index.count() == 0
    assert sorted(path.name for path in folder.glob("gen-*")) == ["gen-0002", "gen-0003"]


def truncate_segment(index: EmbeddedIndex) -> None:
    path = segment_files(index)[0]
    path.write_bytes(path.read_bytes()[:-200])


def empty_segment(index: EmbeddedIndex) -> None:
    segment_files(index)[0].write_bytes(b"")


def remove_segment(index: EmbeddedIndex) -> None:
    segment_files(index)[0].unlink()


def garble_toc(index: EmbeddedIndex) -> None:
    next(generation(index).glob("*.toc")).write_bytes(b"\x80" * 500)


def remove_toc(index: EmbeddedIndex) -> None:
    next(generation(index).glob("*.toc")).unlink()


def garble_manifest(index: EmbeddedIndex) -> None:
    (generation(index) / "manifest.json").write_text("{}")


def future_format(index: EmbeddedIndex) -> None:
    (generation(index) / "manifest.json").write_text('{"model_id": "x", "dimension": 3, "format": 99}')


def garble_current(index: EmbeddedIndex) -> None:
    (index.folder / "CURRENT").write_text("gen-9999")


DAMAGES = [
    truncate_segment,
    empty_segment,
    remove_segment,
    garble_toc,
    remove_toc,
    garble_manifest,
    future_format,
    garble_current,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_told_with_a_remedy(index: EmbeddedIndex, folder: Path, damage: object) -> None:
    damage(index)
    fresh = EmbeddedIndex(folder, EMBEDDER)
    for act in (lambda: fresh.search_text(TextQuery("сертификат")), fresh.count, fresh.ping, fresh.verify):
        with pytest.raises(IndexUnavailable) as caught:
            act()
        assert "kbsearch index rebuild" in caught.value.remedy
        assert caught.value.details["rebuild"]


@pytest.mark.parametrize("keep", [None, 100])
def test_lost_vectors_leave_text_search(index: EmbeddedIndex, folder: Path, keep: int | None) -> None:
    path = generation(index) / "vectors.f32"
    path.unlink() if keep is None else path.write_bytes(path.read_bytes()[:keep])
    fresh = EmbeddedIndex(folder, EMBEDDER)
    assert fresh.search_text(TextQuery("сертификат")).ids.tolist() == [3, 6]
    for act in (lambda: fresh.search_vector(SCHOOL[0].vectors[0]), fresh.vectors, fresh.ping, fresh.verify):
        with pytest.raises(IndexUnavailable, match="vectors"):
            act()


def test_a_flipped_bit_is_found_by_verify(index: EmbeddedIndex) -> None:
    index.verify()
    path = segment_files(index)[0]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 0x10
    path.write_bytes(content)
    with pytest.raises(IndexUnavailable, match="changed"):
        index.verify()


def test_a_disk_that_refuses_is_told_and_nothing_changes(index: EmbeddedIndex) -> None:
    vectors = generation(index) / "vectors.f32"
    vectors.rename(vectors.with_suffix(".away"))
    vectors.symlink_to("/dev/full")
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        index.upsert([document(80, "не влезло")])
    vectors.unlink()
    vectors.with_suffix(".away").rename(vectors)
    assert index.count() == 6
    index.upsert([document(80, "влезло")])
    assert index.count() == 7


def test_a_document_without_a_vector_for_a_part_is_refused(index: EmbeddedIndex) -> None:
    wrong = document(1, "x")
    object.__setattr__(wrong, "vectors", np.zeros((0, 32), np.float32))
    with pytest.raises(ValueError, match="vector"):
        index.upsert([wrong])
    assert index.count() == 6

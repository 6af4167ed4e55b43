"""Status, rebuild and check of the indexes."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Sequence
from pathlib import Path

import pytest

from indexer.embedders.hashing import HashingEmbedder
from indexer.locks import locked
from indexer.maintenance import IndexMaintenance
from kbsearch.app import Kbsearch
from kbsearch.errors import ConfigurationError, EncoderUnavailable, IndexUnavailable
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Collection
from kbsearch.ports import Floats, Role, TextQuery
from kbsearch.services.cases import CaseDraft
from tests.contracts.reference_backend import ReferenceBackend
from tests.contracts.samples import document
from tests.indexer.test_embedded import DAMAGES


class Broken(HashingEmbedder):
    """An encoder whose model cannot be loaded."""

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Fails."""
        raise EncoderUnavailable("The model is gone.")


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    app.questions.receive_many([IncomingQuestion(f"про git {n}", external_id=str(n)) for n in range(60)])
    app.cases.create(CaseDraft("Как удалить ветку", "git branch -d"), state="published")
    app.pipeline.drain_all()
    return app


def questions_folder(app: Kbsearch) -> Path:
    return app.settings.index_dir / "questions"


def test_status_tells_counts_ages_and_sizes(school: Kbsearch) -> None:
    school.questions.receive(IncomingQuestion("ещё один", external_id="61"))
    cases, questions = school.maintenance.status().collections
    assert (cases.in_database, cases.in_index, cases.waiting) == (1, 1, 0)
    assert (questions.in_database, questions.in_index, questions.waiting, questions.failed) == (61, 60, 1, 0)
    assert questions.oldest_seconds is not None
    assert (questions.generation, questions.model_id) == ("gen-0001", "hashing/256")
    assert questions.bytes > 60 * 256 * 4
    assert questions.committed_at is not None
    assert school.maintenance.status().problems == ()


def test_a_whole_index_passes_the_check(school: Kbsearch) -> None:
    report = school.maintenance.check(mend=True)
    assert report.ok
    assert not report.mended


def test_missing_extra_and_stale_documents_are_found_and_mended(school: Kbsearch) -> None:
    ids = school.question_index.ids().tolist()
    school.question_index.delete(ids[:2])
    small = IndexMaintenance(school.database, school.case_index, school.question_index, school.embedder)
    wrong = document(ids[5], "совсем другое")
    embedder = HashingEmbedder()
    vectors = embedder.encode(["совсем другое"], "passage")
    for key in (ids[5], 70_000):
        object.__setattr__(wrong, "id", key)
        object.__setattr__(wrong, "vectors", vectors)
        school.question_index.upsert([wrong])
    questions = small.check().collections[1]
    assert questions.missing == tuple(ids[:2])
    assert questions.extra == (70_000,)
    assert questions.stale == (ids[5],)
    assert not questions.ok
    assert small.check(mend=True).mended
    waiting = small.check().collections[1]
    assert waiting.ok
    assert waiting.waiting == 4
    school.pipeline.drain_all()
    assert small.check().ok
    assert small.check().collections[1].waiting == 0


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_found_and_mended(school: Kbsearch, damage: object) -> None:
    damage(school.question_index)
    fresh = Kbsearch(school.settings)
    assert fresh.maintenance.status().collections[1].problem
    assert fresh.maintenance.check().collections[1].problem
    assert fresh.maintenance.check(mend=True).mended
    assert fresh.maintenance.check().ok
    assert fresh.question_index.count() == 60
    assert len(fresh.question_index.search_text(TextQuery("git", limit=99))) == 60
    fresh.database.close()


def test_lost_vectors_are_found_and_mended(school: Kbsearch) -> None:
    (questions_folder(school) / "gen-0001" / "vectors.f32").write_bytes(b"short")
    fresh = Kbsearch(school.settings)
    assert "vectors" in fresh.maintenance.check(mend=True).collections[1].problem
    assert fresh.maintenance.check().ok
    fresh.database.close()


def test_a_lost_index_is_told_and_mended(school: Kbsearch) -> None:
    assert school.maintenance.lost() == []
    shutil.rmtree(questions_folder(school))
    assert school.maintenance.lost() == [Collection.QUESTIONS]
    assert "gone" in school.maintenance.check(mend=True).collections[1].problem
    assert school.question_index.count() == 60


def test_a_rebuild_swaps_generations_and_keeps_one_back(school: Kbsearch) -> None:
    told: list[str] = []
    for _ in range(3):
        school.maintenance.rebuild(lambda done, total, stage: told.append(f"{stage} {done}/{total}"))
    folders = sorted(path.name for path in questions_folder(school).glob("gen-*"))
    assert folders == ["gen-0003", "gen-0004"]
    assert (questions_folder(school) / "CURRENT").read_text() == "gen-0004"
    assert told[-1] == "indexing questions 60/60"
    assert school.maintenance.check().ok


def test_searches_and_changes_go_on_while_rebuilding(school: Kbsearch) -> None:
    seen: list[int] = []
    done = threading.Event()

    def search() -> None:
        while not done.is_set():
            seen.append(len(school.question_index.search_text(TextQuery("git", limit=999))))

    def change(done_count: int, total: int, stage: str) -> None:
        if stage == "indexing questions" and done_count == total:
            batch = [IncomingQuestion(f"про git {n}", external_id=str(n)) for n in range(100, 110)]
            school.questions.receive_many(batch)
            school.pipeline.drain_all()

    thread = threading.Thread(target=search)
    thread.start()
    school.maintenance.rebuild(change)
    done.set()
    thread.join()
    assert set(seen) <= {60, 70}
    assert school.question_index.count() == 70
    assert school.maintenance.check().ok


def test_a_change_of_model_is_a_rebuild(school: Kbsearch) -> None:
    other = Kbsearch(school.settings.model_copy(update={"encoder": "hashing"}))
    other.__dict__["embedder"] = HashingEmbedder(64)
    assert "hashing/64" in other.maintenance.status().collections[0].problem
    status = other.maintenance.rebuild()
    assert {one.model_id for one in status.collections} == {"hashing/64"}
    assert status.problems == ()
    assert len(other.question_index.search_vector(HashingEmbedder(64).encode(["git"], "query")[0])) == 60
    other.database.close()


def test_two_rebuilds_do_not_meet(school: Kbsearch) -> None:
    with (
        locked(questions_folder(school) / "REBUILD.lock", 0),
        pytest.raises(IndexUnavailable, match="running"),
    ):
        school.maintenance.rebuild(only=[Collection.QUESTIONS])


def test_a_rebuild_that_fails_leaves_the_old_index(school: Kbsearch) -> None:
    broken = Kbsearch(school.settings)
    broken.__dict__["embedder"] = Broken()
    with pytest.raises(EncoderUnavailable):
        broken.maintenance.rebuild()
    assert school.question_index.count() == 60
    assert [path.name for path in questions_folder(school).glob("gen-*")] == ["gen-0001"]
    broken.database.close()


def test_a_foreign_engine_is_refused(app: Kbsearch) -> None:
    with pytest.raises(ConfigurationError, match="ReferenceBackend"):
        IndexMaintenance(app.database, ReferenceBackend(), app.question_index, app.embedder)

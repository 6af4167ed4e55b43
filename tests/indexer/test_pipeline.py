"""The outbox pipeline: what is worked off, what fails alone, what waits."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from sqlalchemy import select, update

from indexer.embedders.hashing import HashingEmbedder
from indexer.pipeline import MAX_ATTEMPTS, IndexPipeline
from kbsearch.app import Kbsearch
from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Collection, Outbox
from kbsearch.ports import Filters, Floats, Role, TextQuery
from kbsearch.services.cases import CaseDraft


class Choosy(HashingEmbedder):
    """Refuses texts with the word "яд"; refuses everything while ``down``."""

    down = False

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As the hashing encoder does, if it likes the texts."""
        if self.down or any("яд" in text for text in texts):
            raise EncoderUnavailable("It does not like it.")
        return super().encode(texts, role)


@pytest.fixture
def choosy() -> Choosy:
    return Choosy()


@pytest.fixture
def pipeline(app: Kbsearch, choosy: Choosy) -> IndexPipeline:
    return IndexPipeline(app.database, app.case_index, app.question_index, choosy)


def receive(app: Kbsearch, *texts: str) -> list[int]:
    batch = [IncomingQuestion(text, external_id=str(n)) for n, text in enumerate(texts)]
    return [received.question_id for received in app.questions.receive_many(batch)]


def rows(app: Kbsearch) -> list[Outbox]:
    with app.database.reading() as session:
        return list(session.scalars(select(Outbox).order_by(Outbox.id)))


def test_nothing_due_is_nothing_done(pipeline: IndexPipeline) -> None:
    assert pipeline.drain() == 0
    assert pipeline.drain_all() == 0


def test_questions_are_found_without_their_chatter(app: Kbsearch, pipeline: IndexPipeline) -> None:
    ids = receive(app, "Здравствуйте! Подскажите, пожалуйста, как удалить ветку?", "Где сертификат")
    assert pipeline.drain() == 2
    assert rows(app) == []
    assert app.question_index.search_text(TextQuery("удалить ветки")).ids.tolist() == ids[:1]
    assert app.question_index.search_text(TextQuery("здравствуйте")).ids.tolist() == []


def test_only_live_cases_are_in_the_index(app: Kbsearch, pipeline: IndexPipeline) -> None:
    draft = CaseDraft(
        "Как удалить ветку", "git branch -d", variants=("убрать branch",), tags=("git",), course="frontend"
    )
    case = app.cases.create(draft)
    pipeline.drain_all()
    assert app.case_index.count() == 0
    app.cases.move(case.id, "published")
    pipeline.drain_all()
    query = TextQuery("убрать", filters=Filters(course="frontend", states=("published",)))
    assert app.case_index.search_text(query).ids.tolist() == [case.id]
    vector = HashingEmbedder().encode(["убрать branch"], "query")[0]
    assert app.case_index.search_vector(vector).parts == ("variant",)
    app.cases.move(case.id, "archived")
    pipeline.drain_all()
    assert app.case_index.count() == 0


def test_rows_of_one_entity_are_worked_off_together(app: Kbsearch, pipeline: IndexPipeline) -> None:
    question = receive(app, "вопрос про git")[0]
    with app.database.writing() as session:
        session.add_all([Outbox(collection=Collection.QUESTIONS, entity_id=question) for _ in range(5)])
        session.add(Outbox(collection=Collection.QUESTIONS, entity_id=99_999))
    assert pipeline.drain() == 7
    assert rows(app) == []
    assert app.question_index.ids().tolist() == [question]


def test_cases_come_before_questions(app: Kbsearch, pipeline: IndexPipeline) -> None:
    receive(app, *[f"про git {n}" for n in range(20)])
    app.cases.create(CaseDraft("Как удалить ветку", "git branch -d"), state="published")
    assert pipeline.drain(1) == 1
    assert app.case_index.count() == 1


def test_a_poison_document_does_not_block_the_others(app: Kbsearch, pipeline: IndexPipeline) -> None:
    ids = receive(app, *[f"про git {n}" for n in range(30)], "здесь яд", *[f"про css {n}" for n in range(9)])
    assert pipeline.drain() == 40
    assert app.question_index.count() == 39
    (bad,) = rows(app)
    assert (bad.entity_id, bad.attempts, bad.error) == (ids[30], 1, "It does not like it.")
    assert bad.failed_at is not None
    assert pipeline.drain() == 0
    assert app.maintenance.status().failed == 1


def test_what_failed_is_tried_again_but_not_for_ever(
    app: Kbsearch, pipeline: IndexPipeline, choosy: Choosy
) -> None:
    receive(app, "здесь яд")
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert pipeline.drain() == 1
        assert rows(app)[0].attempts == attempt
        with app.database.writing() as session:
            long_ago = rows(app)[0].created_at.replace(year=2000)
            session.execute(update(Outbox).values(failed_at=long_ago))
    assert pipeline.drain() == 0
    assert pipeline.waiting() == 0


def test_when_the_encoder_is_down_everything_waits(
    app: Kbsearch, pipeline: IndexPipeline, choosy: Choosy
) -> None:
    receive(app, "про git", "про css")
    choosy.down = True
    with pytest.raises(EncoderUnavailable):
        pipeline.drain()
    assert [row.attempts for row in rows(app)] == [0, 0]
    choosy.down = False
    assert pipeline.drain() == 2


def test_when_the_index_is_damaged_everything_waits(app: Kbsearch, pipeline: IndexPipeline) -> None:
    receive(app, "про git")
    pipeline.drain()
    (app.settings.index_dir / "questions" / "CURRENT").write_text("gen-0077")
    question = receive(app, "про git", "про css")[1]
    with pytest.raises(IndexUnavailable):
        pipeline.drain()
    assert [row.entity_id for row in rows(app)] == [question]


def test_progress_is_told(app: Kbsearch, pipeline: IndexPipeline) -> None:
    told: list[tuple[int, int]] = []
    receive(app, *[f"про git {n}" for n in range(20)])
    assert pipeline.drain_all(lambda done, total, stage: told.append((done, total))) == 20
    assert told[-1] == (20, 20)


def test_everything_is_found_before_what_follows_is_done(app: Kbsearch) -> None:
    followed: list[int] = []
    indexes = app.case_index, app.question_index
    pipeline = IndexPipeline(app.database, *indexes, HashingEmbedder(), follow=followed.extend)
    ids = receive(app, *[f"про git {n}" for n in range(5)])
    assert pipeline.drain(2) == 2
    assert pipeline.drain(2) == 2
    assert (app.question_index.count(), followed) == (4, [])
    assert pipeline.waiting(indexed=True) == 4
    assert app.maintenance.status().waiting == 1
    assert pipeline.drain(2) == 2
    assert (app.question_index.count(), followed) == (5, ids[:2])
    pipeline.drain_all()
    assert (followed, rows(app)) == (ids, [])


def test_what_follows_is_done_although_a_worker_died_before(app: Kbsearch) -> None:
    indexes = app.case_index, app.question_index
    ids = receive(app, "про git", "про css")
    IndexPipeline(app.database, *indexes, HashingEmbedder(), follow=print).index(10)
    followed: list[int] = []
    IndexPipeline(app.database, *indexes, HashingEmbedder(), follow=followed.extend).drain_all()
    assert (followed, rows(app)) == (ids, [])


def test_a_question_that_cannot_be_followed_does_not_hold_up_the_others(app: Kbsearch) -> None:
    def follow(ids: Sequence[int]) -> None:
        if bad in ids:
            raise ValueError("no")

    pipeline = IndexPipeline(
        app.database, app.case_index, app.question_index, HashingEmbedder(), follow=follow
    )
    bad = receive(app, *[f"про git {n}" for n in range(9)])[4]
    pipeline.drain_all()
    (row,) = rows(app)
    assert (row.entity_id, row.indexed, row.attempts, row.error) == (bad, True, 1, "ValueError: no")
    assert app.question_index.count() == 9


def test_who_has_nothing_to_do_then_leaves_it_to_others_and_ends(app: Kbsearch) -> None:
    indexes = app.case_index, app.question_index
    ids = receive(app, "про git", "про css")
    IndexPipeline(app.database, *indexes, HashingEmbedder(), follow=print).index(10)
    assert IndexPipeline(app.database, *indexes, HashingEmbedder()).drain_all() == 0
    assert [(row.entity_id, row.indexed) for row in rows(app)] == [(one, True) for one in ids]

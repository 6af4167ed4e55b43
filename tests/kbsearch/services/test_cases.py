"""Cases are written, reviewed, published, restored and imported without losing anybody's work."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from kbsearch.app import Kbsearch
from kbsearch.database import Database
from kbsearch.errors import Conflict, InvalidInput, NotFound, TooLarge
from kbsearch.importers.records import IncomingCase
from kbsearch.models import (
    TRANSITIONS,
    CaseState,
    Cluster,
    Collection,
    Membership,
    Outbox,
    Question,
    Reply,
    Run,
    utc_now,
)
from kbsearch.services.cases import CaseDraft, CaseService
from kbsearch.text.slugs import MAX_SLUG, is_slug, slugify

UNDO = CaseDraft(
    title="Как отменить последний коммит?",
    answer="Выполните `git reset --soft HEAD~1`.",
    variants=("Сделал коммит по ошибке", "откатить коммит"),
    course="frontend",
    lessons=("fe-03",),
    tags=("git",),
)


@pytest.fixture
def cases(database: Database) -> CaseService:
    return CaseService(database)


def outbox(database: Database) -> list[int]:
    with database.reading() as session:
        rows = session.scalars(select(Outbox).where(Outbox.collection == Collection.CASES))
        return [row.entity_id for row in rows]


def test_a_new_case_has_a_slug_a_language_and_its_first_revision(
    cases: CaseService, database: Database
) -> None:
    case = cases.get(cases.create(UNDO).id)
    assert case.slug == "kak-otmenit-posledniy-kommit"
    assert (case.language, case.state, case.version) == ("ru", CaseState.DRAFT, 1)
    assert [variant.text for variant in case.variants] == list(UNDO.variants)
    assert [revision.number for revision in case.revisions] == [1]
    assert outbox(database) == [case.id]


def test_equal_titles_get_slugs_of_their_own(cases: CaseService) -> None:
    slugs = [cases.create(UNDO).slug for _ in range(3)]
    assert len(set(slugs)) == 3


def test_a_slug_that_is_taken_is_refused(cases: CaseService) -> None:
    cases.create(CaseDraft("First title", "answer", slug="undo"))
    with pytest.raises(Conflict, match="undo"):
        cases.create(CaseDraft("Second title", "answer", slug="undo"))


def test_saving_keeps_the_old_revision_and_asks_for_indexing(cases: CaseService, database: Database) -> None:
    first = cases.create(UNDO)
    saved = cases.save(
        first.id, CaseDraft("Отмена коммита", "Новый ответ"), version=first.version, note="короче"
    )
    assert saved.version == first.version + 1
    history = cases.get(first.id).revisions
    assert [revision.snapshot["answer"] for revision in history] == [UNDO.answer, "Новый ответ"]
    assert history[-1].note == "короче"
    assert saved.slug == first.slug
    assert outbox(database) == [first.id, first.id]


def test_saving_what_is_there_already_makes_no_revision(cases: CaseService) -> None:
    first = cases.create(UNDO)
    again = cases.save(first.id, UNDO, version=first.version)
    assert (again.version, len(again.revisions)) == (first.version, 1)


def test_a_stale_version_is_a_conflict_that_names_the_present_one(cases: CaseService) -> None:
    case = cases.create(UNDO)
    cases.save(case.id, CaseDraft("Мой заголовок", "мой ответ"), version=case.version)
    with pytest.raises(Conflict) as caught:
        cases.save(case.id, CaseDraft("Чужой заголовок", "чужой ответ"), version=case.version)
    assert caught.value.details["version"] == case.version + 1
    assert cases.get(case.id).title == "Мой заголовок"


def test_a_change_of_variants_alone_counts_as_a_version(cases: CaseService) -> None:
    case = cases.create(UNDO)
    changed = CaseDraft(
        UNDO.title, UNDO.answer, ("другая формулировка",), UNDO.course, UNDO.lessons, UNDO.tags
    )
    assert cases.save(case.id, changed, version=case.version).version == case.version + 1


@pytest.mark.parametrize("before", list(CaseState))
@pytest.mark.parametrize("after", list(CaseState))
def test_only_the_allowed_steps_are_possible(cases: CaseService, before: CaseState, after: CaseState) -> None:
    case = cases.create(UNDO, state=before)
    if after in TRANSITIONS[before]:
        assert cases.move(case.id, after).state == after
    else:
        with pytest.raises(Conflict, match="cannot go"):
            cases.move(case.id, after)


def test_publishing_sets_its_moments(cases: CaseService) -> None:
    case = cases.create(UNDO)
    assert case.published_at is None
    published = cases.move(case.id, "published")
    assert published.published_at is not None
    assert published.verified_at == published.published_at
    cases.move(case.id, "needs_check")
    verified = cases.move(case.id, "published")
    assert verified.published_at == published.published_at
    assert verified.verified_at > published.verified_at
    assert [revision.snapshot["state"] for revision in verified.revisions] == [
        "draft",
        "published",
        "needs_check",
        "published",
    ]


def test_a_case_without_an_answer_is_not_published(cases: CaseService) -> None:
    case = cases.create(CaseDraft("Пустой случай", " "))
    with pytest.raises(InvalidInput, match="no answer"):
        cases.move(case.id, "published")
    live = cases.create(UNDO, state="published")
    with pytest.raises(InvalidInput, match="no answer"):
        cases.save(live.id, CaseDraft(UNDO.title, ""), version=live.version)
    assert cases.get(live.id).answer == UNDO.answer


def test_restoring_makes_a_new_revision_of_the_old_content(cases: CaseService) -> None:
    case = cases.create(UNDO)
    cases.save(case.id, CaseDraft("Другой заголовок", "другой ответ"), version=case.version)
    restored = cases.restore(case.id, 1)
    assert (restored.title, restored.answer) == (UNDO.title, UNDO.answer)
    assert [variant.text for variant in restored.variants] == list(UNDO.variants)
    assert len(restored.revisions) == 3
    with pytest.raises(NotFound, match="revision 9"):
        cases.restore(case.id, 9)


@pytest.mark.parametrize(
    ("draft", "error"),
    [
        (CaseDraft("ab", "answer"), InvalidInput),
        (CaseDraft("t" * 301, "answer"), InvalidInput),
        (CaseDraft("\x00\x00\x00", "answer"), InvalidInput),
        (CaseDraft("title", "answer", slug="a b"), InvalidInput),
        (CaseDraft("title", "a" * 100_001), TooLarge),
        (CaseDraft("title", "answer", tuple(f"v{n}" for n in range(101))), TooLarge),
        (CaseDraft("title", "answer", ("v" * 2001,)), TooLarge),
        (CaseDraft("title", "answer", tags=("t" * 101,)), TooLarge),
    ],
)
def test_drafts_that_break_a_rule_are_refused(
    cases: CaseService, draft: CaseDraft, error: type[Exception]
) -> None:
    with pytest.raises(error):
        cases.create(draft)
    assert cases.list().total == 0


def test_blanks_repeats_and_control_characters_are_cleaned_away(cases: CaseService) -> None:
    case = cases.create(
        CaseDraft(" Ti\x00tle \n here ", "line\r\nline\x00", ("one", " ONE ", "", "ti tle here", "two"))
    )
    assert (case.title, case.answer) == ("Ti tle here", "line\nline")
    assert [variant.text for variant in case.variants] == ["one", "two"]


def test_lists_filter_by_state_course_and_words_of_any_case(cases: CaseService) -> None:
    cases.create(UNDO, state="published")
    cases.create(CaseDraft("Как сдать домашку", "ответ", tags=("Платформа",)))
    assert [case.title for case in cases.list(text="КОММИТ").items] == [UNDO.title]
    assert cases.list(text="платформа").total == 1
    assert cases.list(state="published").total == 1
    assert cases.list(course="frontend").total == 1
    assert cases.list(limit=1, offset=1).items[0].title == UNDO.title
    assert cases.counts() == {state: int(state in ("draft", "published")) for state in CaseState}
    with pytest.raises(InvalidInput, match="no state"):
        cases.list(state="nonsense")


def test_cases_are_given_in_the_order_asked_for(cases: CaseService) -> None:
    ids = [cases.create(CaseDraft(f"Case {n}", "answer")).id for n in range(3)]
    assert [case.id for case in cases.by_ids([ids[2], 999, ids[0]])] == [ids[2], ids[0]]


@pytest.mark.parametrize("state", ["published", "needs_check", "in_review"])
def test_archiving_is_undone_as_if_it_had_not_been(cases: CaseService, state: str) -> None:
    case = cases.create(UNDO, state="published" if state == "needs_check" else state)
    before = cases.move(case.id, state) if state == "needs_check" else case
    cases.move(case.id, "archived")
    again = cases.unarchive(case.id)
    moments = ("state", "verified_at", "published_at", "first_published_at", "answer")
    assert [getattr(again, name) for name in moments] == [getattr(before, name) for name in moments]
    with pytest.raises(Conflict, match="taken out of the archive"):
        cases.unarchive(case.id)


def test_what_was_edited_in_the_archive_or_merged_is_not_unarchived(
    app: Kbsearch, cases: CaseService
) -> None:
    case = cases.create(UNDO, state="published")
    archived = cases.move(case.id, "archived")
    cases.save(case.id, replace(UNDO, answer="иначе"), version=archived.version)
    with pytest.raises(Conflict, match="taken out of the archive"):
        cases.unarchive(case.id)
    one = cases.create(CaseDraft("Первый кейс", "так"), state="published")
    other = cases.create(CaseDraft("Второй кейс", "иначе"), state="published")
    app.case_pairs.merge(one.id, other.id)
    with pytest.raises(Conflict, match="was merged"):
        cases.unarchive(one.id)


def test_unknown_cases_are_not_found(cases: CaseService) -> None:
    for call in (
        lambda: cases.get(7),
        lambda: cases.by_slug("no"),
        lambda: cases.move(7, "draft"),
        lambda: cases.save(7, UNDO, version=1),
        lambda: cases.draft_from_cluster(7),
    ):
        with pytest.raises(NotFound):
            call()


def test_an_import_is_idempotent_and_respects_people(cases: CaseService, database: Database) -> None:
    row = IncomingCase("Как отменить коммит", "git reset", slug="fe-undo", variants=("откат",))
    first = cases.import_case(row)
    assert (first.created, cases.get(first.case_id).state) == (True, CaseState.PUBLISHED)
    assert cases.import_case(row) == type(first)(first.case_id, created=False, changed=False)
    edited = cases.save(first.case_id, CaseDraft("Отменить коммит", "лучше"), version=1)
    cases.move(first.case_id, "archived")
    assert not cases.import_case(row).changed
    assert cases.get(first.case_id).answer == edited.answer
    newer = IncomingCase("Как отменить коммит", "git revert", slug="fe-undo")
    assert cases.import_case(newer).changed
    case = cases.by_slug("fe-undo")
    assert (case.answer, case.state) == ("git revert", CaseState.ARCHIVED)
    assert len(outbox(database)) == 4


def test_imports_without_slugs_are_told_apart_by_title(cases: CaseService) -> None:
    rows = [IncomingCase(title, "a") for title in ("Что такое C", "Что такое C!", "Что такое C#", "???")]
    ids = [taken.case_id for taken in cases.import_many(rows)]
    assert len(set(ids)) == 4
    assert [taken.case_id for taken in cases.import_many(rows)] == ids


def test_a_batch_is_taken_whole_or_not_at_all(cases: CaseService) -> None:
    with pytest.raises(InvalidInput):
        cases.import_many([IncomingCase("A good row", "a"), IncomingCase("x", "b")])
    assert cases.list().total == 0


def test_a_cluster_drafts_its_case(cases: CaseService, database: Database) -> None:
    cluster_id = planted_cluster(database)
    case = cases.create_from_cluster(cluster_id)
    assert (case.title, case.cluster_id, case.course_code) == ("Отмена коммита", cluster_id, "frontend")
    assert [variant.text for variant in case.variants] == ["образец", "сильный", "слабый"]
    assert all(variant.question_id for variant in case.variants)
    assert case.answer.startswith("принятый ответ\n\n---\n\n")
    assert "от студента" not in case.answer


def test_a_draft_has_each_wording_once_without_greetings(cases: CaseService, database: Database) -> None:
    texts = ("Добрый вечер! Как отменить коммит", "Hi! как отменить коммит?", "привет, коммит пропал")
    cluster_id = planted_cluster(database, texts)
    case = cases.create_from_cluster(cluster_id)
    assert [variant.text for variant in case.variants] == ["коммит пропал", "как отменить коммит?"]
    assert all(variant.question_id for variant in case.variants)


def test_a_cluster_that_has_ended_drafts_no_case(cases: CaseService, database: Database) -> None:
    cluster_id = planted_cluster(database)
    with database.writing() as session:
        session.execute(delete(Membership))
    with pytest.raises(Conflict, match="has ended"):
        cases.create_from_cluster(cluster_id)


def planted_cluster(
    database: Database, texts: tuple[str, str, str] = ("слабый", "сильный", "образец")
) -> int:
    """A cluster of four questions (two the same) with replies of mentors and of a student."""
    weak, strong, best = texts
    rows = [(weak, 0.2, None), (strong, 0.9, None), (best, 0.5, 1), (weak, 0.1, None)]
    with database.writing() as session:
        run = Run(algorithm="leiden")
        session.add(run)
        session.flush()
        cluster = Cluster(label="Отмена коммита", first_run_id=run.id, last_run_id=run.id, size=4)
        session.add(cluster)
        session.flush()
        for number, (text, strength, rank) in enumerate(rows):
            question = Question(
                source="test",
                external_id=str(number),
                text=text,
                text_key=text,
                course_code="frontend",
                asked_at=utc_now(),
            )
            question.replies = replies()[number]
            session.add(question)
            session.flush()
            session.add(
                Membership(
                    run_id=run.id,
                    question_id=question.id,
                    cluster_id=cluster.id,
                    strength=strength,
                    exemplar_rank=rank,
                )
            )
        return cluster.id


def replies() -> list[list[Reply]]:
    return [
        [Reply(position=1, text="от студента и очень длинный ответ")],
        [Reply(position=1, text="обычный ответ наставника", by_mentor=True)],
        [Reply(position=1, text="принятый ответ", by_mentor=True, accepted=True)],
        [],
    ]


def test_a_question_becomes_a_phrasing_once(cases: CaseService, database: Database) -> None:
    planted_cluster(database)
    case = cases.create(UNDO)
    with database.reading() as session:
        question_id = session.scalar(select(func.min(Question.id)))
    assert question_id is not None
    added = cases.add_variant(case.id, question_id)
    assert (added.variants[-1].text, added.variants[-1].question_id) == ("слабый", question_id)
    assert cases.add_variant(case.id, question_id).version == added.version
    with pytest.raises(NotFound, match="question 999"):
        cases.add_variant(case.id, 999)


def test_phrasings_that_stay_keep_their_question(cases: CaseService, database: Database) -> None:
    case = cases.create_from_cluster(planted_cluster(database))
    before = {variant.text: variant.question_id for variant in case.variants}
    saved = cases.save(
        case.id, CaseDraft("Новый заголовок", "ответ", ("слабый", "новый")), version=case.version
    )
    assert [variant.question_id for variant in saved.variants] == [before["слабый"], None]


@given(st.text(max_size=400))
def test_slugs_are_stable_short_and_valid(title: str) -> None:
    slug = slugify(title)
    assert slug == slugify(title)
    assert is_slug(slug)
    assert len(slug) <= MAX_SLUG


@hypothesis_settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=st.lists(st.sampled_from(list(CaseState)), max_size=6))
def test_every_walk_through_the_states_is_in_the_history(cases: CaseService, steps: list[CaseState]) -> None:
    case = cases.create(UNDO)
    walked = [CaseState.DRAFT]
    for step in steps:
        if step in TRANSITIONS[walked[-1]]:
            cases.move(case.id, step)
            walked.append(step)
    assert [revision.snapshot["state"] for revision in cases.get(case.id).revisions] == walked

"""The case that comes first for each question: who is asked, when again, and what runs read."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select, update

from clustering.case_joining import join_by_case
from clustering.joined_rows import leave
from clustering.run import ClusterRunner
from kbsearch.app import Kbsearch
from kbsearch.errors import EncoderUnavailable
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Case, Cluster, FirstMatch, Membership, Run
from kbsearch.ports import Floats, Role, silent
from kbsearch.services.active_matcher import ActiveMatcher
from kbsearch.services.cases import CaseDraft
from kbsearch.services.first_matches import FirstMatches, firsts_of
from tests.web.ui.school import plant_cluster

GIT = ("как отменить последний коммит", "отменить последний коммит в git", "последний коммит отменить как")
BOOKS = ("посоветуйте книгу про астрономию", "какая хорошая книга про астрономию есть")


def receive(app: Kbsearch, *texts: str) -> list[int]:
    ids = [one.question_id for one in app.questions.receive_many([IncomingQuestion(text) for text in texts])]
    app.pipeline.drain_all()
    return ids


def write(app: Kbsearch, title: str = GIT[0], variants: tuple[str, ...] = GIT[1:], **more: object) -> int:
    draft = CaseDraft(title, "git reset --soft HEAD~1", variants=variants, **more)  # type: ignore[arg-type]
    case = app.cases.create(draft, state="published")
    app.pipeline.drain_all()
    return case.id


def kept(app: Kbsearch) -> dict[int, int | None]:
    with app.database.reading() as session:
        return {row.question_id: row.case_id for row in session.scalars(select(FirstMatch))}


def test_each_question_is_asked_once(app: Kbsearch) -> None:
    ids, case = receive(app, *GIT, *BOOKS), write(app)
    assert app.first_matches.refresh() == 5
    found = kept(app)
    assert set(found) == set(ids)
    assert {found[one] for one in ids[:3]} == {case}
    assert app.first_matches.refresh() == 0


def test_where_there_is_no_case_nothing_is_asked(app: Kbsearch) -> None:
    receive(app, *GIT)
    assert app.first_matches.refresh() == 0
    write(app)
    assert app.first_matches.refresh() == 3


def test_small_talk_and_what_is_no_question_are_not_asked(app: Kbsearch) -> None:
    ids = receive(app, *GIT, "спасибо большое!")
    app.asides.judge(ids)
    app.questions.dismiss(ids[0])
    write(app)
    app.first_matches.refresh()
    assert set(kept(app)) == set(ids[1:3])


def test_the_newest_are_asked_first_and_no_more_than_told(app: Kbsearch) -> None:
    ids = receive(app, *GIT, *BOOKS)
    write(app)
    assert app.first_matches.refresh(most=2) == 2
    assert set(kept(app)) == set(ids[-2:])
    assert app.first_matches.refresh() == 3


def test_a_new_case_is_asked_about_by_what_is_near_it(app: Kbsearch) -> None:
    ids, _ = receive(app, *GIT, *BOOKS), write(app)
    app.first_matches.refresh()
    book = write(app, BOOKS[0], BOOKS[1:])
    assert app.first_matches.refresh() > 0
    assert {kept(app)[one] for one in ids[3:]} == {book}


def test_a_case_that_is_written_while_others_are_asked_is_not_missed(app: Kbsearch) -> None:
    receive(app, *(f"{text} {tail}" for text in GIT for tail in ("завтра", "срочно", "ребята", "дома")))
    books, _ = receive(app, *BOOKS), write(app)
    written: list[int] = []

    def meanwhile(done: int, total: int, stage: str) -> None:
        if not written:
            assert done < total
            written.append(write(app, BOOKS[0], BOOKS[1:]))

    app.first_matches.refresh(meanwhile)
    assert app.first_matches.refresh() > 0
    assert {kept(app)[one] for one in books} == set(written)


def test_without_an_encoder_what_is_kept_stays_and_runs_go_on(app: Kbsearch) -> None:
    ids, _ = receive(app, *GIT, *BOOKS), write(app)
    app.first_matches.refresh()
    before = kept(app)
    write(app, BOOKS[0], BOOKS[1:])
    silent_matcher = ActiveMatcher(app.database, app.case_index, _Absent())
    matches = FirstMatches(app.database, app.question_index, silent_matcher)
    assert matches.refresh() == 0
    assert kept(app) == before
    ClusterRunner(app.database, app.question_index, matches).run(silent)
    assert home(app, ids[0]) is not None


class _Absent:
    """An encoder whose model cannot be loaded."""

    model_id, dimension = "hashing/256", 256

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        raise EncoderUnavailable("Absent on purpose.")


def test_a_case_that_is_withdrawn_is_forgotten(app: Kbsearch) -> None:
    receive(app, *GIT)
    case, other = write(app), write(app, BOOKS[0], BOOKS[1:])
    app.first_matches.refresh()
    app.cases.move(case, "archived")
    app.pipeline.drain_all()
    assert app.first_matches.refresh() == 3
    assert case not in kept(app).values()
    assert other is not None


def test_another_version_of_the_model_asks_all_again(app: Kbsearch) -> None:
    receive(app, *GIT)
    write(app)
    app.first_matches.refresh()
    with app.database.writing() as session:
        session.execute(update(FirstMatch).values(model_version="older"))
    assert Kbsearch(app.settings).first_matches.refresh() == 3


def test_while_cases_are_few_all_is_asked_again_when_there_are_clearly_more(app: Kbsearch) -> None:
    receive(app, *GIT, *(f"{BOOKS[0]} {number}" for number in range(17)))
    write(app)
    assert app.first_matches.refresh() == 20
    write(app, "как войти в личный кабинет", ("где войти в кабинет",))
    assert app.first_matches.refresh() == 20
    assert "few cases" in app.first_matches.basis()
    for number in range(8):
        write(app, f"чем тема {number} отличается от других", ())
    app.first_matches.refresh()
    assert app.first_matches.basis() == app.active_matcher.get().model.version


def test_nothing_is_asked_before_the_index_holds_the_cases(app: Kbsearch) -> None:
    receive(app, *GIT)
    app.cases.create(CaseDraft(GIT[0], "git reset"), state="published")
    assert app.first_matches.refresh() == 0
    app.pipeline.drain_all()
    assert app.first_matches.refresh() == 3


def test_a_case_that_was_written_for_a_living_cluster_groups_nothing(app: Kbsearch) -> None:
    ids = receive(app, *GIT)
    cluster = plant_cluster(app, ids)
    case = write(app)
    app.first_matches.refresh()
    with app.database.reading() as session:
        assert set(firsts_of(session, 0.0)) == set(ids)
    with app.database.writing() as session:
        session.get_one(Case, case).cluster_id = cluster
    with app.database.reading() as session:
        assert firsts_of(session, 0.0) == {}


def planted(app: Kbsearch) -> tuple[int, int]:
    """A run that knew cases, with one cluster of what the case answers: cluster and case."""
    cluster = plant_cluster(app, receive(app, *GIT))
    with app.database.writing() as session:
        session.execute(update(Run).values(parameters={"by_case": True}))
    case = write(app)
    app.first_matches.refresh()
    return cluster, case


def home(app: Kbsearch, question: int) -> int | None:
    with app.database.reading() as session:
        return session.scalar(select(Membership.cluster_id).where(Membership.question_id == question))


def take_out(app: Kbsearch, question: int) -> None:
    with app.database.writing() as session:
        run = session.scalar(select(Membership.run_id).where(Membership.question_id == question))
        assert run is not None
        leave(session, run, [question])


def test_a_new_question_joins_the_cluster_of_its_case(app: Kbsearch) -> None:
    cluster, _ = planted(app)
    new, other = receive(app, "отменить последний коммит, как?", BOOKS[0])
    asked = app.first_matches.refresh_due()
    assert {new, other} <= set(asked)
    take_out(app, new)  # its neighbours had it already
    assert join_by_case(app.database, asked) == 1
    assert (home(app, new), home(app, other)) == (cluster, None)
    with app.database.reading() as session:
        assert session.get_one(Cluster, cluster).size == 4
    assert join_by_case(app.database, asked) == 0


def test_a_run_that_knew_no_cases_is_joined_by_none(app: Kbsearch) -> None:
    planted(app)
    with app.database.writing() as session:
        session.execute(update(Run).values(parameters={}))
    receive(app, "отменить последний коммит, как?")
    assert join_by_case(app.database, app.first_matches.refresh_due()) == 0


def test_what_a_person_barred_from_a_cluster_does_not_join_it(app: Kbsearch) -> None:
    cluster, _ = planted(app)
    [new] = receive(app, "отменить последний коммит, как?")
    asked = app.first_matches.refresh_due()
    assert home(app, new) == cluster
    app.cluster_edits.split(cluster, [new])
    take_out(app, new)
    assert join_by_case(app.database, asked) == 0


def test_a_run_puts_together_what_a_case_answers_and_calls_it_by_its_title(app: Kbsearch) -> None:
    ids = receive(app, *GIT, *BOOKS, "книга по астрономии какая лучше")
    write(app)
    app.cluster_runner.run(silent)
    clusters = {home(app, one) for one in ids[:3]}
    assert len(clusters) == 1
    [cluster] = clusters
    with app.database.reading() as session:
        assert session.get_one(Cluster, cluster).label == GIT[0]
        run = session.scalar(select(Run).order_by(Run.id.desc()))
    assert run is not None
    assert run.quality["by_case"] == round(3 / run.quality["questions"], 4)
    assert run.parameters["by_case"] is True


def test_a_run_may_be_told_to_know_no_cases(app: Kbsearch) -> None:
    receive(app, *GIT, *BOOKS)
    write(app)
    app.cluster_runner.run(silent, by_case=False)
    assert kept(app) == {}


def test_a_school_may_leave_cases_out_of_its_clusters(app: Kbsearch) -> None:
    receive(app, *GIT)
    write(app)
    settings = app.settings.model_copy(update={"cluster_by_case": False})
    Kbsearch(settings).cluster_runner.run(silent)
    assert kept(app) == {}
    with app.database.reading() as session:
        assert session.scalars(select(Run.parameters)).one()["by_case"] is False

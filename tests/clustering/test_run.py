"""Whole runs on a real database and a real index."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import func, select

from clustering.before import read_before
from clustering.record import RUNS_KEPT
from clustering.run import ClusterRunner
from indexer.embedders import open_embedder
from indexer.kept_vectors import KeptVectors
from kbsearch.database import Database
from kbsearch.errors import InvalidInput
from kbsearch.models import Cluster, Lineage, Membership, Question, QuestionState, Relation, Run, Theme
from kbsearch.ports import SearchBackend, silent

Ask = Callable[..., list[int]]
School = dict[str, list[int]]


IN_BOTH_LANGUAGES = (
    "как отменить коммит|хочу отменить последний коммит|можно ли отменить коммит"
    "|how do I undo a commit|I want to undo the last commit|can a commit be undone",
    "где взять сертификат|когда дадут сертификат|не пришёл сертификат"
    "|where is my certificate|when do I get the certificate|the certificate has not come",
    "как оплатить курс|не проходит оплата картой|можно ли оплатить частями"
    "|how do I pay for the course|my card payment fails|can I pay in parts",
    "видео не загружается|почему тормозит видео|нет звука в видео"
    "|the video does not load|why does the video lag|there is no sound in the video",
)
"""Four topics of six questions, the last three of which share no word with the first three."""


@pytest.fixture
def runner(database: Database, index: SearchBackend) -> ClusterRunner:
    return ClusterRunner(database, index)


def members(database: Database, run_id: int) -> dict[int, int]:
    with database.reading() as session:
        rows = session.execute(
            select(Membership.question_id, Membership.cluster_id).where(Membership.run_id == run_id)
        )
        return {row.question_id: row.cluster_id for row in rows}


def read_run(database: Database, run_id: int) -> Run:
    with database.reading() as session:
        run = session.get(Run, run_id)
        assert run is not None
        return run


def test_a_run_finds_what_is_asked_again_and_again(
    database: Database, runner: ClusterRunner, school: School
) -> None:
    stages: list[str] = []
    run_id = runner.run(lambda done, total, stage: stages.append(stage))
    found = members(database, run_id)
    for ids in school.values():
        clusters = [found.get(each, -1) for each in ids]
        assert max(clusters.count(each) for each in set(clusters)) >= 9
    run = read_run(database, run_id)
    assert run.finished_at is not None
    assert run.quality["questions"] == 48
    assert run.quality["waiting"] == 0
    assert run.quality["clusters"] == len(set(found.values()))
    assert stages[-1] == "Done"


def test_a_second_encoder_counts_as_much_as_the_first(
    database: Database, index: SearchBackend, ask: Ask, tmp_path: Path
) -> None:
    ids = ask([text for topic in IN_BOTH_LANGUAGES for text in topic.split("|")])
    kept = KeptVectors(tmp_path / "second", open_embedder("bundled"))
    both = ClusterRunner(database, index, second=kept).run(silent)
    assert read_run(database, both).parameters["second_encoder"] == kept.model_id
    assert kept.size() == len(ids)

    def bridged(run_id: int) -> int:
        found = members(database, run_id)
        halves = [{found.get(each) for each in ids[at : at + 3]} for at in range(0, len(ids), 3)]
        return sum(bool(one & other - {None}) for one, other in zip(halves[::2], halves[1::2], strict=True))

    # A run over a course starts from nothing the first time.
    alone = ClusterRunner(database, index).run(silent, course="python")
    assert bridged(both) > 2 > bridged(alone)


def test_a_run_does_without_a_second_encoder_that_fails(
    database: Database, index: SearchBackend, school: School, tmp_path: Path
) -> None:
    alone = members(database, ClusterRunner(database, index).run(silent))
    kept = KeptVectors(tmp_path / "second", open_embedder("onnx:/no/such/model"))
    run_id = ClusterRunner(database, index, second=kept).run(silent)
    assert read_run(database, run_id).parameters["second_encoder"] == ""
    assert members(database, run_id).keys() == alone.keys()
    assert school


def test_clusters_are_described(database: Database, runner: ClusterRunner, school: School) -> None:
    run_id = runner.run(silent)
    with database.reading() as session:
        clusters = session.scalars(select(Cluster)).all()
        ranks = session.execute(
            select(Membership.cluster_id, func.count())
            .where(Membership.exemplar_rank.is_not(None))
            .group_by(Membership.cluster_id)
        ).all()
    assert all(each.label and each.keywords and each.last_run_id == run_id for each in clusters)
    assert len({each.label for each in clusters}) == len(clusters)
    assert {count for _, count in ranks} == {3}


def test_the_same_questions_and_seed_give_the_same_clusters_and_ids(
    database: Database, runner: ClusterRunner, school: School
) -> None:
    first, second = runner.run(silent, seed=5), runner.run(silent, seed=5)
    assert members(database, first) == members(database, second)
    with database.reading() as session:
        relations = set(session.scalars(select(Lineage.relation).where(Lineage.run_id == second)))
    assert relations == {Relation.CONTINUES}


def test_a_new_topic_is_born_and_the_old_ones_live_on(
    database: Database, runner: ClusterRunner, school: School, ask: Ask
) -> None:
    before = set(members(database, runner.run(silent)).values())
    ask([f"zoom webinar recording link broken {number} times" for number in range(12)])
    after = set(members(database, runner.run(silent)).values())
    assert before <= after
    assert len(after - before) >= 1


def test_a_pinned_name_is_left_alone(database: Database, runner: ClusterRunner, school: School) -> None:
    runner.run(silent)
    with database.writing() as session:
        cluster = session.scalars(select(Cluster)).first()
        assert cluster is not None
        cluster.label, cluster.label_pinned = "Мой выбор", True
    runner.run(silent, seed=1)
    with database.reading() as session:
        kept = session.get(Cluster, cluster.id)
    assert kept is not None
    assert kept.label == "Мой выбор"


def test_dismissed_questions_are_left_out(database: Database, runner: ClusterRunner, school: School) -> None:
    with database.writing() as session:
        for question in school["join"]:
            session.get_one(Question, question).state = QuestionState.DISMISSED
    found = members(database, runner.run(silent))
    assert not set(school["join"]) & found.keys()


def test_questions_that_are_not_indexed_wait(
    database: Database, runner: ClusterRunner, index: SearchBackend, school: School
) -> None:
    index.delete(school["join"][:5])
    run = read_run(database, runner.run(silent))
    assert (run.quality["questions"], run.quality["waiting"]) == (43, 5)


def test_a_course_has_a_lineage_of_its_own(
    database: Database, runner: ClusterRunner, school: School, ask: Ask
) -> None:
    other = ask([f"how to centre a div with flex {number}" for number in range(10)], course="frontend")
    whole = members(database, runner.run(silent))
    only = members(database, runner.run(silent, course="frontend"))
    assert only.keys() <= set(other)
    assert not set(only.values()) & set(whole.values())
    assert members(database, runner.run(silent)) == whole


@pytest.mark.parametrize("texts", [[], ["как сдать проект"], ["как сдать проект", "где логи"]])
def test_a_handful_of_questions_is_a_run_without_clusters(
    database: Database, runner: ClusterRunner, ask: Ask, texts: list[str]
) -> None:
    if texts:
        ask(texts)
    run = read_run(database, runner.run(silent))
    assert run.finished_at is not None
    assert (run.quality["questions"], run.quality["clusters"]) == (len(texts), 0)


def test_identical_questions_are_one_cluster(database: Database, runner: ClusterRunner, ask: Ask) -> None:
    ids = ask(["Здравствуйте! Где ссылка на вебинар?", "где ссылка на вебинар"] * 6)
    found = members(database, runner.run(silent))
    assert len({found[each] for each in ids}) == 1


def test_old_memberships_are_deleted(database: Database, runner: ClusterRunner, school: School) -> None:
    runs = [runner.run(silent, resolution=2.0) for _ in range(RUNS_KEPT + 2)]
    with database.reading() as session:
        kept = set(session.scalars(select(Membership.run_id).distinct()))
    assert kept == set(runs[-RUNS_KEPT:])


def test_other_algorithms_run_too(database: Database, runner: ClusterRunner, school: School) -> None:
    run = read_run(database, runner.run(silent, algorithm="hdbscan"))
    assert run.algorithm == "hdbscan"
    with pytest.raises(InvalidInput):
        runner.run(silent, algorithm="nothing")
    with pytest.raises(InvalidInput):
        runner.run(silent, algorithm="hdbscan", resolution=3.0)


def test_clusters_have_themes_that_live_on(database: Database, runner: ClusterRunner, school: School) -> None:
    def placed() -> dict[int, int | None]:
        with database.reading() as session:
            return {each.id: each.theme_id for each in session.scalars(select(Cluster))}

    run = read_run(database, runner.run(silent))
    before = placed()
    assert None not in before.values()
    assert run.quality["themes"] == len(set(before.values()))
    again = runner.run(silent)
    assert placed() == before
    with database.reading() as session:
        themes = session.scalars(select(Theme)).all()
    assert all(each.label and each.keywords and each.last_run_id == again for each in themes)
    assert sum(each.size for each in themes) == len(members(database, again))


def test_a_pinned_theme_keeps_its_name(database: Database, runner: ClusterRunner, school: School) -> None:
    runner.run(silent)
    with database.writing() as session:
        for each in session.scalars(select(Theme)):
            each.label, each.label_pinned = "Моя тема", True
    runner.run(silent, resolution=4.0)
    with database.reading() as session:
        assert "Моя тема" in set(session.scalars(select(Theme.label)))


def test_a_run_knows_how_fine_each_part_of_the_last_one_was(
    database: Database, runner: ClusterRunner, school: dict[str, list[int]]
) -> None:
    assert read_before(database, "").resolutions == ()
    run_id = runner.run(silent)
    with database.writing() as session:
        run = session.get(Run, run_id)
        assert run is not None
        assert read_before(database, "").resolutions == tuple(run.quality["resolutions"])
        run.quality = {"resolution": 3.5}  # as earlier versions left it
    assert read_before(database, "").resolutions == (3.5,)

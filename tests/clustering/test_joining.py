"""New questions join their cluster between runs, or open a candidate; real database, real index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import delete, func, select

from clustering.joining import ClusterJoiner
from clustering.run import ClusterRunner
from clustering.strangers import Strangers
from indexer.embedders import open_embedder
from indexer.kept_vectors import KeptVectors
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.models import (
    Aside,
    Cluster,
    Collection,
    Lineage,
    Membership,
    Outbox,
    Question,
    QuestionState,
    Relation,
)
from kbsearch.ports import Floats, Role, SearchBackend, SecondVectors, silent
from kbsearch.services.asides import AsideService
from kbsearch.services.clusters import ClusterService

Ask = Callable[..., list[int]]
School = dict[str, list[int]]
STRANGERS = [f"как приготовить борщ на ужин {tail}" for tail in ("сегодня", "завтра", "быстро", "вкусно")]


@pytest.fixture
def runner(database: Database, index: SearchBackend) -> ClusterRunner:
    return ClusterRunner(database, index)


def a_joiner(database: Database, index: SearchBackend) -> ClusterJoiner:
    """A joiner that remembers nothing, as after a restart."""
    return ClusterJoiner(database, index, AsideService(database, index))


@pytest.fixture
def joiner(database: Database, index: SearchBackend) -> ClusterJoiner:
    return a_joiner(database, index)


def rows(database: Database) -> dict[int, tuple[int, bool]]:
    """Question → its cluster in the newest run, and whether it joined between runs."""
    with database.reading() as session:
        newest = session.scalar(select(func.max(Membership.run_id)))
        found = session.scalars(select(Membership).where(Membership.run_id == newest))
        return {row.question_id: (row.cluster_id, row.joined) for row in found}


def sizes_agree(database: Database) -> bool:
    """Whether each cluster of the newest run has the size that its memberships say."""
    counts: dict[int, int] = {}
    for cluster, _ in rows(database).values():
        counts[cluster] = counts.get(cluster, 0) + 1
    with database.reading() as session:
        sizes = {each.id: each.size for each in session.scalars(select(Cluster)) if each.id in counts}
    return sizes == counts


def test_before_the_first_run_there_is_no_place(joiner: ClusterJoiner, school: School) -> None:
    assert joiner.join(school["commit"]) == 0


def test_a_new_question_joins_its_cluster_and_is_marked(
    database: Database, runner: ClusterRunner, joiner: ClusterJoiner, school: School, ask: Ask
) -> None:
    runner.run(silent)
    before = rows(database)
    new = ask(["как отменить последний коммит в git если всё плохо"])
    assert joiner.join(new) == 1
    home, joined = rows(database)[new[0]]
    assert joined
    assert home == max((before[each][0] for each in school["commit"] if each in before), key=_count(before))
    assert sizes_agree(database)
    assert ClusterService(database).get(home).row.size == sum(
        one == home for one, _ in rows(database).values()
    )


def _count(found: dict[int, tuple[int, bool]]) -> Callable[[int], int]:
    clusters = [cluster for cluster, _ in found.values()]
    return clusters.count


def test_a_stranger_stays_out(
    database: Database, runner: ClusterRunner, joiner: ClusterJoiner, school: School, ask: Ask
) -> None:
    runner.run(silent)
    new = ask([STRANGERS[0]])
    assert joiner.join(new) == 0
    assert new[0] not in rows(database)


def test_joining_again_changes_nothing_in_any_process(
    database: Database,
    index: SearchBackend,
    runner: ClusterRunner,
    school: School,
    ask: Ask,
) -> None:
    joiner = a_joiner(database, index)
    runner.run(silent)
    new = ask(["когда вернут деньги за курс если я передумал", *STRANGERS])
    joiner.join(new)
    before = rows(database)
    assert joiner.join(new) == 0
    assert a_joiner(database, index).join(new) == 0
    assert rows(database) == before
    assert sizes_agree(database)


def test_strangers_that_agree_open_a_candidate_which_a_run_confirms(
    database: Database, runner: ClusterRunner, joiner: ClusterJoiner, school: School, ask: Ask
) -> None:
    runner.run(silent)
    new = ask(STRANGERS[:3])
    assert joiner.join(new) == 0
    new += ask(STRANGERS[3:])
    assert joiner.join(new[3:]) == 4
    (candidate,) = {rows(database)[each][0] for each in new}
    shown = {row.cluster.id: row for row in ClusterService(database).list().items}
    assert shown[candidate].cluster.candidate
    assert "борщ" in shown[candidate].cluster.label
    assert shown[candidate].exemplars
    runner.run(silent)
    assert {rows(database)[each] for each in new} == {(candidate, False)}
    with database.reading() as session:
        confirmed = session.get(Cluster, candidate)
        assert confirmed is not None
        assert not confirmed.candidate


def test_a_run_dissolves_a_candidate_that_is_none(
    database: Database, runner: ClusterRunner, joiner: ClusterJoiner, school: School, ask: Ask
) -> None:
    runner.run(silent)
    new = ask(STRANGERS)
    joiner.join(new)
    candidate = rows(database)[new[0]][0]
    with database.writing() as session:
        for question in session.scalars(select(Question).where(Question.id.in_(new))):
            question.state = QuestionState.DISMISSED
    ask(["как отменить последний коммит в git если всё плохо"])
    runner.run(silent)
    with database.reading() as session:
        gone = select(Lineage.relation).where(Lineage.previous_cluster_id == candidate)
        assert session.scalars(gone.order_by(Lineage.id.desc())).first() == Relation.GONE
    assert candidate not in {row.cluster.id for row in ClusterService(database).list().items}


def test_what_came_during_a_run_is_caught_up_with(
    database: Database, index: SearchBackend, runner: ClusterRunner, school: School, ask: Ask
) -> None:
    runner.run(silent)
    new = ask(["как отменить последний коммит в git если всё плохо"])
    assert new[0] not in rows(database)
    assert a_joiner(database, index).join() == 1
    assert rows(database)[new[0]][1]


def test_those_of_a_large_import_that_wait_join_in_their_turn(
    database: Database, index: SearchBackend, runner: ClusterRunner, school: School, ask: Ask
) -> None:
    runner.run(silent)
    new = ask(
        [f"как отменить последний коммит в git если {tail}" for tail in ("всё плохо", "он чужой", "спешу")]
    )
    thanks = ask(["спасибо!"])
    with database.writing() as session:
        for one in (*new[1:], *thanks):
            session.add(Outbox(collection=Collection.QUESTIONS, entity_id=one, indexed=True))
    joiner = a_joiner(database, index)
    assert joiner.join(new[:1]) == 1
    assert rows(database).keys() & {*new, *thanks} == {new[0]}, "the others are not looked at yet"
    joiner.join([*new[1:], *thanks])
    assert rows(database).keys() & {*new, *thanks} == set(new)
    assert sizes_agree(database)


def test_small_talk_joins_only_when_a_person_calls_it_a_question(
    database: Database,
    index: SearchBackend,
    runner: ClusterRunner,
    school: School,
    ask: Ask,
) -> None:
    joiner = a_joiner(database, index)
    runner.run(silent)
    new = ask(["спасибо!"])
    asides = AsideService(database, index)
    joiner.join(new)
    assert [question.id for _, question in asides.list().items] == new
    with database.writing() as session:
        cluster_id = session.scalars(select(Cluster.id)).first()
        run_id = session.scalar(select(func.max(Membership.run_id)))
        session.add(Membership(run_id=run_id, question_id=new[0], cluster_id=cluster_id, joined=True))
        cluster = session.get(Cluster, cluster_id)
        assert cluster is not None
        cluster.size += 1
    asides.keep(new[0])
    joiner.join(new)
    assert new[0] in rows(database)
    asides.set_aside(new[0])
    joiner.join(new)
    assert new[0] not in rows(database)
    assert sizes_agree(database)


def test_enough_questions_by_enough_authors_must_agree() -> None:
    row = np.array([1.0, 0.0], np.float32)
    strangers = Strangers(2)
    for number, author in enumerate(["a", "a", "b", "b"]):
        strangers.add(number, author, row)
    assert strangers.agreeing(row, 0.9) == []
    strangers.add(4, "c", row)
    assert strangers.ids(strangers.agreeing(row, 0.9)) == [0, 1, 2, 3, 4]
    strangers.remove([0, 1])
    assert strangers.agreeing(row, 0.9) == []
    strangers.add(5, "", row)
    assert strangers.ids(strangers.agreeing(row, 0.9)) == [2, 3, 4, 5]


def test_those_around_one_question_but_far_from_each_other_do_not_agree() -> None:
    strangers = Strangers(8)
    middle = np.full(8, 8**-0.5, np.float32)
    for number, row in enumerate(np.eye(8, dtype=np.float32)):
        strangers.add(number, str(number), row)
    assert strangers.agreeing(middle, 0.3) == []


def test_the_latest_strangers_are_remembered() -> None:
    strangers = Strangers(2)
    for number in range(5_100):
        strangers.add(number, str(number), np.array([0.0, 1.0], np.float32))
    row = np.array([0.0, 1.0], np.float32)
    assert max(strangers.ids(strangers.agreeing(row, 0.9)[:20_000])) == 5_099


@pytest.fixture(scope="module")
def seconds(tmp_path_factory: pytest.TempPathFactory) -> SecondVectors:
    """What the bundled encoder reads of questions, whose index knows their spelling alone."""
    return KeptVectors(tmp_path_factory.mktemp("second"), open_embedder("bundled"))


def by_both(database: Database, index: SearchBackend, second: SecondVectors) -> ClusterJoiner:
    return ClusterJoiner(database, index, AsideService(database, index), second)


def test_a_question_joins_by_what_both_encoders_see(
    database: Database, index: SearchBackend, school: School, ask: Ask, seconds: SecondVectors
) -> None:
    ClusterRunner(database, index, second=seconds).run(silent)
    new = ask(["не запускается jupyter notebook хотя вчера всё работало"])
    assert a_joiner(database, index).join(new) == 0  # a joiner that knows one encoder
    assert by_both(database, index, seconds).join(new) == 1
    assert rows(database)[new[0]][0] == rows(database)[school["jupyter"][0]][0]


def test_the_second_encoder_has_no_say_where_the_run_had_none(
    database: Database, index: SearchBackend, runner: ClusterRunner, school: School, ask: Ask
) -> None:
    runner.run(silent)
    new = ask(["как отменить последний коммит в git если всё плохо"])
    nobody = KeptVectors(Path("/dev/null/nowhere"), open_embedder("bundled"))
    assert by_both(database, index, nobody).join(new) == 1


def test_questions_join_while_the_second_encoder_fails(
    database: Database, index: SearchBackend, school: School, ask: Ask, tmp_path: Path
) -> None:
    encoder = Failing()
    second = KeptVectors(tmp_path / "second", encoder)
    ClusterRunner(database, index, second=second).run(silent)
    joiner = by_both(database, index, second)
    first = ask(["как отменить последний коммит в git если всё плохо"])
    assert joiner.join(first) == 1
    encoder.fails = True
    assert joiner.join(ask(["как отменить последний коммит в git если ничего не вышло"])) == 1
    assert by_both(database, index, KeptVectors(tmp_path / "other", encoder)).join(ask([STRANGERS[0]])) == 0
    assert sizes_agree(database)


def test_a_question_that_has_the_id_of_a_removed_one_is_read(
    database: Database, index: SearchBackend, school: School, ask: Ask, tmp_path: Path
) -> None:
    second = KeptVectors(tmp_path / "second", open_embedder("hashing"))
    ClusterRunner(database, index, second=second).run(silent)
    joiner = by_both(database, index, second)
    gone = ask([STRANGERS[0]])
    assert joiner.join(gone) == 0
    with database.writing() as session:
        session.execute(delete(Aside).where(Aside.question_id.in_(gone)))
        session.execute(delete(Question).where(Question.id.in_(gone)))
    index.delete(gone)
    new = ask(["как отменить последний коммит в git если всё плохо"])
    assert joiner.join(new) == 1
    assert second.unread(["как отменить последний коммит в git если всё плохо"]) == []


class Failing:
    """An encoder that can be made to fail."""

    def __init__(self) -> None:
        self._inner = open_embedder("hashing")
        self.model_id, self.dimension = self._inner.model_id, self._inner.dimension
        self.fails = False

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """As the hashing encoder does, or fail."""
        if self.fails:
            raise EncoderUnavailable("It fails.")
        return self._inner.encode(texts, role)

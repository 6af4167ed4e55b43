"""Whatever people do and runs find, in whatever order: all standing edits hold, and ids never change hands.

What must hold is found anew here, from the edits alone, and not by the code that sees to it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection
from datetime import UTC, datetime

import hypothesis.strategies as st
import numpy as np
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from clustering.constraints import constrained
from clustering.labels import Description
from clustering.record import Finding, record
from kbsearch.database import Database
from kbsearch.models import (
    Base,
    Cluster,
    ClusterEdit,
    EditKind,
    LineDecision,
    Membership,
    ProposedPlace,
    Question,
    QuestionState,
    Run,
)
from kbsearch.services.cluster_edits import ClusterEditService
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import exemplars_of, places_of, standing_edits
from kbsearch.services.proposals import ProposalService

SEQUENCES = int(os.environ.get("KBSEARCH_TEST_SEQUENCES", "12"))
FIRST = 14
MOST = 40
PLACING = {EditKind.MERGE, EditKind.SPLIT, EditKind.MOVE, EditKind.PIN}
ASKED_AT = datetime(2026, 3, 2, tzinfo=UTC)
draws = st.integers(0, 10_000)


class _Editing(RuleBasedStateMachine):
    """People edit and undo, questions come and go, runs of any clusterer propose and are accepted in part."""

    database: Database

    @initialize(labels=st.lists(st.integers(-1, 4), min_size=FIRST, max_size=FIRST))
    def begin(self, labels: list[int]) -> None:
        self.edits = ClusterEditService(self.database)
        self.proposals = ProposalService(self.database)
        self.names = 0
        self.seen: set[int] = set()
        with self.database.writing() as session:
            for table in reversed(Base.metadata.sorted_tables):
                session.execute(delete(table))
        self.asked = 0
        self._ask(FIRST)
        self._run(dict(enumerate(labels, 1)), accept=True)

    # -- what is there

    def places(self) -> dict[int, int]:
        with self.database.reading() as session:
            run = current_run(session)
            return places_of(session, run.id) if run else {}

    def questions(self) -> list[int]:
        with self.database.reading() as session:
            open_ones = select(Question.id).where(Question.state != QuestionState.DISMISSED)
            return sorted(session.scalars(open_ones))

    def standing(self) -> list[ClusterEdit]:
        with self.database.reading() as session:
            stands = select(ClusterEdit).where(ClusterEdit.undone_at.is_(None))
            return list(session.scalars(stands.order_by(ClusterEdit.id)))

    def clusters(self) -> list[int]:
        return sorted(set(self.places().values()))

    def inside(self, cluster_id: int) -> list[int]:
        return sorted(one for one, cluster in self.places().items() if cluster == cluster_id)

    # -- what happens

    def _ask(self, count: int) -> None:
        with self.database.writing() as session:
            for number in range(self.asked + 1, self.asked + count + 1):
                text = f"question {number}"
                session.add(
                    Question(
                        id=number, source="t", external_id=text, text=text, text_key=text, asked_at=ASKED_AT
                    )
                )
        self.asked += count

    @precondition(lambda self: self.asked < MOST)
    @rule(count=st.integers(1, 4))
    def ask(self, count: int) -> None:
        self._ask(count)

    @rule(draw=draws)
    def a_new_question_joins_a_cluster_between_runs(self, draw: int) -> None:
        places, clusters = self.places(), self.clusters()
        named = {one for edit in self.standing() for one in (*edit.questions, *edit.rest)}
        loose = [one for one in self.questions() if one not in places and one not in named]
        if not loose or not clusters:
            return
        with self.database.writing() as session:
            run = current_run(session)
            assert run is not None
            row = {
                "run_id": run.id,
                "question_id": loose[draw % len(loose)],
                "cluster_id": clusters[draw % len(clusters)],
                "strength": 0.5,
            }
            session.execute(insert(Membership), [row])

    @rule(draw=draws)
    def delete_a_question(self, draw: int) -> None:
        if ids := self.questions():
            with self.database.writing() as session:
                session.execute(delete(Question).where(Question.id == ids[draw % len(ids)]))

    @rule(draw=draws)
    def dismiss_elsewhere(self, draw: int) -> None:
        if ids := self.questions():
            one = ids[draw % len(ids)]
            with self.database.writing() as session:
                session.execute(delete(Membership).where(Membership.question_id == one))
                session.execute(
                    update(Question).where(Question.id == one).values(state=QuestionState.DISMISSED)
                )

    @rule(draw=draws)
    def rename(self, draw: int) -> None:
        if clusters := self.clusters():
            self.names += 1
            self.edits.rename(clusters[draw % len(clusters)], f"name {self.names}")

    @rule(draw=draws)
    def keep(self, draw: int) -> None:
        if clusters := self.clusters():
            self.edits.keep(clusters[draw % len(clusters)])

    @rule(draw=draws)
    def merge(self, draw: int) -> None:
        clusters = self.clusters()
        if len(clusters) > 1:
            one = clusters[draw % len(clusters)]
            others = [each for each in clusters if each != one]
            self.edits.merge(one, others[draw // 7 % len(others)])

    @rule(draw=draws, share=st.floats(0, 1))
    def split(self, draw: int, share: float) -> None:
        large = [each for each in self.clusters() if len(self.inside(each)) > 1]
        if not large:
            return
        cluster_id = large[draw % len(large)]
        inside = self.inside(cluster_id)
        inside = inside[draw % len(inside) :] + inside[: draw % len(inside)]
        count = max(1, min(len(inside) - 1, round(share * len(inside))))
        made = self.edits.split(cluster_id, inside[:count]).cluster_id
        assert made not in self.seen
        self.seen |= {made or 0}

    @rule(draw=draws, count=st.integers(1, 3))
    def move(self, draw: int, count: int) -> None:
        ids, clusters = self.questions(), self.clusters()
        if ids and clusters:
            self.edits.move(ids[draw % len(ids) :][:count], clusters[draw // 3 % len(clusters)])

    @rule(draw=draws)
    def pin(self, draw: int) -> None:
        places = self.places()
        if ids := [one for one in self.questions() if one in places]:
            one = ids[draw % len(ids)]
            self.edits.pin([one], places[one])

    @rule(draw=draws)
    def dismiss(self, draw: int) -> None:
        if ids := self.questions():
            self.edits.dismiss([ids[draw % len(ids)]])

    @rule(draw=draws)
    def undo(self, draw: int) -> None:
        if standing := self.standing():
            self.edits.undo(standing[draw % len(standing)].id)

    @rule(
        labels=st.lists(st.integers(-1, 6), min_size=MOST + 4, max_size=MOST + 4),
        accept=st.booleans(),
        waiting=st.sets(st.integers(1, MOST), max_size=3),
    )
    def run_any_clusterer(self, labels: list[int], accept: bool, waiting: set[int]) -> None:
        ids = [one for one in self.questions() if one not in waiting]
        self._run({one: labels[one % len(labels)] for one in ids}, accept=accept, waiting=waiting)

    @rule(draw=draws, drop=st.integers(0, 3))
    def run_a_clusterer_that_changes_little(self, draw: int, drop: int) -> None:
        places = self.places()
        found = {one: places.get(one, 0) for one in self.questions()}
        for one in list(found)[draw % 5 :: 5][:drop]:
            found[one] = -1
        self._run(found, accept=bool(draw % 2))

    def _run(self, found: dict[int, int], *, accept: bool, waiting: Collection[int] = ()) -> None:
        before, kept = self.places(), self.edited()
        with self.database.reading() as session:
            base, standing = current_run(session), standing_edits(session)
            exemplars = exemplars_of(session, base.id, standing.kept) if base else {}
        ids = np.array(sorted(found), dtype=np.int64)
        labels = np.array([found[one] for one in sorted(found)], dtype=np.int64)
        held = constrained(ids, labels, before, standing, exemplars)
        described = {
            label: Description(f"found {label}", ("word",), tuple(np.flatnonzero(held.labels == label)[:3]))
            for label in sorted(set(held.labels.tolist()) - {-1})
        }
        assert list(described) == list(range(len(described)))
        run = Run(algorithm="any", parameters={"newest_question": self.asked})
        finding = Finding(
            ids,
            held.labels,
            np.ones(len(ids), np.float32),
            described,
            fixed=held.fixed,
            newest=self.asked,
            waiting=frozenset(waiting),
        )
        record(self.database, run, finding, accept=accept)
        if not accept and before:
            newest = self.proposals.latest()
            assert newest is not None
            assert newest.total == 0 or self.places() == before
        self.check_ids(before, kept)

    @rule(draw=draws)
    def accept_some_lines(self, draw: int) -> None:
        proposal = self.proposals.latest()
        if proposal is None or not proposal.is_open:
            return
        lines = [each.line for each in proposal.lines if each.line.decision == LineDecision.OPEN]
        chosen = [line.id for number, line in enumerate(lines) if (draw >> number % 12) & 1]
        before, kept = self.places(), self.edited()
        with self.database.reading() as session:
            moves = self._moves_of(session, proposal.run.id, chosen)
        self.proposals.accept(proposal.run.id, chosen)
        after = self.places()
        moved = {one for one in before.keys() | after.keys() if before.get(one) != after.get(one)}
        assert moved <= moves
        self.check_ids(before, kept)

    @staticmethod
    def _moves_of(session: Session, run_id: int, lines: list[int]) -> set[int]:
        query = select(ProposedPlace.question_id).where(
            ProposedPlace.run_id == run_id, ProposedPlace.line_id.in_(lines)
        )
        return set(session.scalars(query))

    @rule()
    def accept_the_rest(self) -> None:
        proposal = self.proposals.latest()
        if proposal is not None and proposal.is_open:
            before, kept = self.places(), self.edited()
            self.proposals.accept(proposal.run.id)
            self.check_ids(before, kept)

    @rule(draw=draws)
    def reject_a_line(self, draw: int) -> None:
        proposal = self.proposals.latest()
        if proposal is None or not proposal.is_open:
            return
        before = self.places()
        lines = [each.line.id for each in proposal.lines if each.line.decision == LineDecision.OPEN]
        self.proposals.reject(proposal.run.id, [lines[draw % len(lines)]])
        assert self.places() == before

    # -- what must hold

    def edited(self) -> set[int]:
        """Clusters that live and that a standing edit is about."""
        about = {edit.cluster_id for edit in self.standing()}
        about |= {edit.other_id for edit in self.standing() if edit.kind == EditKind.SPLIT}
        return {each for each in self.clusters() if each in about}

    def check_ids(self, before: dict[int, int], kept: set[int]) -> None:
        after = self.places()
        new = set(after.values()) - set(before.values())
        assert not new & self.seen, "an id came back that no edit brought back"
        self.seen |= new
        assert kept <= set(after.values()), "a cluster that a person edited has ended"
        shared = Counter((before[one], after[one]) for one in before.keys() & after.keys())
        for cluster_id in set(before.values()) & set(after.values()):
            assert shared[cluster_id, cluster_id] > 0, "an id went to questions of another cluster"

    @invariant()
    def every_question_is_where_the_last_edit_that_names_it_says(self) -> None:
        if not hasattr(self, "edits"):
            return
        places, alive, standing = self.places(), set(self.questions()), self.standing()
        assert set(places) <= alive
        home: dict[int, int | None] = {}
        for edit in standing:
            if edit.kind in PLACING:
                named = [*edit.questions, *(edit.rest if edit.kind == EditKind.MERGE else [])]
                home.update(dict.fromkeys(named, edit.cluster_id))
        wrong = {one: (home[one], places.get(one)) for one in home if one in alive}
        assert all(should == found for should, found in wrong.values()), wrong
        for split in standing:
            if split.kind == EditKind.SPLIT:
                there = split.cluster_id
                for later in standing:
                    if later.id > split.id and later.kind == EditKind.MERGE and later.other_id == there:
                        there = later.cluster_id
                free = [one for one in split.rest if one not in home]
                assert not [one for one in free if places.get(one) == there]

    @invariant()
    def names_and_sizes_are_right(self) -> None:
        if not hasattr(self, "edits"):
            return
        names = {each.cluster_id: each.label for each in self.standing() if each.kind == EditKind.RENAME}
        sizes = Counter(self.places().values())
        with self.database.reading() as session:
            run = current_run(session)
            for cluster in session.scalars(select(Cluster)):
                if cluster.id in names:
                    assert (cluster.label, cluster.label_pinned) == (names[cluster.id], True)
                if cluster.id in sizes:
                    assert run is not None
                    assert cluster.last_run_id == run.id


def test_all_edits_hold_after_every_run(database: Database) -> None:
    _Editing.database = database
    run_state_machine_as_test(
        _Editing,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=20,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Whatever people and runs do, what is kept of clusters' counts is what there is."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta

import hypothesis.strategies as st
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import invariant, rule, run_state_machine_as_test
from sqlalchemy import select

from clustering.joined_rows import Joined, store_joined
from kbsearch.database import Database
from kbsearch.models import ClusterCount, Colour, Coverage, Membership, Question, QuestionState
from kbsearch.services.cluster_counts import ClusterCountService, counts_of
from kbsearch.services.current_run import current_run
from kbsearch.services.gaps import GapService
from tests.properties.test_edits import ASKED_AT, SEQUENCES, _Editing, draws

NOW = ASKED_AT + timedelta(days=3)


class _Counting(_Editing):
    """Everything that can happen to a question through services, and a worker that counts now and then."""

    def delete_a_question(self, draw: int) -> None:  # type: ignore[override]
        """No service does so."""

    def dismiss_elsewhere(self, draw: int) -> None:  # type: ignore[override]
        """No service does so without taking the question out of its cluster."""

    @rule(draw=draws)
    def a_new_question_joins_a_cluster_between_runs(self, draw: int) -> None:
        loose = [one for one in self.questions() if one not in self.places()]
        clusters = self.clusters()
        if loose and clusters and not self.standing():
            with self.database.writing() as session:
                run = current_run(session)
                assert run is not None
                joined = Joined(loose[draw % len(loose)], clusters[draw % len(clusters)], 0.5)
                store_joined(session, run.id, [joined])

    @rule(draw=draws, state=st.sampled_from([QuestionState.OPEN, QuestionState.ANSWERED]))
    def answer(self, draw: int, state: QuestionState) -> None:
        if ids := self.questions():
            with self.database.writing() as session:
                session.get_one(Question, ids[draw % len(ids)]).state = state

    @rule(slices=st.integers(1, 3))
    def the_worker_counts(self, slices: int) -> None:
        for _ in range(slices):
            ClusterCountService(self.database).refresh_due(NOW)

    @rule(draw=draws)
    def the_worker_looks_at_coverage(self, draw: int) -> None:
        with self.database.writing() as session:
            seen = set(session.scalars(select(Coverage.cluster_id)))
            unseen = [one for one in self.clusters() if one not in seen]
            for cluster_id in unseen[: draw % 4]:
                session.add(_looked_at(cluster_id))

    @invariant()
    def what_is_kept_is_what_there_is(self) -> None:
        if not hasattr(self, "edits"):
            return
        with self.database.reading() as session:
            run = current_run(session)
            assert run is not None
            states = select(Membership.cluster_id, Question.state).join(
                Question, Question.id == Membership.question_id
            )
            rows = session.execute(states.where(Membership.run_id == run.id)).all()
            clusters = list(session.scalars(select(ClusterCount.cluster_id)))
            found = counts_of(session, run.id, clusters, NOW)
        sizes = Counter(row.cluster_id for row in rows)
        answered = Counter(row.cluster_id for row in rows if row.state == QuestionState.ANSWERED)
        for cluster_id in clusters:
            told = found[cluster_id]
            assert (told.size, told.answered) == (sizes[cluster_id], answered[cluster_id])
            assert told.weekly[-1] == told.size
        for gap in GapService(self.database).clusters(now=NOW):
            assert gap.size == gap.recent == sizes[gap.cluster_id], "counted on the spot or kept"


def _looked_at(cluster_id: int) -> Coverage:
    return Coverage(
        cluster_id=cluster_id,
        colour=Colour.RED,
        sampled=4,
        sure=0,
        same_case=0,
        model_version="m",
    )


def test_counts_are_never_wrong(database: Database) -> None:
    _Counting.database = database
    run_state_machine_as_test(
        _Counting,
        settings=settings(
            max_examples=max(4, SEQUENCES // 2),
            stateful_step_count=25,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            print_blob=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

"""Clusters that people change are called for what they ask then, and undoing brings the old names back."""

from __future__ import annotations

from typing import NamedTuple

import pytest
from sqlalchemy import func, select

from clustering.renaming import Renamer
from clustering.run import ClusterRunner
from kbsearch.database import Database
from kbsearch.models import Cluster, Membership
from kbsearch.ports import SearchBackend, silent
from kbsearch.services.cluster_edits import ClusterEditService

School = dict[str, list[int]]


class Called(NamedTuple):
    """A cluster in words, with the ids of its exemplars."""

    label: str
    keywords: list[str]
    exemplars: list[int]


@pytest.fixture
def edits(database: Database, index: SearchBackend, school: School) -> ClusterEditService:
    ClusterRunner(database, index).run(silent)
    return ClusterEditService(database, Renamer(index))


def called(database: Database) -> dict[int, Called]:
    """Each cluster that has questions in words."""
    with database.reading() as session:
        newest = session.scalar(select(func.max(Membership.run_id)))
        rows = session.execute(
            select(Membership.cluster_id, Membership.question_id, Membership.exemplar_rank)
            .where(Membership.run_id == newest)
            .order_by(Membership.exemplar_rank)
        ).all()
        shown: dict[int, list[int]] = {row.cluster_id: [] for row in rows}
        for row in rows:
            if row.exemplar_rank is not None:
                shown[row.cluster_id].append(row.question_id)
        clusters = session.scalars(select(Cluster).where(Cluster.id.in_(shown)))
        return {one.id: Called(one.label, list(one.keywords), shown[one.id]) for one in clusters}


def home(database: Database, question: int) -> int:
    with database.reading() as session:
        query = select(Membership.cluster_id).where(Membership.question_id == question)
        return session.scalars(query.order_by(Membership.run_id.desc())).first() or 0


def speaks_of(names: Called, word: str) -> bool:
    return word in names.label.lower() and any(word in keyword for keyword in names.keywords)


def test_both_parts_of_a_split_are_called_for_what_they_ask(
    database: Database, edits: ClusterEditService, school: School
) -> None:
    commit, payment = home(database, school["commit"][0]), home(database, school["payment"][0])
    edits.merge(payment, commit)
    mixed = called(database)
    edit = edits.split(commit, school["commit"])
    assert edit.cluster_id is not None
    now = called(database)
    assert speaks_of(now[edit.cluster_id], "коммит")
    assert speaks_of(now[commit], "деньги") or speaks_of(now[commit], "курс")
    assert not any("коммит" in keyword for keyword in now[commit].keywords)
    assert set(now[edit.cluster_id].exemplars) <= set(school["commit"])
    assert set(now[commit].exemplars) <= set(school["payment"])
    edits.undo(edit.id)
    assert called(database) == mixed


def test_a_merged_cluster_has_the_keywords_of_both_and_undoing_gives_each_its_own(
    database: Database, edits: ClusterEditService, school: School
) -> None:
    commit, payment = home(database, school["commit"][0]), home(database, school["payment"][0])
    apart = called(database)
    edit = edits.merge(payment, commit)
    words = " ".join(called(database)[commit].keywords)
    assert "коммит" in words
    assert "деньги" in words or "курс" in words
    edits.undo(edit.id)
    assert called(database) == apart


def test_who_moves_most_questions_in_changes_the_name_but_never_a_persons(
    database: Database, edits: ClusterEditService, school: School
) -> None:
    commit, join = home(database, school["commit"][0]), home(database, school["join"][0])
    payment = home(database, school["payment"][0])
    edits.rename(join, "Наше имя")
    before = called(database)
    edit = edits.move([*school["payment"], *school["commit"][1:]], join)
    after = called(database)
    assert after[join].label == "Наше имя"
    assert after[join].keywords != before[join].keywords
    assert after[commit].exemplars == school["commit"][:1]
    assert payment not in after
    edits.undo(edit.id)
    assert called(database) == before


def test_a_question_that_leaves_is_no_exemplar_and_names_nothing(
    database: Database, edits: ClusterEditService, school: School
) -> None:
    commit = home(database, school["commit"][0])
    before = called(database)[commit]
    edit = edits.dismiss([before.exemplars[0]])
    after = called(database)[commit]
    assert before.exemplars[0] not in after.exemplars
    assert len(after.exemplars) == len(before.exemplars)
    edits.undo(edit.id)
    assert called(database)[commit] == before


def test_a_name_stays_while_the_topic_does(
    database: Database, edits: ClusterEditService, school: School
) -> None:
    commit = home(database, school["commit"][0])
    label = called(database)[commit].label
    edits.move(school["join"][:2], commit)
    assert called(database)[commit].label == label


def test_what_came_after_an_edit_is_called_anew_when_it_is_undone(
    database: Database, edits: ClusterEditService, school: School
) -> None:
    commit, payment = home(database, school["commit"][0]), home(database, school["payment"][0])
    edit = edits.merge(payment, commit)
    edits.move(school["join"], payment if home(database, school["payment"][0]) == payment else commit)
    edits.undo(edit.id)
    now = called(database)
    assert set(now[commit].exemplars) <= {*school["commit"], *school["join"]}
    assert any("join" in keyword for keyword in now[commit].keywords)

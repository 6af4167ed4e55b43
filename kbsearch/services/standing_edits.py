"""What people's edits demand, as replayed from the first to the last that stands.

A later edit wins over an earlier one for the questions that it names, and for no others:

* *move* and *pin* give their questions a **home**: the cluster that they must be in.
* *merge* makes the cluster that stays the home of all questions that were in either.  Questions that a
  split keeps out of one of the two stay kept out, unless the merge names them.
* *split* makes the new cluster the home of the chosen questions, and **bars** those that stayed behind
  from it.
* *rename*, *keep*, *link* and every edit above make the cluster **kept**: as long as it has a question that
  people did not take away, it lives on under its id.
* *dismiss* takes its questions out of every cluster.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from kbsearch.models import EditKind

CORE = 3
"""Questions of a kept cluster that stay in it whatever a run says: its exemplars."""


class EditLike(Protocol):
    """An edit, as `kbsearch.models.ClusterEdit` keeps it."""

    @property
    def kind(self) -> EditKind:
        """What was done."""

    @property
    def cluster_id(self) -> int | None:
        """Where the questions are afterwards."""

    @property
    def other_id(self) -> int | None:
        """The cluster that ended, or that they left."""

    @property
    def questions(self) -> list[int]:
        """Those that were chosen; merge: of the cluster that ended."""

    @property
    def rest(self) -> list[int]:
        """Merge: of the cluster that stayed; split: those that stayed behind."""

    @property
    def label(self) -> str:
        """Rename: the name."""


@dataclass(slots=True)
class Standing:
    """What all standing edits demand together.

    ``home``: question → the cluster it must be in.  ``barred``: cluster → questions that may not be in it,
    unless it is their home.  ``kept``: clusters that live on.  ``names``: cluster → the name a person gave.
    ``merged``: cluster → the one that it went into.
    """

    home: dict[int, int] = field(default_factory=dict)
    barred: dict[int, set[int]] = field(default_factory=dict)
    kept: set[int] = field(default_factory=set)
    names: dict[int, str] = field(default_factory=dict)
    merged: dict[int, int] = field(default_factory=dict)

    def heir(self, cluster_id: int) -> int:
        """The cluster that ``cluster_id`` went into by merges, itself when it did not."""
        while cluster_id in self.merged:
            cluster_id = self.merged[cluster_id]
        return cluster_id

    def allows(self, question_id: int, cluster_id: int | None) -> bool:
        """Whether the question may be put into the cluster, or with None into none."""
        home = self.home.get(question_id)
        if home is not None:
            return home == cluster_id
        return cluster_id is None or question_id not in self.barred.get(cluster_id, ())


def replay(edits: Iterable[EditLike]) -> Standing:
    """What ``edits``, the oldest first and none undone, demand together."""
    standing = Standing()
    for edit in edits:
        if edit.cluster_id is not None:
            standing.kept.add(edit.cluster_id)
            _take(standing, edit, edit.cluster_id)
    return standing


def _take(standing: Standing, edit: EditLike, cluster_id: int) -> None:
    if edit.kind == EditKind.RENAME:
        standing.names[cluster_id] = edit.label
    elif edit.kind == EditKind.MERGE and edit.other_id is not None:
        named = {*edit.questions, *edit.rest}
        apart = standing.barred.pop(cluster_id, set()) | standing.barred.pop(edit.other_id, set())
        standing.barred[cluster_id] = apart - named
        standing.home.update(dict.fromkeys(named, cluster_id))
        standing.merged[edit.other_id] = cluster_id
    elif edit.kind == EditKind.SPLIT:
        standing.home.update(dict.fromkeys(edit.questions, cluster_id))
        standing.barred[cluster_id] = set(edit.rest)
        if edit.other_id is not None:
            standing.kept.add(edit.other_id)
    elif edit.kind in {EditKind.MOVE, EditKind.PIN}:
        standing.home.update(dict.fromkeys(edit.questions, cluster_id))
        if cluster_id in standing.barred:
            standing.barred[cluster_id] -= set(edit.questions)


def cores(
    standing: Standing, places: Mapping[int, int], exemplars: Mapping[int, Sequence[int]]
) -> dict[int, int]:
    """Question → kept cluster, for the questions by which each kept cluster lives on.

    Args:
        standing: what people demand.
        places: question → cluster, now.
        exemplars: cluster → its exemplars, the most typical first.
    """
    members: dict[int, list[int]] = {cluster_id: [] for cluster_id in standing.kept}
    for question, cluster_id in places.items():
        if cluster_id in members:
            members[cluster_id].append(question)
    found: dict[int, int] = {}
    for cluster_id, questions in members.items():
        inside = set(questions)
        typical = [question for question in exemplars.get(cluster_id, ()) if question in inside]
        chosen = dict.fromkeys([*typical, *sorted(questions)])
        found.update(dict.fromkeys(list(chosen)[:CORE], cluster_id))
    return found


def violations(standing: Standing, places: Mapping[int, int], alive: Collection[int]) -> list[int]:
    """The questions of ``alive`` that are where people do not allow them to be, ascending.

    ``places``: question → cluster, without those in none.
    """
    known = set(alive)
    homeless = [one for one, home in standing.home.items() if one in known and places.get(one) != home]
    trespassing = [
        one
        for cluster_id, barred in standing.barred.items()
        for one in barred
        if one in known and places.get(one) == cluster_id and not standing.allows(one, cluster_id)
    ]
    return sorted({*homeless, *trespassing})

"""What a run would change, as lines that can be accepted one by one.

Every question that would move belongs to exactly one line, so whatever is accepted, the others stay where
they are:

* into a new cluster: the line of that cluster (*born*, or *split* when most of it comes from one cluster);
* out of a cluster that ends, elsewhere: that cluster's line (*merged* when most of it goes into one, *gone*);
* into a cluster that lives on, from nowhere or from another one that does: the line of the cluster it joins
  (*grown*, or *shrunk* when more questions leave);
* out of a cluster that lives on, into none: the line of the cluster it leaves.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from clustering.lineage import Descent
from kbsearch.models import ChangeKind, Relation

_NEW = {Relation.BORN: ChangeKind.BORN, Relation.SPLIT: ChangeKind.SPLIT}
_END = {Relation.MERGED: ChangeKind.MERGED, Relation.GONE: ChangeKind.GONE}


@dataclass(slots=True)
class Change:
    """One line.  ``number``: the run's cluster; ``cluster_id`` and ``other_id`` as in `ProposalLine`.

    ``joined`` and ``left``: questions that come to the cluster and that leave it.
    """

    kind: ChangeKind
    number: int | None
    cluster_id: int | None
    other_id: int | None
    overlap: float
    joined: list[int] = field(default_factory=list)
    left: list[int] = field(default_factory=list)

    @property
    def moved(self) -> int:
        """How many questions it moves."""
        return len(self.joined) + len(self.left)


def changes(
    previous: Mapping[int, int], current: Mapping[int, int], descents: Sequence[Descent]
) -> list[Change]:
    """The lines from ``previous`` (question → cluster) to ``current`` (question → number), largest first.

    Clusters that stay as they are have a line of kind *same*; they come last.
    """
    ids = {each.label: each.previous_id for each in descents if each.relation is Relation.CONTINUES}
    new = {each.label: _new(each) for each in descents if each.relation in _NEW}
    ended = {each.previous_id: _end(each, ids) for each in descents if each.relation in _END}
    living = {
        each.previous_id: Change(ChangeKind.SAME, each.label, each.previous_id, None, each.overlap)
        for each in descents
        if each.relation is Relation.CONTINUES
    }
    for question in sorted(previous.keys() | current.keys()):
        old, number = previous.get(question), current.get(question)
        target = None if number is None else ids.get(number)
        if number in new:
            new[number].joined.append(question)
        elif old == target:
            continue
        elif old in ended:
            ended[old].left.append(question)
        elif target is not None:
            living[target].joined.append(question)
        else:
            living[old].left.append(question)
    for line in living.values():
        if line.moved:
            line.kind = ChangeKind.GROWN if len(line.joined) >= len(line.left) else ChangeKind.SHRUNK
    return _sorted([*new.values(), *(line for line in ended.values() if line.moved), *living.values()])


def _new(descent: Descent) -> Change:
    return Change(_NEW[descent.relation], descent.label, None, descent.previous_id, descent.overlap)


def _end(descent: Descent, ids: Mapping[int | None, int | None]) -> Change:
    heir = ids.get(descent.label) if descent.label is not None else None
    kind = _END[descent.relation] if heir is not None else ChangeKind.GONE
    return Change(kind, None, descent.previous_id, heir, descent.overlap)


def _sorted(lines: list[Change]) -> list[Change]:
    return sorted(lines, key=lambda line: (line.kind is ChangeKind.SAME, -line.moved))

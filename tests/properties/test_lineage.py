"""What always holds of lineage, whatever the two partitions are."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from clustering.lineage import Descent, trace
from kbsearch.models import Relation

partitions = st.dictionaries(st.integers(0, 60), st.integers(1, 8), max_size=50)


def ids_of(descents: list[Descent]) -> dict[int, int]:
    """Label → old id, of continuing clusters."""
    return {
        each.label: each.previous_id
        for each in descents
        if each.relation is Relation.CONTINUES and each.label is not None and each.previous_id is not None
    }


@given(partitions, partitions)
def test_no_old_id_lives_on_twice(previous: dict[int, int], current: dict[int, int]) -> None:
    continued = ids_of(trace(previous, current))
    assert len(set(continued.values())) == len(continued)
    assert set(continued.values()) <= set(previous.values())


@given(partitions)
def test_the_same_partition_keeps_every_id(partition: dict[int, int]) -> None:
    descents = trace(partition, partition)
    assert {each.label: each.previous_id for each in descents} == {old: old for old in partition.values()}
    assert all(each.relation is Relation.CONTINUES and each.overlap == 1.0 for each in descents)


@given(partitions, partitions, st.randoms(use_true_random=False))
def test_neither_names_nor_order_matter(
    previous: dict[int, int], current: dict[int, int], draw: random.Random
) -> None:
    names = list(range(100, 109))
    draw.shuffle(names)
    items = list(current.items())
    draw.shuffle(items)
    renamed = {question: names[label] for question, label in items}
    told = {(names[label], old) for label, old in ids_of(trace(previous, current)).items()}
    assert told == set(ids_of(trace(previous, renamed)).items())


@given(partitions, partitions)
def test_every_cluster_is_told_of_once(previous: dict[int, int], current: dict[int, int]) -> None:
    descents = trace(previous, current)
    new = [each.label for each in descents if each.relation not in {Relation.MERGED, Relation.GONE}]
    assert sorted(label for label in new if label is not None) == sorted(set(current.values()))
    kept = set(ids_of(descents).values())
    ended = [each.previous_id for each in descents if each.relation in {Relation.MERGED, Relation.GONE}]
    assert len(set(ended)) == len(ended)
    assert {old for old in ended if old is not None} == set(previous.values()) - kept


@given(partitions, partitions)
def test_overlap_is_a_share(previous: dict[int, int], current: dict[int, int]) -> None:
    for each in trace(previous, current):
        assert 0.0 <= each.overlap <= 1.0
        assert (each.overlap == 0.0) == (each.relation in {Relation.BORN, Relation.GONE})

"""The map shows the clusters that count now, whoever made them so."""

from __future__ import annotations

import gzip
import struct
from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pytest

from clustering.mapping import REST, MapDrawer
from clustering.run import ClusterRunner
from kbsearch.database import Database
from kbsearch.models import utc_now
from kbsearch.ports import SearchBackend, silent
from kbsearch.services.cluster_edits import ClusterEditService
from kbsearch.services.edit_rows import places_of
from kbsearch.services.map_points import MapService
from kbsearch.services.proposals import ProposalService

School = dict[str, list[int]]
LATER = REST + timedelta(seconds=1)


@pytest.fixture
def drawer(database: Database, index: SearchBackend) -> MapDrawer:
    return MapDrawer(database, index)


def shown(database: Database, run_id: int) -> dict[int, int]:
    """Question → cluster on the map of the run, of those that are in one."""
    data = gzip.decompress(MapService(database).points(run_id))
    (n,) = struct.unpack_from("<I", data)
    ids, clusters = np.frombuffer(data, "<u4", 2 * n, 4).reshape(2, n).tolist()
    return {one: cluster for one, cluster in zip(ids, clusters, strict=True) if cluster}


def test_a_proposal_is_on_the_map_once_it_is_accepted(
    database: Database,
    index: SearchBackend,
    drawer: MapDrawer,
    school: School,
    ask: Callable[..., list[int]],
) -> None:
    runner, proposals = ClusterRunner(database, index), ProposalService(database)
    first = runner.run(silent)
    assert drawer.draw_due()
    assert not drawer.draw_due()
    ask([f"почему не приходит сертификат после курса {number}" for number in range(8)])
    second = runner.run(silent, accept=False)
    assert not drawer.draw_due()  # nothing has changed yet
    assert MapService(database).drawn_at(second) is None
    assert proposals.accept(second)
    assert drawer.draw_due()
    with database.reading() as session:
        assert shown(database, second) == places_of(session, second)
    assert MapService(database).drawn_at(first)


def test_edits_are_on_the_map_after_a_rest(
    database: Database, index: SearchBackend, drawer: MapDrawer, school: School
) -> None:
    run_id = ClusterRunner(database, index).run(silent)
    drawer.draw(run_id)
    before = shown(database, run_id)
    one, other = sorted(set(before.values()))[:2]
    edits = ClusterEditService(database)
    edit = edits.merge(one, other)
    assert not drawer.draw_due()
    assert drawer.draw_due(utc_now() + LATER)
    assert one not in shown(database, run_id).values()
    edits.undo(edit.id)
    assert drawer.draw_due(utc_now() + LATER)
    assert shown(database, run_id) == before
    assert not drawer.draw_due(utc_now() + LATER)

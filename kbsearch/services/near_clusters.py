"""Which clusters ask nearly the same as one, by where the questions like its exemplars are."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable, IndexUnavailable
from kbsearch.models import Cluster
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import exemplars_of
from kbsearch.services.placing import existing, where
from kbsearch.services.search import SearchService

LOOKED_AT = 30
"""Questions like each exemplar whose clusters are counted."""


class NearClusters:
    """Finds the clusters nearest to one."""

    def __init__(self, database: Database, search: SearchService) -> None:
        self._database = database
        self._search = search

    def of(self, cluster_id: int, limit: int = 5) -> list[Cluster]:
        """The nearest clusters of the current run, nearest first; none while the index is out of reach.

        Raises:
            NotFound: there is no such cluster.
        """
        with self._database.reading() as session:
            existing(session, cluster_id)
            run = current_run(session)
            shown = exemplars_of(session, run.id, [cluster_id]).get(cluster_id, ()) if run else ()
        if run is None:
            return []
        alike: Counter[int] = Counter()
        try:
            for question in shown:
                for rank, hit in enumerate(self._search.similar_questions(question, limit=LOOKED_AT)):
                    alike[hit.question.id] += LOOKED_AT - rank
        except (IndexUnavailable, EncoderUnavailable):
            return []
        tally: Counter[int] = Counter()
        with self._database.reading() as session:
            for question, cluster in where(session, run.id, alike.keys()).items():
                tally[cluster] += alike[question]
            del tally[cluster_id]
            nearest = [cluster for cluster, _ in tally.most_common(limit)]
            found = {
                each.id: each for each in session.scalars(select(Cluster).where(Cluster.id.in_(nearest)))
            }
        return [found[each] for each in nearest]

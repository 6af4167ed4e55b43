"""The composition root: the only package that knows which adapter is used.

Everything is made on first use, so that a command pays only for what it touches.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kbsearch.app.patterns import Patterns

if TYPE_CHECKING:
    from collections.abc import Sequence

    from indexer.pipeline import IndexPipeline
    from kbsearch.services.authors import AuthorService
    from kbsearch.services.cluster_schedule import ClusterSchedule
    from kbsearch.services.coverage_schedule import CoverageSchedule
    from kbsearch.services.imports import ImportService
    from kbsearch.services.night import NightWork
    from kbsearch.services.past_imports import PastImports
    from kbsearch.services.people import PeopleService
    from kbsearch.services.uploads import UploadService


class Kbsearch(Patterns):
    """One running kbsearch: its settings, its ports and its services."""

    @cached_property
    def pipeline(self) -> IndexPipeline:
        """Brings the indexes up to date with the database."""
        from indexer.pipeline import IndexPipeline

        return IndexPipeline(
            self.database,
            self.case_index,
            self.question_index,
            self.embedder,
            self._follow,
            second=self.second_embedder,
        )

    def _follow(self, ids: Sequence[int]) -> None:
        """What happens to questions once they are indexed: doing it again is harmless."""
        self.duplicates.find(ids)
        self.joiner.join(ids)

    @cached_property
    def night(self) -> NightWork:
        """What is done once a night."""
        from kbsearch.services.night import NightWork

        return NightWork(self.database, self.settings, self.jobs)

    @cached_property
    def cluster_schedule(self) -> ClusterSchedule:
        """When clusters are looked for at night."""
        from kbsearch.services.cluster_schedule import ClusterSchedule

        return ClusterSchedule(self.database, self.settings, self.jobs)

    @cached_property
    def coverage_schedule(self) -> CoverageSchedule:
        """When coverage is looked at again."""
        from kbsearch.services.coverage_schedule import CoverageSchedule

        return CoverageSchedule(self.database, self.settings, self.jobs)

    @cached_property
    def people(self) -> PeopleService:
        """People, sign-in and tokens."""
        from kbsearch.services.people import PeopleService

        return PeopleService(self.database)

    @cached_property
    def authors(self) -> AuthorService:
        """What is kept of those who asked and replied."""
        from kbsearch.services.authors import AuthorService

        return AuthorService(self.database, self.settings)

    @cached_property
    def uploads(self) -> UploadService:
        """Uploaded files and their end."""
        from kbsearch.services.uploads import UploadService

        return UploadService(self.database, self.settings)

    @cached_property
    def imports(self) -> ImportService:
        """Imports from files."""
        from kbsearch.services.imports import ImportService

        return ImportService(self.database, self.questions)

    @cached_property
    def past_imports(self) -> PastImports:
        """Imports that have ended, and undoing them."""
        from clustering.renaming import Renamer
        from kbsearch.services.past_imports import PastImports

        return PastImports(self.database, Renamer(self.question_index))

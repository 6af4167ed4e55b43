"""Recurring patterns, and what they tell."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kbsearch.app.matching import Matching

if TYPE_CHECKING:
    from clustering.joining import ClusterJoiner
    from clustering.mapping import MapDrawer
    from clustering.run import ClusterRunner
    from kbsearch.services.asides import AsideService
    from kbsearch.services.case_care import CaseCareService
    from kbsearch.services.cluster_counts import ClusterCountService
    from kbsearch.services.cluster_edits import ClusterEditService
    from kbsearch.services.cluster_review import ReviewService
    from kbsearch.services.clusters import ClusterService
    from kbsearch.services.coverage import CoverageService
    from kbsearch.services.effects import EffectService
    from kbsearch.services.fault_watch import FaultWatch
    from kbsearch.services.faults import FaultService
    from kbsearch.services.first_matches import FirstMatches
    from kbsearch.services.gaps import GapService
    from kbsearch.services.hard_points import HardPointService
    from kbsearch.services.insight_rows import InsightRows
    from kbsearch.services.map_points import MapService
    from kbsearch.services.near_clusters import NearClusters
    from kbsearch.services.proposal_work import ProposalWork
    from kbsearch.services.proposals import ProposalService
    from kbsearch.services.themes import ThemeService
    from kbsearch.services.trends import TrendService
    from kbsearch.services.webhooks import Webhooks


class Patterns(Matching):
    """Services of clusters and of what is read from them."""

    @cached_property
    def asides(self) -> AsideService:
        """Small talk that is set aside."""
        from kbsearch.services.asides import AsideService

        return AsideService(self.database, self.question_index)

    @cached_property
    def joiner(self) -> ClusterJoiner:
        """Gives new questions a place between runs."""
        from clustering.joining import ClusterJoiner

        return ClusterJoiner(self.database, self.question_index, self.asides, self.second_vectors)

    @cached_property
    def cluster_runner(self) -> ClusterRunner:
        """Runs clustering and stores what it finds."""
        from clustering.run import ClusterRunner

        known = self.first_matches if self.settings.cluster_by_case else None
        return ClusterRunner(self.database, self.question_index, known, self.second_vectors)

    @cached_property
    def first_matches(self) -> FirstMatches:
        """The case that comes first for each question."""
        from kbsearch.services.first_matches import FirstMatches

        return FirstMatches(self.database, self.question_index, self.active_matcher)

    @cached_property
    def clusters(self) -> ClusterService:
        """Clusters as people see them."""
        from kbsearch.services.clusters import ClusterService

        return ClusterService(self.database)

    @cached_property
    def cluster_edits(self) -> ClusterEditService:
        """What people do to clusters."""
        from clustering.renaming import Renamer
        from kbsearch.services.cluster_edits import ClusterEditService

        return ClusterEditService(self.database, Renamer(self.question_index))

    @cached_property
    def cluster_counts(self) -> ClusterCountService:
        """What pages count of clusters."""
        from kbsearch.services.cluster_counts import ClusterCountService

        return ClusterCountService(self.database)

    @cached_property
    def reviews(self) -> ReviewService:
        """The review queue of clusters."""
        from kbsearch.services.cluster_review import ReviewService

        return ReviewService(self.database, self.clusters)

    @cached_property
    def near_clusters(self) -> NearClusters:
        """Clusters that ask nearly the same."""
        from kbsearch.services.near_clusters import NearClusters

        return NearClusters(self.database, self.search)

    @cached_property
    def proposals(self) -> ProposalService:
        """What the last run proposes."""
        from kbsearch.services.proposals import ProposalService

        return ProposalService(self.database)

    @cached_property
    def proposal_work(self) -> ProposalWork:
        """Accepting what a run proposes, at once or as a job."""
        from kbsearch.services.proposal_work import ProposalWork

        return ProposalWork(self.database)

    @cached_property
    def themes(self) -> ThemeService:
        """Themes of clusters."""
        from kbsearch.services.themes import ThemeService

        return ThemeService(self.database)

    @cached_property
    def map_drawer(self) -> MapDrawer:
        """Draws the maps of runs."""
        from clustering.mapping import MapDrawer

        return MapDrawer(self.database, self.question_index)

    @cached_property
    def maps(self) -> MapService:
        """Maps of runs."""
        from kbsearch.services.map_points import MapService

        return MapService(self.database)

    @cached_property
    def coverage(self) -> CoverageService:
        """How far cases and lessons cover the clusters."""
        from kbsearch.services.coverage import CoverageService
        from kbsearch.services.lesson_matching import LessonMatching

        lessons = LessonMatching(self.database, self.embedder, self.question_index)
        return CoverageService(self.database, self.active_matcher, lessons, self.first_matches)

    @cached_property
    def gaps(self) -> GapService:
        """What is not covered."""
        from kbsearch.services.gaps import GapService

        return GapService(self.database)

    @cached_property
    def hard_points(self) -> HardPointService:
        """Where the programme is hard."""
        from kbsearch.services.hard_points import HardPointService

        return HardPointService(self.database, self.settings)

    @cached_property
    def case_care(self) -> CaseCareService:
        """Cases that need somebody, and what people contributed."""
        from kbsearch.services.case_care import CaseCareService

        return CaseCareService(self.database)

    @cached_property
    def insight_rows(self) -> InsightRows:
        """The questions behind the figures."""
        from kbsearch.services.insight_rows import InsightRows

        return InsightRows(self.database)

    @cached_property
    def trends(self) -> TrendService:
        """What clusters, courses and lessons do over time."""
        from kbsearch.services.trends import TrendService

        return TrendService(self.database, self.settings)

    @cached_property
    def effects(self) -> EffectService:
        """What published cases did to their questions."""
        from kbsearch.services.effects import EffectService

        return EffectService(self.database, self.settings)

    @cached_property
    def fault_watch(self) -> FaultWatch:
        """Finds bursts of questions that speak of a broken platform."""
        from kbsearch.services.fault_watch import FaultWatch

        return FaultWatch(self.database, self.question_index, self.embedder, self.settings)

    @cached_property
    def faults(self) -> FaultService:
        """Faults of the platform."""
        from kbsearch.services.faults import FaultService

        return FaultService(self.database, self.settings)

    @cached_property
    def webhooks(self) -> Webhooks:
        """Reports of faults on their way."""
        from kbsearch.services.webhooks import Webhooks

        return Webhooks(self.database, self.settings, self.faults)

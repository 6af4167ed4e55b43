"""The composition root: the only module that knows which adapter is used.

Everything is made on first use, so that a command pays only for what it touches.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from functools import cached_property
from typing import TYPE_CHECKING

from kbsearch.config import Settings, load_settings
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.models import Collection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from clustering.joining import ClusterJoiner
    from clustering.mapping import MapDrawer
    from clustering.run import ClusterRunner
    from indexer.asked import AskedSource
    from indexer.bench import Bench
    from indexer.maintenance import IndexMaintenance
    from indexer.pipeline import IndexPipeline
    from kbsearch.matching.reranking import TimedReranker
    from kbsearch.ports import Embedder, SearchBackend
    from kbsearch.services.active_matcher import ActiveMatcher
    from kbsearch.services.asides import AsideService
    from kbsearch.services.case_care import CaseCareService
    from kbsearch.services.case_pairs import CasePairService
    from kbsearch.services.cases import CaseService
    from kbsearch.services.cluster_counts import ClusterCountService
    from kbsearch.services.cluster_edits import ClusterEditService
    from kbsearch.services.cluster_review import ReviewService
    from kbsearch.services.cluster_schedule import ClusterSchedule
    from kbsearch.services.clusters import ClusterService
    from kbsearch.services.coverage import CoverageService
    from kbsearch.services.coverage_schedule import CoverageSchedule
    from kbsearch.services.duplicates import DuplicateService
    from kbsearch.services.effects import EffectService
    from kbsearch.services.fault_watch import FaultWatch
    from kbsearch.services.faults import FaultService
    from kbsearch.services.gaps import GapService
    from kbsearch.services.golden import GoldenService
    from kbsearch.services.hard_points import HardPointService
    from kbsearch.services.imports import ImportService
    from kbsearch.services.insight_rows import InsightRows
    from kbsearch.services.jobs import JobService
    from kbsearch.services.learning import LearningService
    from kbsearch.services.lexicon import LexiconService
    from kbsearch.services.map_points import MapService
    from kbsearch.services.model_versions import ModelVersions
    from kbsearch.services.near_clusters import NearClusters
    from kbsearch.services.night import NightWork
    from kbsearch.services.people import PeopleService
    from kbsearch.services.promise import PromiseService
    from kbsearch.services.proposal_work import ProposalWork
    from kbsearch.services.proposals import ProposalService
    from kbsearch.services.quality import QualityService
    from kbsearch.services.quality_work import QualityWork
    from kbsearch.services.questions import QuestionService
    from kbsearch.services.search import SearchService
    from kbsearch.services.suggestions import SuggestionService
    from kbsearch.services.themes import ThemeService
    from kbsearch.services.trends import TrendService
    from kbsearch.services.uploads import UploadService
    from kbsearch.services.webhooks import Webhooks
    from kbsearch.services.why import WhyService


class Kbsearch:
    """One running kbsearch: its settings, its ports and its services."""

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    @cached_property
    def database(self) -> Database:
        """The system of record."""
        return Database(self.settings.url)

    @cached_property
    def embedder(self) -> Embedder:
        """The encoder that the settings name; its model is loaded on first use."""
        from indexer.embedders import open_embedder

        return open_embedder(self.settings.encoder)

    def warm_up(self) -> None:
        """Begin to load the encoder's model while other things are made ready; an error waits for its use."""
        embedder = self.embedder

        def load() -> None:
            with suppress(EncoderUnavailable):
                embedder.encode(["warm"], "query")

        threading.Thread(target=load, name="warm-up", daemon=True).start()

    @cached_property
    def reranker(self) -> TimedReranker | None:
        """The re-ranker that the settings name, with its budget; None when they name none."""
        if not self.settings.reranker:
            return None
        from indexer.rerankers import open_reranker
        from kbsearch.matching.reranking import Budget, TimedReranker

        budget = Budget(self.settings.reranker_budget_ms, self.settings.reranker_depth)
        return TimedReranker(open_reranker(self.settings.reranker), budget)

    @cached_property
    def case_index(self) -> SearchBackend:
        """The index of cases."""
        from indexer.asked import NewestQuestions
        from indexer.generations import Generations

        questions = Generations(self.settings.index_dir / Collection.QUESTIONS)
        return self._index(Collection.CASES, NewestQuestions(questions, lambda: self.embedder.model_id))

    @cached_property
    def question_index(self) -> SearchBackend:
        """The index of questions."""
        return self._index(Collection.QUESTIONS)

    def _index(self, collection: Collection, asked: AskedSource | None = None) -> SearchBackend:
        from indexer.embedded import EmbeddedIndex

        return EmbeddedIndex(
            self.settings.index_dir / collection,
            self.embedder,
            asked=asked,
            soft=collection == Collection.CASES,
        )

    @cached_property
    def pipeline(self) -> IndexPipeline:
        """Brings the indexes up to date with the database."""
        from indexer.pipeline import IndexPipeline

        return IndexPipeline(self.database, self.case_index, self.question_index, self.embedder, self._follow)

    def _follow(self, ids: Sequence[int]) -> None:
        """What happens to questions once they are indexed: doing it again is harmless."""
        self.duplicates.find(ids)
        self.joiner.join(ids)

    @cached_property
    def joiner(self) -> ClusterJoiner:
        """Gives new questions a place between runs."""
        from clustering.joining import ClusterJoiner

        return ClusterJoiner(self.database, self.question_index, self.asides)

    @cached_property
    def maintenance(self) -> IndexMaintenance:
        """Status, rebuild and check of the indexes."""
        from indexer.maintenance import IndexMaintenance

        return IndexMaintenance(self.database, self.case_index, self.question_index, self.embedder)

    @cached_property
    def cluster_runner(self) -> ClusterRunner:
        """Runs clustering and stores what it finds."""
        from clustering.run import ClusterRunner

        return ClusterRunner(self.database, self.question_index)

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
    def themes(self) -> ThemeService:
        """Themes of clusters."""
        from kbsearch.services.themes import ThemeService

        return ThemeService(self.database)

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

    @cached_property
    def questions(self) -> QuestionService:
        """Intake and reading of questions."""
        from kbsearch.services.questions import QuestionService

        return QuestionService(self.database, self.settings)

    @cached_property
    def duplicates(self) -> DuplicateService:
        """Questions that repeat earlier ones."""
        from kbsearch.services.duplicates import DuplicateService

        return DuplicateService(self.database, self.question_index, self.embedder)

    @cached_property
    def case_pairs(self) -> CasePairService:
        """Pairs of cases that may be one."""
        from kbsearch.services.case_pairs import CasePairService

        return CasePairService(self.database, self.case_index, self.embedder)

    @cached_property
    def why(self) -> WhyService:
        """Why a case was found for a question, or was not."""
        from kbsearch.services.why import WhyService

        return WhyService(self.database, self.active_matcher, self.embedder, self.settings)

    @cached_property
    def cases(self) -> CaseService:
        """The knowledge base."""
        from kbsearch.services.cases import CaseService

        return CaseService(self.database)

    @cached_property
    def active_matcher(self) -> ActiveMatcher:
        """Matching with the model that is active now."""
        from kbsearch.services.active_matcher import ActiveMatcher

        return ActiveMatcher(self.database, self.case_index, self.embedder, self.lexicon.understanding)

    @cached_property
    def lexicon(self) -> LexiconService:
        """What students say."""
        from kbsearch.services.lexicon import LexiconService

        return LexiconService(self.database, self.case_index)

    @cached_property
    def search(self) -> SearchService:
        """Search over cases and past questions."""
        from kbsearch.services.search import SearchService

        return SearchService(
            self.database, self.case_index, self.question_index, self.active_matcher, self.reranker
        )

    @cached_property
    def suggestions(self) -> SuggestionService:
        """Suggestions and feedback."""
        from kbsearch.services.suggestions import SuggestionService

        return SuggestionService(
            self.database, self.active_matcher, self.embedder, self.settings, self.reranker
        )

    def bench(self) -> Bench:
        """A new place to try matching on, away from the live index."""
        from indexer.bench import Bench

        return Bench(self.embedder)

    @cached_property
    def quality(self) -> QualityService:
        """Measurements of quality."""
        from kbsearch.services.quality import QualityService

        return QualityService(self.database, self.settings, self.bench)

    @cached_property
    def golden(self) -> GoldenService:
        """The golden set."""
        from kbsearch.services.golden import GoldenService

        return GoldenService(self.database)

    @cached_property
    def learning(self) -> LearningService:
        """Learning from use."""
        from kbsearch.services.learning import LearningService

        return LearningService(self.database, self.bench)

    @cached_property
    def quality_work(self) -> QualityWork:
        """Measuring and learning as jobs."""
        from kbsearch.services.quality_work import QualityWork

        return QualityWork(self.quality, self.learning)

    @cached_property
    def versions(self) -> ModelVersions:
        """Versions of the matching model."""
        from kbsearch.services.model_versions import ModelVersions

        return ModelVersions(self.database)

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
    def promise(self) -> PromiseService:
        """The promise of precision, watched on live feedback."""
        from kbsearch.services.promise import PromiseService

        return PromiseService(self.database, self.settings)

    @cached_property
    def clusters(self) -> ClusterService:
        """Clusters as people see them."""
        from kbsearch.services.clusters import ClusterService

        return ClusterService(self.database)

    @cached_property
    def asides(self) -> AsideService:
        """Small talk that is set aside."""
        from kbsearch.services.asides import AsideService

        return AsideService(self.database, self.question_index)

    @cached_property
    def coverage(self) -> CoverageService:
        """How far cases and lessons cover the clusters."""
        from kbsearch.services.coverage import CoverageService
        from kbsearch.services.lesson_matching import LessonMatching

        lessons = LessonMatching(self.database, self.embedder, self.question_index)
        return CoverageService(self.database, self.active_matcher, lessons)

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
    def coverage_schedule(self) -> CoverageSchedule:
        """When coverage is looked at again."""
        from kbsearch.services.coverage_schedule import CoverageSchedule

        return CoverageSchedule(self.database, self.settings, self.jobs)

    @cached_property
    def cluster_edits(self) -> ClusterEditService:
        """What people do to clusters."""
        from kbsearch.services.cluster_edits import ClusterEditService

        return ClusterEditService(self.database)

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
    def cluster_counts(self) -> ClusterCountService:
        """What pages count of clusters."""
        from kbsearch.services.cluster_counts import ClusterCountService

        return ClusterCountService(self.database)

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
    def people(self) -> PeopleService:
        """People, sign-in and tokens."""
        from kbsearch.services.people import PeopleService

        return PeopleService(self.database)

    @cached_property
    def jobs(self) -> JobService:
        """Longer tasks."""
        from kbsearch.services.jobs import JobService

        return JobService(self.database)

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

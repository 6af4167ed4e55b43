"""Questions and cases, and how one finds the other."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kbsearch.app.adapters import Adapters

if TYPE_CHECKING:
    from kbsearch.services.active_matcher import ActiveMatcher
    from kbsearch.services.case_pairs import CasePairService
    from kbsearch.services.cases import CaseService
    from kbsearch.services.duplicates import DuplicateService
    from kbsearch.services.golden import GoldenService
    from kbsearch.services.learning import LearningService
    from kbsearch.services.lexicon import LexiconService
    from kbsearch.services.model_versions import ModelVersions
    from kbsearch.services.promise import PromiseService
    from kbsearch.services.quality import QualityService
    from kbsearch.services.quality_work import QualityWork
    from kbsearch.services.questions import QuestionService
    from kbsearch.services.search import SearchService
    from kbsearch.services.suggestions import SuggestionService
    from kbsearch.services.why import WhyService


class Matching(Adapters):
    """Services of questions, cases and matching."""

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
    def cases(self) -> CaseService:
        """The knowledge base."""
        from kbsearch.services.cases import CaseService

        return CaseService(self.database)

    @cached_property
    def case_pairs(self) -> CasePairService:
        """Pairs of cases that may be one."""
        from kbsearch.services.case_pairs import CasePairService

        return CasePairService(self.database, self.case_index, self.embedder)

    @cached_property
    def lexicon(self) -> LexiconService:
        """What students say."""
        from kbsearch.services.lexicon import LexiconService

        return LexiconService(self.database, self.case_index)

    @cached_property
    def active_matcher(self) -> ActiveMatcher:
        """Matching with the model that is active now."""
        from kbsearch.services.active_matcher import ActiveMatcher

        return ActiveMatcher(self.database, self.case_index, self.embedder, self.lexicon.understanding)

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

    @cached_property
    def why(self) -> WhyService:
        """Why a case was found for a question, or was not."""
        from kbsearch.services.why import WhyService

        return WhyService(self.database, self.active_matcher, self.embedder, self.settings)

    @cached_property
    def quality(self) -> QualityService:
        """Measurements of quality."""
        from kbsearch.services.quality import QualityService

        return QualityService(self.database, self.settings, self.bench, twice_read=self.case_index.twice_read)

    @cached_property
    def golden(self) -> GoldenService:
        """The golden set."""
        from kbsearch.services.golden import GoldenService

        return GoldenService(self.database)

    @cached_property
    def learning(self) -> LearningService:
        """Learning from use."""
        from kbsearch.services.learning import LearningService

        return LearningService(self.database, self.bench, twice_read=self.case_index.twice_read)

    @cached_property
    def quality_work(self) -> QualityWork:
        """Measuring and learning as jobs."""
        from kbsearch.services.quality_work import QualityWork

        return QualityWork(self.quality, self.learning)

    @cached_property
    def versions(self) -> ModelVersions:
        """Versions of the matching model."""
        from kbsearch.services.model_versions import ModelVersions

        return ModelVersions(self.database, twice_read=self.case_index.twice_read)

    @cached_property
    def promise(self) -> PromiseService:
        """The promise of precision, watched on live feedback."""
        from kbsearch.services.promise import PromiseService

        return PromiseService(self.database, self.settings)

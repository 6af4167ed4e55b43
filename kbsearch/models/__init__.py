"""The domain objects: SQLAlchemy models for the words of the glossary."""

from kbsearch.models.asides import Aside, AsideReason
from kbsearch.models.base import Base, UtcDateTime, utc_now
from kbsearch.models.cases import LIVE_STATES, TRANSITIONS, Case, CaseState, Revision, Variant
from kbsearch.models.clusters import Cluster, Lineage, Membership, Relation, Run, RunState, Theme
from kbsearch.models.counts import ClusterCount, counts_with
from kbsearch.models.coverage import Colour, Coverage, CoverageSample, FirstMatch, InferredLesson
from kbsearch.models.edits import ClusterEdit, ClusterReview, EditKind, ReviewVerdict
from kbsearch.models.faults import (
    DeliveryState,
    Fault,
    FaultDelivery,
    FaultQuestion,
    FaultSignal,
    FaultState,
)
from kbsearch.models.imports import Import, ImportState, SchoolChange, SchoolPart
from kbsearch.models.lexicon import LexiconEntry
from kbsearch.models.links import CasePair, LinkKind, PairVerdict, QuestionLink
from kbsearch.models.maps import RunMap
from kbsearch.models.people import Person, Role, Scope, Token
from kbsearch.models.proposals import ChangeKind, LineDecision, ProposalLine, ProposedPlace
from kbsearch.models.quality import (
    GoldenPair,
    GoldenSource,
    ModelVersion,
    PromiseEvent,
    PromiseState,
    QualityMeasurement,
)
from kbsearch.models.questions import Question, QuestionState, Reply
from kbsearch.models.school import Cohort, Course, Enrolment, Lesson
from kbsearch.models.suggestions import Decision, Feedback, FeedbackAction, Match, Suggestion, Surface
from kbsearch.models.trends import CaseEffect, ClusterTrend
from kbsearch.models.work import Collection, Job, JobKind, JobState, Outbox

__all__ = [
    "LIVE_STATES",
    "TRANSITIONS",
    "Aside",
    "AsideReason",
    "Base",
    "Case",
    "CaseEffect",
    "CasePair",
    "CaseState",
    "ChangeKind",
    "Cluster",
    "ClusterCount",
    "ClusterEdit",
    "ClusterReview",
    "ClusterTrend",
    "Cohort",
    "Collection",
    "Colour",
    "Course",
    "Coverage",
    "CoverageSample",
    "Decision",
    "DeliveryState",
    "EditKind",
    "Enrolment",
    "Fault",
    "FaultDelivery",
    "FaultQuestion",
    "FaultSignal",
    "FaultState",
    "Feedback",
    "FeedbackAction",
    "FirstMatch",
    "GoldenPair",
    "GoldenSource",
    "Import",
    "ImportState",
    "InferredLesson",
    "Job",
    "JobKind",
    "JobState",
    "Lesson",
    "LexiconEntry",
    "LineDecision",
    "Lineage",
    "LinkKind",
    "Match",
    "Membership",
    "ModelVersion",
    "Outbox",
    "PairVerdict",
    "Person",
    "PromiseEvent",
    "PromiseState",
    "ProposalLine",
    "ProposedPlace",
    "QualityMeasurement",
    "Question",
    "QuestionLink",
    "QuestionState",
    "Relation",
    "Reply",
    "ReviewVerdict",
    "Revision",
    "Role",
    "Run",
    "RunMap",
    "RunState",
    "SchoolChange",
    "SchoolPart",
    "Scope",
    "Suggestion",
    "Surface",
    "Theme",
    "Token",
    "UtcDateTime",
    "Variant",
    "counts_with",
    "utc_now",
]

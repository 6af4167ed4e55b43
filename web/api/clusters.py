"""Clusters: what is asked again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flask import Response, jsonify
from pydantic import AwareDatetime, Field

from kbsearch.insights.trend import TrendState
from kbsearch.models import LIVE_STATES, ClusterTrend, Relation, Run, Scope
from web.api.contract import Output, api_blueprint, needs, reading
from web.api.requests import ClusterPath, ClustersQuery
from web.api.responses import CaseOut, QuestionOut, case_out, question_out
from web.session import kb, requires_token

if TYPE_CHECKING:
    from kbsearch.services.cluster_rows import ClusterRow

blueprint = api_blueprint("clusters", "What is asked again and again.")


class CountOut(Output):
    """How many questions a course or lesson has."""

    code: str
    count: int


class TrendOut(Output):
    """What a cluster does now."""

    state: TrendState
    p: float = Field(ge=0, le=1, description="The chance of as much without a trend.")
    weeks: int = Field(description="The last weeks that are meant; asleep: weeks of silence.")
    observed: int = Field(description="Students who asked in these weeks.")
    expected: float = Field(ge=0, description="Students whom its past made likely in these weeks.")
    course_week: int | None = Field(description="The week of the course, from 1, that expects it.")
    since: AwareDatetime


class ClusterOut(Output):
    """A cluster."""

    id: int
    label: str
    keywords: list[str]
    size: int
    last_7: int = Field(description="Questions of the last 7 days.")
    last_28: int = Field(description="Questions of the last 28 days.")
    weekly: list[int] = Field(description="Questions of each of the last 16 weeks, oldest first.")
    trend: TrendOut | None = Field(description="Null when the cluster has ended.")
    answered_share: float = Field(ge=0, le=1)
    courses: list[CountOut]
    exemplars: list[QuestionOut] = Field(description="Up to three questions that stand for it.")
    case: CaseOut | None = Field(description="The published case that answers it.")


class MemberOut(Output):
    """A question of a cluster."""

    question: QuestionOut
    strength: float = Field(ge=0, le=1, description="How much it belongs.")
    joined: bool = Field(description="Whether it came after the last run and joined since.")


class LineageOut(Output):
    """Where a cluster comes from."""

    relation: Relation
    previous_cluster_id: int | None
    overlap: float = Field(ge=0, le=1, description="Jaccard index of their questions.")


class ClusterDetailOut(ClusterOut):
    """A cluster with its questions."""

    questions: list[MemberOut]
    lessons: list[CountOut]
    lineage: list[LineageOut]


class RunOut(Output):
    """The run of clustering that found them."""

    id: int
    algorithm: str
    finished_at: AwareDatetime | None


class ClustersOut(Output):
    """One page of clusters; no run means that clustering has never run."""

    items: list[ClusterOut]
    total: int
    run: RunOut | None


@blueprint.get("/clusters", responses={200: ClustersOut, **reading()}, security=needs(Scope.READ))
@requires_token(Scope.READ)
def list_clusters(query: ClustersQuery) -> Response:
    """List the clusters of the last run."""
    kb().questions.check_place(query.course)
    page = kb().clusters.list(
        course=query.course, sort=query.sort, limit=query.limit, offset=query.offset, after=query.after
    )
    trends = kb().trends.of(row.cluster.id for row in page.items)
    items = [_cluster(row, trends.get(row.cluster.id)) for row in page.items]
    found = ClustersOut(items=items, total=page.total, run=_run(page.run))
    return jsonify(found.model_dump(mode="json"))


@blueprint.get(
    "/clusters/<int:cluster_id>",
    responses={200: ClusterDetailOut, **reading(404)},
    security=needs(Scope.READ),
)
@requires_token(Scope.READ)
def read_cluster(path: ClusterPath) -> Response:
    """Read a cluster with its questions, strongest first, 500 at most.  One that has ended has none."""
    detail = kb().clusters.get(path.cluster_id)
    trend = kb().trends.of([path.cluster_id]).get(path.cluster_id)
    found = ClusterDetailOut(
        **dict(_cluster(detail.row, trend)),
        questions=[
            MemberOut(question=question_out(question), strength=strength, joined=question.id in detail.joined)
            for question, strength in detail.questions
        ],
        lessons=[CountOut(code=code, count=count) for code, count in detail.lessons],
        lineage=[
            LineageOut(
                relation=step.relation,
                previous_cluster_id=step.previous_cluster_id,
                overlap=step.overlap,
            )
            for step in detail.lineage
        ],
    )
    return jsonify(found.model_dump(mode="json"))


def _trend(trend: ClusterTrend | None) -> TrendOut | None:
    if trend is None:
        return None
    return TrendOut(
        state=TrendState(trend.state),
        p=trend.p,
        weeks=trend.weeks,
        observed=trend.observed,
        expected=trend.expected,
        course_week=trend.course_week,
        since=trend.since,
    )


def _cluster(row: ClusterRow, trend: ClusterTrend | None) -> ClusterOut:
    return ClusterOut(
        id=row.cluster.id,
        label=row.cluster.label,
        keywords=row.cluster.keywords,
        size=row.size,
        last_7=row.last_7,
        last_28=row.last_28,
        weekly=list(row.weekly),
        trend=_trend(trend) if row.size else None,
        answered_share=row.answered_share,
        courses=[CountOut(code=code, count=count) for code, count in row.courses],
        exemplars=[question_out(question) for question in row.exemplars],
        case=case_out(row.case) if row.case and row.case.state in LIVE_STATES else None,
    )


def _run(run: Run | None) -> RunOut | None:
    return RunOut(id=run.id, algorithm=run.algorithm, finished_at=run.finished_at) if run else None

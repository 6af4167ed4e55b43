"""Clusters, their runs and what runs would change: as lines for people, and as JSON for programs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.counted import counted

if TYPE_CHECKING:
    from kbsearch.models import ClusterTrend, Run
    from kbsearch.services.cluster_rows import ClusterRow
    from kbsearch.services.clusters import ClusterDetail, ClusterPage
    from kbsearch.services.proposals import Proposal

BARS = " ▁▂▃▄▅▆▇█"


def print_page(page: ClusterPage, trends: Mapping[int, ClusterTrend]) -> None:
    """The clusters of a page, one a line."""
    if page.run is None:
        click.echo("No clusters yet. Find some: kbsearch cluster run")
        return
    head = f"{'id':>6} {'size':>6} {'7 d':>5} {'28 d':>5}  {'16 weeks':<16} {'trend':<9} {'answered':>8}"
    click.echo(f"{head}  cluster")
    for row in page.items:
        trend = trends.get(row.cluster.id)
        click.echo(
            f"{row.cluster.id:>6} {row.size:>6} {row.last_7:>5} {row.last_28:>5}  {_spark(row.weekly):<16} "
            f"{trend.state if trend else '':<9} {row.answered_share:>8.0%}  {row.cluster.label}"
        )
    if page.total > len(page.items):
        click.echo(f"… and {page.total - len(page.items)} more.")


def _spark(weekly: tuple[int, ...]) -> str:
    """Bars of eight heights, the tallest for the busiest week."""
    most = max(weekly, default=0) or 1
    return "".join(BARS[-(-number * 8 // most)] for number in weekly)


def print_run(run: Run) -> None:
    """What a run found, in a sentence."""
    quality = run.quality
    clusters, questions = counted(quality["clusters"], "cluster"), counted(quality["questions"], "question")
    click.echo(
        f"Run {run.id}: {clusters} of {questions} "
        f"({quality['coverage']:.0%} in a cluster, {quality['by_case']:.0%} by the case that answers them) "
        f"in {quality['seconds']} s."
    )
    if quality["waiting"]:
        waiting = counted(quality["waiting"], "question is", "questions are")
        click.echo(f"{waiting} not indexed yet; see `kbsearch index status`.")


def print_detail(detail: ClusterDetail, trend: ClusterTrend | None, limit: int) -> None:
    """A cluster and its first ``limit`` questions."""
    row = detail.row
    click.secho(row.cluster.label, bold=True)
    click.echo(
        f"cluster {row.cluster.id}, {counted(row.size, 'question')}, {row.answered_share:.0%} answered"
    )
    click.echo(f"keywords: {', '.join(row.cluster.keywords)}")
    if trend is not None:
        click.echo(f"trend: {_in_words(trend)}")
    if row.case is not None:
        click.echo(f"case: {row.case.title} ({row.case.state})")
    for question, strength in detail.questions[:limit]:
        click.echo(f"{strength:>6.2f}  {' '.join(question.text.split())[:160]}")


def _in_words(trend: ClusterTrend) -> str:
    span = "week" if trend.weeks == 1 else f"{trend.weeks} weeks"
    asked = f"{counted(trend.observed, 'student')} in the last {span}, {trend.expected:.1f} expected"
    return f"{trend.state} ({asked}, p = {trend.p:.2g})"


def print_diff(proposal: Proposal, limit: int) -> None:
    """The first ``limit`` lines of what a run would change."""
    run = proposal.run
    click.echo(f"Run {run.id} ({run.state}): {counted(proposal.total, 'change')}, {proposal.open} to decide.")
    if proposal.is_open and proposal.is_obsolete:
        click.echo(
            f"Since then: {counted(proposal.newer_questions, 'new question')}, "
            f"{counted(proposal.newer_edits, 'edit')}. "
            "Run again to take them into account."
        )
    for each in proposal.lines[:limit]:
        line = each.line
        name = each.cluster.label if each.cluster else line.label
        other = f" <- {each.other.label}" if each.other and line.kind == "split" else ""
        other = f" -> {each.other.label}" if each.other and line.kind == "merged" else other
        moved = f"+{line.joined} -{line.left}"
        click.echo(f"{each.number:>4}  {line.decision:<8}  {line.kind:<6}  {moved:<9}  {name}{other}")
        for question in each.examples:
            click.echo(f"        {' '.join(question.text.split())[:120]}")
    if proposal.total > limit:
        click.echo(f"… and {proposal.total - limit} more.")


def run_as_json(run: Run) -> dict[str, Any]:
    """A run."""
    finished = run.finished_at.isoformat() if run.finished_at else None
    return {
        "id": run.id,
        "algorithm": run.algorithm,
        "finished_at": finished,
        "parameters": run.parameters,
        "quality": run.quality,
    }


def row_as_json(row: ClusterRow, trend: ClusterTrend | None) -> dict[str, Any]:
    """A cluster, with its trend where it is known."""
    return {
        "id": row.cluster.id,
        "label": row.cluster.label,
        "keywords": row.cluster.keywords,
        "size": row.size,
        "last_7": row.last_7,
        "last_28": row.last_28,
        "weekly": list(row.weekly),
        "trend": _trend_as_json(trend),
        "answered_share": round(row.answered_share, 4),
        "courses": [{"course": code, "questions": number} for code, number in row.courses],
        "case": row.case.slug if row.case else None,
    }


def _trend_as_json(trend: ClusterTrend | None) -> dict[str, Any] | None:
    if trend is None:
        return None
    return {
        "state": trend.state,
        "p": round(trend.p, 6),
        "weeks": trend.weeks,
        "observed": trend.observed,
        "expected": round(trend.expected, 2),
        "course_week": trend.course_week,
    }


def members_as_json(detail: ClusterDetail, limit: int) -> list[dict[str, Any]]:
    """The first ``limit`` questions of a cluster."""
    return [
        {"id": question.id, "text": question.text, "strength": round(strength, 4)}
        for question, strength in detail.questions[:limit]
    ]


def diff_as_json(proposal: Proposal) -> dict[str, Any]:
    """What a run would change."""
    return {
        "run": run_as_json(proposal.run) | {"state": str(proposal.run.state)},
        "total": proposal.total,
        "open": proposal.open,
        "newer_questions": proposal.newer_questions,
        "newer_edits": proposal.newer_edits,
        "lines": [
            {
                "number": each.number,
                "kind": str(each.line.kind),
                "decision": str(each.line.decision),
                "cluster": each.line.cluster_id,
                "other": each.line.other_id,
                "label": each.cluster.label if each.cluster else each.line.label,
                "joined": each.line.joined,
                "left": each.line.left,
                "examples": [question.text for question in each.examples],
            }
            for each in proposal.lines
        ],
    }

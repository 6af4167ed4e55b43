"""`kbsearch cluster`: find recurring patterns, and look at them."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.options import ALGORITHM, AS_JSON, BY_CASE, RESOLUTION, SEED
from kbsearch.cli.second_reading import read_few

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch
    from kbsearch.models import ClusterTrend, Run
    from kbsearch.ports import Progress
    from kbsearch.services.cluster_rows import ClusterRow
    from kbsearch.services.clusters import ClusterDetail, ClusterPage
    from kbsearch.services.proposals import Proposal

BARS = " ▁▂▃▄▅▆▇█"


@click.group(
    epilog="""\b
Examples:
  kbsearch cluster run
  kbsearch cluster show
  kbsearch cluster show 12
  kbsearch cluster diff
  kbsearch cluster accept 1 4
"""
)
def command() -> None:
    """Find recurring patterns in the questions, and look at them."""


@command.command(
    epilog="""\b
Examples:
  kbsearch cluster run
  kbsearch cluster run --course python-start --resolution 8
"""
)
@ALGORITHM
@RESOLUTION
@SEED
@click.option("--course", default="", help="Only questions of this course.")
@BY_CASE
@click.option("--accept", is_flag=True, help="Replace the clusters at once, instead of proposing a diff.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and no progress.")
def run(  # noqa: PLR0917  # one for each option
    algorithm: str,
    resolution: float | None,
    seed: int,
    course: str,
    by_case: bool,
    accept: bool,
    as_json: bool,
) -> None:
    """Cluster the questions; clusters that were there before keep their number and name.

    The first run is accepted at once; later ones propose a diff: see `kbsearch cluster diff`.
    """
    app = _app()
    app.questions.check_place(course)
    progress = _bar(quiet=as_json)
    app.pipeline.drain_all(progress)
    read_few(app, progress)
    run_id = app.cluster_runner.run(
        progress,
        algorithm=algorithm,
        seed=seed,
        resolution=resolution,
        course=course,
        by_case=by_case,
        accept=accept,
    )
    app.map_drawer.draw_due()
    finished = next(each for each in app.clusters.runs() if each.id == run_id)
    if as_json:
        click.echo(json.dumps(_run(finished), ensure_ascii=False))
        return
    _print_run(finished)
    page = app.clusters.list(run_id=run_id, course=course, limit=10)
    _print_page(page, app.trends.of(each.cluster.id for each in page.items))


@command.command(
    epilog="""\b
Examples:
  kbsearch cluster show --limit 50
  kbsearch cluster show 12 --json
"""
)
@click.argument("cluster_id", metavar="[ID]", type=int, required=False)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="Rows to show.")
@AS_JSON
def show(cluster_id: int | None, limit: int, as_json: bool) -> None:
    """List the clusters of the last run, or show the cluster ID with its questions."""
    app = _app()
    if cluster_id is not None:
        detail = app.clusters.get(cluster_id)
        trend = app.trends.of([cluster_id]).get(cluster_id)
        shown = {**_row(detail.row, trend), "questions": _members(detail, limit)}
        if as_json:
            click.echo(json.dumps(shown, ensure_ascii=False))
        else:
            _print_detail(detail, trend, limit)
        return
    page = app.clusters.list(limit=limit)
    trends = app.trends.of(each.cluster.id for each in page.items)
    if as_json:
        rows = [_row(each, trends.get(each.cluster.id)) for each in page.items]
        found = {"run": _run(page.run) if page.run else None, "total": page.total, "items": rows}
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        _print_page(page, trends)


@command.command(
    epilog="""\b
Examples:
  kbsearch cluster diff
  kbsearch cluster diff --json
"""
)
@click.option("--course", default="", help="Of the runs over this course.")
@click.option("--limit", default=30, show_default=True, type=click.IntRange(1, 200), help="Lines to show.")
@AS_JSON
def diff(course: str, limit: int, as_json: bool) -> None:
    """Show what the last run would change, line by line."""
    proposal = _app().proposals.latest(course)
    if as_json:
        click.echo(json.dumps(_diff(proposal) if proposal else None, ensure_ascii=False))
    elif proposal is None:
        click.echo("No run yet. Start one: kbsearch cluster run")
    else:
        _print_diff(proposal, limit)


@command.command(
    epilog="""\b
Examples:
  kbsearch cluster accept
  kbsearch cluster accept 1 4
"""
)
@click.argument("lines", type=int, nargs=-1)
@click.option("--course", default="", help="Of the runs over this course.")
def accept(lines: tuple[int, ...], course: str) -> None:
    """Accept the LINES of the last run's diff, or all that are open; the others stay as they were."""
    app = _app()
    run_id, chosen = _chosen(app.proposals.latest(course), lines)
    click.echo(f"{_changes(app.proposals.accept(run_id, chosen))} accepted.")
    app.map_drawer.draw_due()


@command.command(
    epilog="""\b
Examples:
  kbsearch cluster reject
  kbsearch cluster reject 2
"""
)
@click.argument("lines", type=int, nargs=-1)
@click.option("--course", default="", help="Of the runs over this course.")
def reject(lines: tuple[int, ...], course: str) -> None:
    """Reject the LINES of the last run's diff, or all that are open."""
    service = _app().proposals
    run_id, chosen = _chosen(service.latest(course), lines)
    click.echo(f"{_changes(service.reject(run_id, chosen))} rejected.")


def _changes(count: int) -> str:
    return counted(count, "change")


def _chosen(proposal: Proposal | None, numbers: tuple[int, ...]) -> tuple[int, list[int] | None]:
    """The run and the ids of its lines that ``numbers`` mean; None means all."""
    if proposal is None:
        raise click.UsageError("There is no run yet. Start one: kbsearch cluster run")
    if not numbers:
        return proposal.run.id, None
    known = {each.number: each.line.id for each in proposal.lines}
    unknown = [number for number in numbers if number not in known]
    if unknown:
        raise click.UsageError(f"The diff has no line {unknown[0]}; see `kbsearch cluster diff`.")
    return proposal.run.id, [known[number] for number in numbers]


def _print_diff(proposal: Proposal, limit: int) -> None:
    run = proposal.run
    click.echo(f"Run {run.id} ({run.state}): {_changes(proposal.total)}, {proposal.open} to decide.")
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


def _diff(proposal: Proposal) -> dict[str, Any]:
    return {
        "run": _run(proposal.run) | {"state": str(proposal.run.state)},
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


def _app() -> Kbsearch:
    from kbsearch.app import Kbsearch

    return Kbsearch()


def _bar(*, quiet: bool) -> Progress:
    """A progress line on a terminal; nothing elsewhere, or when ``quiet``."""

    def tell(done: int, total: int, stage: str) -> None:
        if quiet or not sys.stderr.isatty():
            return
        share = done / total if total else 0.0
        filled = round(20 * share)
        click.echo(f"\r\033[K{'█' * filled}{'░' * (20 - filled)} {stage}", nl=False, err=True)
        if total and done >= total:
            click.echo("\r\033[K", nl=False, err=True)

    return tell


def _print_run(run: Run) -> None:
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


def _print_page(page: ClusterPage, trends: Mapping[int, ClusterTrend]) -> None:
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


def _print_detail(detail: ClusterDetail, trend: ClusterTrend | None, limit: int) -> None:
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


def _run(run: Run) -> dict[str, Any]:
    finished = run.finished_at.isoformat() if run.finished_at else None
    return {
        "id": run.id,
        "algorithm": run.algorithm,
        "finished_at": finished,
        "parameters": run.parameters,
        "quality": run.quality,
    }


def _trend(trend: ClusterTrend | None) -> dict[str, Any] | None:
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


def _row(row: ClusterRow, trend: ClusterTrend | None) -> dict[str, Any]:
    return {
        "id": row.cluster.id,
        "label": row.cluster.label,
        "keywords": row.cluster.keywords,
        "size": row.size,
        "last_7": row.last_7,
        "last_28": row.last_28,
        "weekly": list(row.weekly),
        "trend": _trend(trend),
        "answered_share": round(row.answered_share, 4),
        "courses": [{"course": code, "questions": number} for code, number in row.courses],
        "case": row.case.slug if row.case else None,
    }


def _members(detail: ClusterDetail, limit: int) -> list[dict[str, Any]]:
    return [
        {"id": question.id, "text": question.text, "strength": round(strength, 4)}
        for question, strength in detail.questions[:limit]
    ]

"""`kbsearch cluster`: find recurring patterns, and look at them."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from kbsearch.cli.cluster_output import (
    diff_as_json,
    members_as_json,
    print_detail,
    print_diff,
    print_page,
    print_run,
    row_as_json,
    run_as_json,
)
from kbsearch.cli.counted import counted
from kbsearch.cli.options import ALGORITHM, AS_JSON, BY_CASE, RESOLUTION, SEED
from kbsearch.cli.second_reading import read_few

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch
    from kbsearch.ports import Progress
    from kbsearch.services.proposals import Proposal


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
        click.echo(json.dumps(run_as_json(finished), ensure_ascii=False))
        return
    print_run(finished)
    page = app.clusters.list(run_id=run_id, course=course, limit=10)
    print_page(page, app.trends.of(each.cluster.id for each in page.items))


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
        shown = {**row_as_json(detail.row, trend), "questions": members_as_json(detail, limit)}
        if as_json:
            click.echo(json.dumps(shown, ensure_ascii=False))
        else:
            print_detail(detail, trend, limit)
        return
    page = app.clusters.list(limit=limit)
    trends = app.trends.of(each.cluster.id for each in page.items)
    if as_json:
        rows = [row_as_json(each, trends.get(each.cluster.id)) for each in page.items]
        found = {"run": run_as_json(page.run) if page.run else None, "total": page.total, "items": rows}
        click.echo(json.dumps(found, ensure_ascii=False))
    else:
        print_page(page, trends)


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
        click.echo(json.dumps(diff_as_json(proposal) if proposal else None, ensure_ascii=False))
    elif proposal is None:
        click.echo("No run yet. Start one: kbsearch cluster run")
    else:
        print_diff(proposal, limit)


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

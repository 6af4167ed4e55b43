"""`kbsearch index`: status, rebuild and check of the search index."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.progress_bar import ProgressBar
from kbsearch.config import load_settings

if TYPE_CHECKING:
    from indexer.maintenance import IndexMaintenance
    from indexer.reports import CheckReport, CollectionCheck, CollectionStatus, IndexStatus

SHOWN = 10
_AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")


@click.group(
    epilog="""\b
Examples:
  kbsearch index status
  kbsearch index check --mend
  kbsearch index rebuild
"""
)
def command() -> None:
    """Look at, check or rebuild the search index."""


@command.command()
@_AS_JSON
def status(as_json: bool) -> None:
    """Show what is indexed, what waits and what failed.  Exit status 1 when the index cannot be used."""
    state = _maintenance().status()
    if as_json:
        _print_json({**asdict(state), "waiting": state.waiting, "failed": state.failed})
    else:
        _print_status(state)
    sys.exit(1 if state.problems else 0)


@command.command()
@_AS_JSON
def rebuild(as_json: bool) -> None:
    """Build the index anew beside the running one; searches go on meanwhile.

    Needed after a change of the encoder or of kbsearch's index format.
    """
    bar = ProgressBar(quiet=as_json)
    maintenance = _maintenance()
    maintenance.rebuild(bar)
    maintenance.read_all(bar)
    state = maintenance.status()
    bar.close()
    if as_json:
        _print_json(asdict(state))
    else:
        _print_status(state)


@command.command()
@click.option("--mend", is_flag=True, help="Index again what differs; rebuild what is damaged.")
@_AS_JSON
def check(mend: bool, as_json: bool) -> None:
    """Compare index and database by id and content.  Exit status 1 when they differ and are not mended."""
    report = _checked(mend)
    if as_json:
        _print_json({**asdict(report), "ok": report.ok})
    else:
        _print_check(report)
    sys.exit(0 if report.ok or report.mended else 1)


def _checked(mend: bool) -> CheckReport:
    from kbsearch.app import Kbsearch

    app = Kbsearch(load_settings())
    report = app.maintenance.check(mend)
    if report.mended:
        app.pipeline.drain_all()
        app.maintenance.read_all()
    return report


def _maintenance() -> IndexMaintenance:
    from kbsearch.app import Kbsearch

    return Kbsearch(load_settings()).maintenance


def _print_json(value: dict[str, Any]) -> None:
    click.echo(json.dumps(value, default=str, ensure_ascii=False, indent=2))


def _print_status(state: IndexStatus) -> None:
    click.echo(f"Encoder: {state.model_id}" + (f"; {state.second_id} for cases" if state.second_id else ""))
    for one in state.collections:
        _print_collection(one)


def _print_collection(one: CollectionStatus) -> None:
    click.echo(f"{one.collection}: {one.in_index:,} of {one.in_database:,} indexed, {one.waiting:,} waiting")
    if one.oldest_seconds is not None:
        click.echo(f"  the oldest has waited for {one.oldest_seconds:,.0f} s")
    if one.unread:
        unread = counted(one.unread, "is found", "are found")
        click.echo(f"  {unread}, but not read by the second encoder yet; the worker does that")
    if one.failed:
        click.secho(
            f"  {one.failed:,} failed; the worker tries {'it' if one.failed == 1 else 'them'} again",
            fg="yellow",
        )
    if one.generation:
        when = f"{one.committed_at:%Y-%m-%d %H:%M:%S} UTC" if one.committed_at else "never"
        click.echo(f"  {one.generation}, {one.bytes / 1e6:,.1f} MB, last commit {when}, {one.model_id}")
    else:
        click.echo("  not there yet: it is made when the first document is indexed")
    if one.problem:
        click.secho(f"  {one.problem}", fg="red")
        click.echo("  Run `kbsearch index rebuild`.")


def _print_check(report: CheckReport) -> None:
    for one in report.collections:
        _print_difference(one)
    if report.mended:
        click.echo("Mended.")
    elif not report.ok:
        click.echo("Run `kbsearch index check --mend`.")


def _print_difference(one: CollectionCheck) -> None:
    if one.ok:
        click.secho(f"{one.collection}: the index holds what the database holds", fg="green")
    if one.waiting:
        click.echo(f"{one.collection}: {counted(one.waiting, 'change waits', 'changes wait')} for the worker")
    if one.problem:
        click.secho(f"{one.collection}: {one.problem}", fg="red")
    for kind in ("missing", "extra", "stale"):
        ids = getattr(one, kind)
        if ids:
            more = ", …" if len(ids) > SHOWN else ""
            click.echo(f"{one.collection}: {len(ids):,} {kind}: {', '.join(map(str, ids[:SHOWN]))}{more}")

"""`kbsearch learn`: refit matching on what people did, and go back."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.options import AS_JSON
from kbsearch.cli.progress_bar import ProgressBar
from kbsearch.config import load_settings

if TYPE_CHECKING:
    from kbsearch.services.learning import Outcome
    from kbsearch.services.model_versions import ModelVersions

BEFORE = ""
"""`--rollback` without a version."""


@click.command(
    epilog="""\b
Examples:
  kbsearch learn --dry-run
  kbsearch learn
  kbsearch learn --list
  kbsearch learn --rollback
  kbsearch learn --rollback learned-2026-11-24
"""
)
@click.option("--dry-run", is_flag=True, help="Compare, but store and activate nothing.")
@click.option("--list", "listing", is_flag=True, help="List the versions of the model.")
@click.option(
    "--rollback",
    is_flag=False,
    flag_value=BEFORE,
    default=None,
    metavar="[VERSION]",
    help="Go back to the version before the active one, or to VERSION.",
)
@AS_JSON
def command(dry_run: bool, listing: bool, rollback: str | None, as_json: bool) -> None:
    """Refit ranker and calibration on feedback and answered questions.

    The new model is kept only if it is better on held-out judgements by a paired test; else the old one
    stays.  Every process matches with the new one within a second.  The worker does the same each night
    (setting night_hour).
    """
    from kbsearch.app import Kbsearch

    app = Kbsearch(load_settings())
    if listing:
        _print_versions(app.versions, as_json)
    elif rollback is not None:
        name = app.versions.roll_back(rollback)
        click.echo(json.dumps({"active": name}) if as_json else f"Active now: {name}")
    else:
        bar = ProgressBar(quiet=as_json)
        outcome = app.learning.learn(bar, store=not dry_run)
        bar.close()
        click.echo(
            json.dumps(asdict(outcome) | {"stored": outcome.kept == "new" and not dry_run})
            if as_json
            else told(outcome, dry_run)
        )


def told(outcome: Outcome, dry_run: bool) -> str:
    """``outcome`` in words."""
    if outcome.kept == "too little":
        needed = outcome.figures["needed"]
        judged = counted(outcome.judged, "judged question has", "judged questions have")
        return (
            f"Too little to learn from: {judged} a right case, {needed} are needed. {outcome.parent} stays."
        )
    lines = [
        _compared(name, outcome.figures[key]) for name, key in (("MRR", "mrr"), ("log loss", "log_loss"))
    ]
    judgements = counted(outcome.figures["n"], "held-out judgement")
    head = f"On {judgements}, {outcome.parent} against the refitted model:"
    if outcome.kept == "old":
        return "\n".join([head, *lines, f"Not better beyond chance: {outcome.parent} stays."])
    done = "would be kept" if dry_run else "is active now"
    return "\n".join([head, *lines, f"Better: {outcome.version} {done}."])


def _compared(name: str, figures: dict[str, Any]) -> str:
    counts = f"better {figures['better']}, worse {figures['worse']}, {_chance(figures['p'])}"
    return f"  {name:<9} {figures['old']:.3f} → {figures['new']:.3f}  ({counts})"


def _chance(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p {p:.3f}"  # noqa: PLR2004  # what three places can tell


def _print_versions(versions: ModelVersions, as_json: bool) -> None:
    active = versions.active()
    rows = [
        {
            "version": row.name,
            "active": row.name == active,
            "parent": row.parent,
            "created": row.created_at.isoformat(),
            "figures": row.figures,
            "provenance": row.provenance,
        }
        for row in versions.list()
    ]
    shipped = {"version": versions.shipped, "active": versions.shipped == active, "parent": ""}
    if as_json:
        click.echo(json.dumps([*rows, shipped], ensure_ascii=False))
        return
    for row in rows:
        mark = "*" if row["active"] else " "
        click.echo(f"{mark} {row['version']:<24} {str(row['created'])[:16]}  after {row['parent']}")
    click.echo(f"{'*' if shipped['active'] else ' '} {versions.shipped:<24} comes with kbsearch")

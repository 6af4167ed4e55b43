"""How `kbsearch import` prints what a file holds, what became of it, and why it cannot be read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.counted import counted
from kbsearch.errors import InvalidInput, fill

if TYPE_CHECKING:
    from kbsearch.importers.records import Skipped
    from kbsearch.services.imports import ImportPreview, ImportReport
    from kbsearch.services.outline_names import Unknown

SHOWN = 20
"""Skipped rows, and channels, that are printed."""

_TAKEN = {
    "questions_new": ("question taken", "questions taken"),
    "questions_known": ("question known already", "questions known already"),
    "cases_new": ("case taken", "cases taken"),
    "cases_changed": ("case brought up to date", "cases brought up to date"),
    "cases_same": ("case unchanged", "cases unchanged"),
    "courses": ("course saved", "courses saved"),
    "enrolments": ("week of enrolment saved", "weeks of enrolment saved"),
}


def show_error(path: Path, error: InvalidInput, as_json: bool) -> None:
    """Print why the file at ``path`` cannot be read, on the error stream unless ``as_json``."""
    if as_json:
        _print_json({"path": str(path), "error": error.message, "remedy": error.remedy, "code": error.code})
        return
    click.secho(f"kbsearch: {error.message}", fg="red", err=True)
    if error.remedy:
        click.echo(f"  {error.remedy}", err=True)


def show_preview(path: Path, preview: ImportPreview, as_json: bool) -> None:
    """Print what the file at ``path`` holds."""
    if as_json:
        _print_json({"path": str(path), **asdict(preview), "skipped": _skipped(preview.skipped)})
        return
    encoding = f", {preview.encoding}" if preview.encoding else ""
    click.secho(f"{path}: {preview.format}{encoding}", bold=True)
    _show_header(preview.header, preview.month_first)
    for field, column in preview.mapping.items():
        click.echo(f"  {field:<10} ← {column}")
    if unused := [column for column in preview.columns if column not in preview.mapping.values()]:
        click.echo(f"  not used: {', '.join(unused)}")
    _show_channels(preview.channels)
    for sample in preview.sample:
        click.echo(f"  {sample.place} ({sample.kind})")
        for name, value in sample.fields.items():
            if value:
                click.echo(f"    {name}: {_short(value)}")
    would_take = [counted(count, name.removesuffix("s")) for name, count in _by_count(preview.counts)]
    click.echo(f"  would take: {', '.join(would_take) or 'nothing'}")
    _show_shared_ids(preview.clashes, preview.mapping.get("id", ""))
    _show_undated(preview.undated)
    _show_unknown(preview.unknown)
    _show_rest(preview.skipped, preview.skipped_count, preview.harmless, preview.masked)
    if preview.problem:
        click.secho(f"  {preview.problem}", fg="red")
        click.echo(f"  {preview.remedy}")


def show_report(path: Path, report: ImportReport, as_json: bool) -> None:
    """Print what became of the file at ``path``."""
    if as_json:
        _print_json({"path": str(path), **asdict(report), "skipped": _skipped(report.skipped)})
        return
    click.secho(str(path), bold=True)
    _show_header(report.header, report.month_first)
    for name, words in _TAKEN.items():
        if report.taken.get(name):
            click.echo(f"  {_in_column(report.taken[name], *words)}")
    if not report.anything:
        click.echo("  nothing to take")
    if report.clashes:
        told = _in_column(report.clashes, "of the known ones has", "of the known ones have")
        click.echo(f"  {told} another text here: give this file its --source")
    _show_shared_ids(report.clashes_within, report.id_column, _undoing(report))
    if report.kept_places:
        told = _in_column(report.kept_places, "of the known ones has", "of the known ones have")
        keep = "keeps its own" if report.kept_places == 1 else "keep theirs"
        click.echo(f"  {told} another course or lesson here and")
        click.echo(f"          {keep}: questions never change once they are taken")
    _show_undated(report.undated)
    _show_unknown(report.unknown)
    if _can_be_undone(report):
        click.echo(f"  to take it back: kbsearch imports undo {report.import_id}")
    _show_rest(report.skipped, report.skipped_count, report.harmless, report.masked)


def _can_be_undone(report: ImportReport) -> bool:
    brought = ("questions_new", "cases_new", "cases_changed", "courses", "enrolments")
    return any(report.taken.get(name) for name in brought)


def _undoing(report: ImportReport) -> str:
    """How to undo the import that took the questions of the file: this one, or an earlier one."""
    if _can_be_undone(report):
        return f"undo the import (kbsearch imports undo {report.import_id}), then "
    return "undo the import that took them (see kbsearch imports list), then "


def _show_shared_ids(count: int, column: str, undoing: str = "") -> None:
    """Tell of rows that share an id; ``undoing``: what to do first where they were taken."""
    if not count:
        return
    told = _in_column(count, "row has", "rows have")
    click.secho(f"  {told} the id of an earlier row and another text: only the first is taken.", fg="yellow")
    if column:
        click.echo(f"          If column '{column}' holds no ids of questions, {undoing}say")
        click.echo("          --map id=COLUMN, or --map id= when no column does")


def _show_channels(channels: tuple[str, ...]) -> None:
    if len(channels) > 1:
        more = f" … and {len(channels) - SHOWN} more" if len(channels) > SHOWN else ""
        click.echo(f"  channels: {', '.join(channels[:SHOWN])}{more}")
        click.echo("    --channel NAME takes that one, several times several; without it all are taken")


def _show_undated(count: int) -> None:
    if count:
        told = _in_column(count, "question tells no date and counts", "questions tell no date and count")
        click.secho(f"  {told} as asked when taken in. If a column holds it, say", fg="yellow")
        click.echo("          --map asked_at=COLUMN first: questions never change once they are taken")


def _show_unknown(unknown: list[Unknown]) -> None:
    strange = [one for one in unknown if one.kind != "elsewhere"]
    if strange:
        click.secho("  in no outline of the school:", fg="yellow")
        _list_unknown(strange, "is it {name}?")
        click.echo(
            "    They are taken as they are. Import the outline first, or mend the name: questions that"
        )
        click.echo("    were taken already keep the course and lesson they have.")
    if elsewhere := [one for one in unknown if one.kind == "elsewhere"]:
        click.secho("  lessons of another course than the rows say:", fg="yellow")
        _list_unknown(elsewhere, "it belongs to {name}")
        click.echo("    They are taken as they are.")


def _list_unknown(unknown: list[Unknown], hint: str) -> None:
    for one in unknown[:SHOWN]:
        kind = "course" if one.kind == "course" else "lesson"
        nearest = f"; {hint.format(name=one.nearest)}" if one.nearest else ""
        click.echo(f"    {kind} '{one.name}': {counted(one.rows, 'row')}{nearest}")
    if len(unknown) > SHOWN:
        click.echo(f"    … and {len(unknown) - SHOWN} more")


def _show_header(header: str | None, month_first: bool) -> None:
    if header is not None:
        click.echo(f"  headers: {header or 'none, the first row is data'}")
    if month_first:
        click.echo("  dates: the month first (11/3/2026 is in November)")


def _show_rest(
    skipped: list[Skipped], count: int, harmless: Mapping[str, int], masked: Mapping[str, int]
) -> None:
    if masked:
        click.echo(f"  masked: {', '.join(counted(count, kind) for kind, count in _by_count(masked))}")
    if harmless:
        passed = [f"{count} × {reason}" for reason, count in _by_count(harmless)]
        click.echo(f"  passed over: {', '.join(passed)}")
    if count:
        click.secho(f"  {count} skipped:", fg="yellow")
    for row in skipped[:SHOWN]:
        click.echo(f"    {row.place}: {_reason(row)}")
    if count > SHOWN:
        click.echo(f"    … and {count - SHOWN} more")


def _in_column(count: int, one: str, many: str) -> str:
    """As `counted`, numbers below each other."""
    number, _, words = counted(count, one, many).partition(" ")
    return f"{number:>7} {words}"


def _by_count(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: -pair[1])


def _short(text: str, width: int = 90) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _reason(row: Skipped) -> str:
    said, remedy = (fill(text, dict(row.details)) for text in (row.reason, row.remedy))
    return f"{said.rstrip('.')}. {remedy}" if remedy else said


def _skipped(rows: list[Skipped]) -> list[dict[str, str]]:
    return [{"place": row.place, "reason": _reason(row)} for row in rows]


def _print_json(data: Mapping[str, Any]) -> None:
    click.echo(json.dumps(data, ensure_ascii=False, indent=2))

"""`kbsearch imports`: what was taken in so far, and taking it back."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.imports import NOT_INDEXED, index_taken, progress_bar
from kbsearch.cli.options import AS_JSON

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch
    from kbsearch.services.import_undoing import Outcome
    from kbsearch.services.past_imports import PastImport, UndoPreview

WIDTH = 80
BROUGHT = {
    "questions_new": "question",
    "cases_new": "case",
    "cases_changed": "changed case",
    "courses": "course",
    "enrolments": "week of enrolment",
}
WORK = {
    "answered": "answered, dismissed or opened again",
    "judged": "judged",
    "linked": "linked or unlinked as repeats",
    "phrasing": "phrasings of cases",
    "clustered": "put into their cluster by people",
}


@click.group(
    epilog="""\b
Examples:
  kbsearch imports list
  kbsearch imports undo 12 --dry-run
  kbsearch imports undo 12
"""
)
def command() -> None:
    """Past imports, and undoing them."""


@command.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="Rows to show.")
@AS_JSON
def list_imports(limit: int, as_json: bool) -> None:
    """List imports, the newest first."""
    rows = _app().past_imports.latest(limit)
    if as_json:
        items = [_as_data(row) for row in rows]
        click.echo(json.dumps({"items": items}, ensure_ascii=False))
        return
    if not rows:
        click.echo("No imports.")
    for row in rows:
        record = row.record
        brought = [
            counted(record.taken[name], one, "weeks of enrolment" if one.startswith("week") else "")
            for name, one in BROUGHT.items()
            if record.taken.get(name)
        ]
        by = f", {row.person}" if row.person else ""
        click.echo(
            f"{record.id:>6}  {record.state:<8} {record.started_at:%Y-%m-%d %H:%M} UTC  {record.name}{by}: "
            f"{', '.join(brought) or 'nothing new'}"
        )


@command.command(
    epilog="""\b
Examples:
  kbsearch imports undo 12 --dry-run
  kbsearch imports undo 12
  kbsearch imports undo 12 --json --no-index
"""
)
@click.argument("import_id", metavar="ID", type=int)
@click.option("--dry-run", is_flag=True, help="Tell what would be removed and what would stay; do nothing.")
@click.option("--no-index", is_flag=True, help="Leave indexing to a worker.")
@AS_JSON
def undo(import_id: int, dry_run: bool, no_index: bool, as_json: bool) -> None:
    """Undo the import ID: remove what it brought.

    Questions and cases that it brought are removed, and cases that it changed say again what they said
    before. Questions of before stay, and so does all that people have worked on since. It is done whole or
    not at all. Afterwards the file can be imported again.

    Exit status: 0 undone and indexed; 1 it cannot be undone; 3 undone, but not indexed.
    """
    app = _app()
    if dry_run:
        _show_preview(app.past_imports.preview(import_id), as_json)
        return
    with progress_bar(as_json) as progress:
        outcome = app.past_imports.undo(import_id, progress=progress)
    _show_outcome(outcome, as_json)
    if not no_index and not index_taken(app, as_json):
        sys.exit(NOT_INDEXED)


def _as_data(row: PastImport) -> dict[str, Any]:
    record = row.record
    moments = {
        name: moment.isoformat() if (moment := getattr(record, name)) else None
        for name in ("started_at", "finished_at", "undone_at")
    }
    told = {name: getattr(record, name) for name in ("id", "name", "format", "taken", "job_id")}
    return told | {"state": str(record.state), "person": row.person, "undone_by": row.undone_by} | moments


def _show_preview(preview: UndoPreview, as_json: bool) -> None:
    record, plan = preview.past.record, preview.plan
    if as_json:
        told = {
            "import_id": record.id,
            "questions": len(plan.questions),
            "cases": len(plan.cases),
            "replies": plan.replies,
            "restored": len(plan.restored),
            "kept": plan.reasons,
            "kept_cases": [asdict(one) for one in plan.kept_cases],
            "later": [one.id for one in preview.later],
        }
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    click.secho(f"Import {record.id}: {record.name}", bold=True)
    click.echo("would remove")
    _show_counts(len(plan.questions), len(plan.cases), plan.replies, len(plan.restored))
    _show_kept(plan.reasons, [one.title for one in plan.kept_cases])
    for one in preview.examples:
        click.echo(f"    question {one.id}: {_line(one.text)}")
    if preview.later:
        ids = ", ".join(str(one.id) for one in preview.later)
        click.secho(f"  Later imports had questions that were known already: {ids}.", fg="yellow")
        click.echo(
            "    Where this import brought them, they go: take those files in again to have them back."
        )
    click.echo("  Course outlines and enrolments stay as they are.")


def _show_outcome(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(outcome), ensure_ascii=False, indent=2))
        return
    click.secho(f"Import {outcome.import_id} is undone. Removed:", bold=True)
    _show_counts(outcome.questions, outcome.cases, outcome.replies, outcome.restored)
    _show_kept(outcome.kept, [one["title"] for one in outcome.kept_cases])


def _show_counts(questions: int, cases: int, replies: int, restored: int) -> None:
    click.echo(f"  {counted(questions, 'question')}")
    if cases:
        click.echo(f"  {counted(cases, 'case')}")
    if replies:
        click.echo(f"  {counted(replies, 'reply', 'replies')} to questions of before")
    if restored:
        said = counted(restored, "case says", "cases say")
        click.echo(f"  what {said} since: the text of before comes back")


def _show_kept(kept: dict[str, int], cases: list[str]) -> None:
    for work, count in kept.items():
        said = counted(count, "question stays", "questions stay")
        click.secho(f"  {said}, for people have worked on them since: {WORK[work]}", fg="yellow")
    for title in cases:
        click.secho(f"  the case '{_line(title)}' stays: it was changed or used since", fg="yellow")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _app() -> Kbsearch:
    from kbsearch.app import Kbsearch

    return Kbsearch()

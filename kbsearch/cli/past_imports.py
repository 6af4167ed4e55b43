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
WHY = {
    "later": "import {number} told it anew since",
    "changed": "it was changed since",
    "lesson": "a lesson that it had before belongs to another course now",
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
            counted(row.taken[name], one, "weeks of enrolment" if one.startswith("week") else "")
            for name, one in BROUGHT.items()
            if row.taken.get(name)
        ]
        by = f", {row.person}" if row.person else ""
        click.echo(
            f"{record.id:>6}  {row.state:<8} {record.started_at:%Y-%m-%d %H:%M} UTC  {record.name}{by}: "
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

    Questions, cases, courses and enrolments that it brought are removed, and those that it changed say again
    what they said before. Questions of before stay, and so does all that people have worked on, or a later
    import told anew, since. It is done whole or not at all. Afterwards the file can be imported again.

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
    told = {name: getattr(record, name) for name in ("id", "name", "format", "job_id")}
    told |= {"taken": row.taken, "state": str(row.state), "person": row.person, "undone_by": row.undone_by}
    return told | moments


def _show_preview(preview: UndoPreview, as_json: bool) -> None:
    from kbsearch.services.import_undoing import outcome_of

    record = preview.past.record
    outcome = outcome_of(record.id, preview.plan)
    if as_json:
        told = asdict(outcome) | {"later": [one.id for one in preview.later]}
        click.echo(json.dumps(told, ensure_ascii=False, indent=2))
        return
    click.secho(f"Import {record.id}: {record.name}", bold=True)
    click.echo("would remove")
    _show_counts(outcome)
    _show_kept(outcome)
    for one in preview.examples:
        click.echo(f"    question {one.id}: {_line(one.text)}")
    if preview.later:
        ids = ", ".join(str(one.id) for one in preview.later)
        click.secho(f"  Later imports had questions that were known already: {ids}.", fg="yellow")
        click.echo(
            "    Where this import brought them, they go: take those files in again to have them back."
        )
    if preview.keeps_nothing:
        click.echo("  Its outlines and enrolments stay: kbsearch did not keep yet what they replaced.")


def _show_outcome(outcome: Outcome, as_json: bool) -> None:
    if as_json:
        click.echo(json.dumps(asdict(outcome), ensure_ascii=False, indent=2))
        return
    click.secho(f"Import {outcome.import_id} is undone. Removed:", bold=True)
    _show_counts(outcome)
    _show_kept(outcome)


def _show_counts(outcome: Outcome) -> None:
    replies = counted(outcome.replies, "reply", "replies")
    cases = counted(outcome.restored, "case says", "cases say")
    courses = counted(outcome.courses_restored, "course says", "courses say")
    weeks = counted(outcome.weeks_restored, "week", "weeks")
    lines = [
        (outcome.questions, counted(outcome.questions, "question")),
        (outcome.cases, counted(outcome.cases, "case")),
        (outcome.replies, f"{replies} to questions of before"),
        (outcome.restored, f"what {cases} since: the text of before comes back"),
        (outcome.courses, f"{counted(outcome.courses, 'course')} with lessons and cohorts"),
        (outcome.courses_restored, f"what {courses} since: lessons and cohorts of before come back"),
        (outcome.weeks, counted(outcome.weeks, "week of enrolment", "weeks of enrolment")),
        (outcome.weeks_restored, f"the enrolment of {weeks}: the number of before comes back"),
    ]
    for line in [line for count, line in lines if count] or ["nothing now"]:
        click.echo(f"  {line}")


def _show_kept(outcome: Outcome) -> None:
    for work, count in outcome.kept.items():
        said = counted(count, "question stays", "questions stay")
        click.secho(f"  {said}, for people have worked on them since: {WORK[work]}", fg="yellow")
    for case in outcome.kept_cases:
        click.secho(f"  the case '{_line(case['title'])}' stays: it was changed or used since", fg="yellow")
    for course in outcome.kept_courses:
        why = WHY[course["reason"]].format(number=course["import_id"])
        click.secho(f"  the course '{_line(course['title'])}' stays as it is: {why}", fg="yellow")
    for number, count in outcome.kept_weeks.items():
        why = f"import {number} told them anew since" if number != "0" else "they were changed since"
        said = counted(count, "week of enrolment stays", "weeks of enrolment stay")
        click.secho(f"  {said} as told: {why}", fg="yellow")


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _app() -> Kbsearch:
    from kbsearch.app import Kbsearch

    return Kbsearch()

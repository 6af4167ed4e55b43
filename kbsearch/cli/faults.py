"""`kbsearch faults`: bursts of questions that speak of a broken platform."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.options import AS_JSON

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch


@click.group(
    epilog="""\b
Examples:
  kbsearch faults list
  kbsearch faults show 1
  kbsearch faults close 1 --answer "The platform works again."
  kbsearch faults dismiss 1
"""
)
def command() -> None:
    """Bursts of questions that speak of a broken platform."""


@command.command("list")
@click.option(
    "--state", type=click.Choice(["open", "closed", "dismissed"]), help="Only faults in this state."
)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 500), help="Rows to show.")
@AS_JSON
def list_faults(state: str | None, limit: int, as_json: bool) -> None:
    """List faults, the latest first."""
    rows = _app().faults.list(state=state or "", limit=limit)
    if as_json:
        items = [
            {
                "id": row.fault.id,
                "state": str(row.fault.state),
                "since": row.fault.started_at.isoformat(),
                "last": row.fault.last_at.isoformat(),
                "questions": row.questions,
                "waiting": row.waiting,
            }
            for row in rows
        ]
        click.echo(json.dumps({"items": items}, ensure_ascii=False))
        return
    if not rows:
        click.echo("No faults.")
    for row in rows:
        click.echo(
            f"{row.fault.id:>6}  {row.fault.state:<10} {row.fault.started_at:%Y-%m-%d %H:%M} – "
            f"{row.fault.last_at:%Y-%m-%d %H:%M} UTC  {counted(row.questions, 'question')}, "
            f"{row.waiting} waiting"
        )


@command.command()
@click.argument("fault_id", metavar="ID", type=int)
@AS_JSON
def show(fault_id: int, as_json: bool) -> None:
    """Show the report of the fault ID."""
    from zoneinfo import ZoneInfo

    from kbsearch.services.fault_report import as_data

    app = _app()
    detail = app.faults.get(fault_id)
    data = as_data(detail.fault, detail.report)
    if as_json:
        click.echo(json.dumps(data, ensure_ascii=False))
        return
    click.secho(f"Platform fault {fault_id} ({data['state']})", bold=True)
    zone = ZoneInfo(app.settings.timezone)  # that of the hours below
    since, last = (at.astimezone(zone) for at in (detail.fault.started_at, detail.fault.last_at))
    click.echo(f"since {since:%Y-%m-%d %H:%M}, last question {last:%Y-%m-%d %H:%M} ({zone.key})")
    click.echo(
        f"{counted(data['questions'], 'question')} of {counted(data['students'], 'student')}, "
        f"{data['waiting']} waiting"
    )
    for entry in data["per_hour"]:
        click.echo(f"  {entry['hour'][:16].replace('T', ' ')}  {entry['questions']:>4}")
    for title, key, name in (("messages", "messages", "text"), ("lessons", "lessons", "lesson")):
        told = ", ".join(
            f"{entry[name] or entry.get('course')} ({entry['questions']})" for entry in data[key]
        )
        click.echo(f"{title}: {told or 'none'}")
    for text in data["examples"]:
        click.echo(f"  «{' '.join(text.split())}»")


@command.command()
@click.argument("fault_id", metavar="ID", type=int)
@click.option("--answer", required=True, help="What every waiting question is answered with.")
def close(fault_id: int, answer: str) -> None:
    """Close the fault ID: it is over, and its waiting questions get one answer."""
    count = _app().faults.close(fault_id, answer)
    answered = counted(count, "question is", "questions are")
    click.echo(f"Closed: {answered} answered. Undo: kbsearch faults reopen {fault_id}")


@command.command()
@click.argument("fault_id", metavar="ID", type=int)
def dismiss(fault_id: int) -> None:
    """Dismiss the fault ID: it was none."""
    _app().faults.dismiss(fault_id)
    click.echo(f"Dismissed. Undo: kbsearch faults reopen {fault_id}")


@command.command()
@click.argument("fault_id", metavar="ID", type=int)
def reopen(fault_id: int) -> None:
    """Take closing or dismissing the fault ID back."""
    _app().faults.reopen(fault_id)
    click.echo("It is open again.")


def _app() -> Kbsearch:
    from kbsearch.app import Kbsearch

    return Kbsearch()

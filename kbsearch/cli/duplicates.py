"""`kbsearch duplicates`: questions that repeat each other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.options import AS_JSON

if TYPE_CHECKING:
    from kbsearch.services.duplicates import Group

MEMBERS = 3
WIDTH = 90


@click.command(
    "duplicates",
    epilog="""\b
Examples:
  kbsearch duplicates
  kbsearch duplicates --find
  kbsearch duplicates --limit 100 --json
""",
)
@click.option("--find", is_flag=True, help="Compare all questions first, old ones too.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="Groups to show.")
@AS_JSON
def command(find: bool, limit: int, as_json: bool) -> None:
    """List groups of questions that ask the same, largest first, and how each was answered."""
    from kbsearch.app import Kbsearch

    app = Kbsearch()
    linked = app.duplicates.find_all() if find else None
    page = app.duplicates.groups(limit=limit)
    if as_json:
        groups = [_as_json(group) for group in page.items]
        click.echo(json.dumps({"linked": linked, "total": page.total, "items": groups}, ensure_ascii=False))
        return
    if linked is not None:
        click.echo(f"{counted(linked, 'question was', 'questions were')} linked.")
    if not page.total:
        click.echo("No question repeats another one.")
    for group in page.items:
        _print(group)
    if page.total > len(page.items):
        click.echo(f"… and {counted(page.total - len(page.items), 'more group')}.")


def _print(group: Group) -> None:
    answer = group.answer
    how = answer.case.slug if answer.case else "a reply" if answer.reply else "no answer"
    click.echo(f"{answer.size:>5} ×  {click.style(_line(group.wording), bold=True)}  → {how}")
    for question in group.questions[1 : 1 + MEMBERS]:
        click.secho(f"         {question.id}: {_line(question.text)}", dim=True)


def _line(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= WIDTH else line[: WIDTH - 1] + "…"


def _as_json(group: Group) -> dict[str, Any]:
    answer = group.answer
    return {
        "size": answer.size,
        "case": answer.case.slug if answer.case else None,
        "reply": answer.reply.text if answer.reply else None,
        "questions": [{"id": question.id, "text": question.text} for question in group.questions],
    }

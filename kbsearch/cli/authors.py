"""`kbsearch author`: what is stored of one person, and forgetting who wrote it."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from kbsearch.cli.counted import counted
from kbsearch.config import load_settings

if TYPE_CHECKING:
    from kbsearch.services.authors import AuthorService, Kept


@click.group(
    epilog="""\b
Examples:
  kbsearch author show student-77
  kbsearch author show user123456 > theirs.jsonl
  kbsearch author forget student-77 --dry-run
"""
)
def command() -> None:
    """What is stored of a student or mentor, and forgetting who wrote it.

    AUTHOR is the name or id that the file or the API gave; kbsearch keeps a keyed hash of it.
    """


@command.command()
@click.argument("author")
def show(author: str) -> None:
    """Print all that AUTHOR wrote, masked as it is stored, as JSON Lines."""
    authors = _authors()
    authors.kept(author)
    for one in authors.written(author):
        click.echo(json.dumps(asdict(one), ensure_ascii=False, default=str))


@command.command()
@click.argument("author")
@click.option("--dry-run", is_flag=True, help="Tell how much it is; change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask: it cannot be undone.")
def forget(author: str, dry_run: bool, yes: bool) -> None:
    """Forget that AUTHOR wrote what they wrote.  It cannot be undone.

    The masked texts stay, as of somebody unknown; so do names and ids that were written into a text and not
    masked.  Delete the messages where they were written, too, and old backups.
    """
    authors = _authors()
    kept = authors.kept(author)
    if dry_run:
        click.echo(f"{_told(kept)} would be of somebody unknown.")
        return
    if not yes:
        click.confirm(f"{_told(kept)}: forget who wrote them? It cannot be undone", abort=True)
    click.echo(f"{_told(authors.forget(author))} are of somebody unknown now.")


def _told(kept: Kept) -> str:
    return f"{counted(kept.questions, 'question')} and {counted(kept.replies, 'reply', 'replies')}"


def _authors() -> AuthorService:
    from kbsearch.app import Kbsearch

    return Kbsearch(load_settings()).authors

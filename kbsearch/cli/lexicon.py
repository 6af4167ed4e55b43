"""`kbsearch lexicon`: what students say, and the words that cases use for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

from kbsearch.config import load_settings

if TYPE_CHECKING:
    from kbsearch.services.lexicon import LexiconService


_yes = click.option("--yes", is_flag=True, help="Take sayings of everyday words too, such as “как”.")


@click.group(
    epilog="""\b
Examples:
  kbsearch lexicon list --own
  kbsearch lexicon add 'хвост' 'академическая задолженность'
  kbsearch lexicon remove 'хвост'
  kbsearch lexicon import slang.txt
"""
)
def command() -> None:
    """Keep the lexicon of what students say."""


@command.command("list")
@click.argument("words", default="")
@click.option("--own", is_flag=True, help="Leave out what came with kbsearch and was not changed.")
def list_entries(words: str, own: bool) -> None:
    """List the entries, those with WORDS in them if given."""
    rows = [row for row in _lexicon().rows(words) if not own or row.origin != "shipped"]
    for row in rows:
        click.echo(f"{row.origin:<8} {row.said}: {row.means}")
    if not rows:
        whose = "entry of your own" if own else "entry"
        click.echo(f"There is no {whose}{' with these words' if words else ''}.", err=True)


@command.command()
@click.argument("said")
@click.argument("means")
@_yes
def add(said: str, means: str, yes: bool) -> None:
    """Add an entry, or change the one there is: students who write SAID mean MEANS."""
    row = _lexicon().save(said, means, sure=yes)
    click.echo(f"{row.said}: {row.means}")


@command.command()
@click.argument("said")
def remove(said: str) -> None:
    """Delete the entry SAID, or switch it off when it came with kbsearch."""
    row = _lexicon().remove(said)
    click.echo(f"Gone: {row.said}: {row.means}")


@command.command("import")
@click.argument("file", type=click.File(encoding="utf-8-sig"))
@_yes
def import_entries(file: TextIO, yes: bool) -> None:
    """Take entries from FILE (- for standard input), all or none.

    Each line is like: запушить, пушить: push
    """
    count = _lexicon().import_lines(file, sure=yes)
    click.echo(f"Taken: {count}")


def _lexicon() -> LexiconService:
    from kbsearch.app import Kbsearch

    return Kbsearch(load_settings()).lexicon

"""`kbsearch golden`: the golden set."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.options import AS_JSON
from kbsearch.config import load_settings


@click.group(
    epilog="""\b
Examples:
  kbsearch golden export my-set
  kbsearch evaluate matching my-set
"""
)
def command() -> None:
    """Questions with the cases that truly answer them, as people settled on them."""


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@AS_JSON
def export(folder: Path, as_json: bool) -> None:
    """Write the golden set to FOLDER as an evaluation set; texts are masked as they are stored.

    `kbsearch evaluate matching FOLDER` and `kbsearch quality check FOLDER` read it.
    """
    from kbsearch.app import Kbsearch

    golden = Kbsearch(load_settings()).golden
    golden.grow()
    written = golden.export(folder)
    if as_json:
        click.echo(json.dumps(asdict(written)))
    else:
        names = ("case", "question", "pair")
        counts = zip((written.cases, written.questions, written.pairs), names, strict=True)
        click.echo(f"{folder}: {', '.join(counted(count, name) for count, name in counts)}.")

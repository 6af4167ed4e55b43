"""`kbsearch coverage`: asks what covers the clusters, without waiting for the worker."""

from __future__ import annotations

import json

import click

from kbsearch.cli.counted import counted
from kbsearch.config import load_settings


@click.command(
    epilog="""\b
Examples:
  kbsearch coverage
  kbsearch coverage --json
"""
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object, no progress.")
def command(as_json: bool) -> None:
    """Ask the matcher what covers each cluster, and the outlines which lesson teaches it.

    The worker does so by itself after a run, when cases changed, and at night.
    """
    from kbsearch.app import Kbsearch
    from kbsearch.cli.progress_bar import ProgressBar
    from kbsearch.models import Colour

    app = Kbsearch(load_settings())
    bar = ProgressBar(as_json)
    try:
        result = app.coverage.refresh(bar)
    finally:
        bar.close()
    figures = app.gaps.figures()
    counts = {str(colour): figures.clusters[colour] for colour in Colour}
    if as_json:
        click.echo(json.dumps({**result, **counts}))
        return
    click.echo(f"{counted(result['clusters'], 'cluster')}, {counted(result['asked'], 'question')} asked.")
    click.echo(", ".join(f"{colour} {count}" for colour, count in counts.items()))
    inferred = counted(result["inferred"], "question without a lesson was", "questions without a lesson were")
    click.echo(f"{inferred} put to one.")

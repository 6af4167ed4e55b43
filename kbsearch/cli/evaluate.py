"""`kbsearch evaluate`: measure matching or clustering on a labelled set, away from the live database."""

from __future__ import annotations

import click

from kbsearch.cli.lazy_group import LazyGroup

COMMANDS = {
    "clustering": ("kbsearch.cli.evaluate_clustering", "Measure clustering on a labelled set."),
    "matching": ("kbsearch.cli.evaluate_matching", "Measure matching on a labelled set."),
}


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    epilog="""\b
Examples:
  kbsearch evaluate matching data/sample_school
  kbsearch evaluate clustering data/sample_school --json
""",
)
def command() -> None:
    """Measure matching or clustering on a labelled set; the live database is not touched."""

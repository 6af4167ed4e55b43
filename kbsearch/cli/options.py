"""Arguments and options that several commands have."""

from __future__ import annotations

from pathlib import Path

import click

LABELLED_SET = click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
AS_JSON = click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
SEED = click.option("--seed", default=0, show_default=True, help="Seed of everything drawn at random.")
ALGORITHM = click.option(
    "--algorithm", default="leiden", show_default=True, help="leiden, hdbscan, or a scikit-learn class."
)
RESOLUTION = click.option(
    "--resolution", type=click.FloatRange(0, min_open=True), help="Granularity (default: found)."
)
BY_CASE = click.option(
    "--by-case/--no-by-case", default=True, show_default=True, help="Put together what one case answers."
)

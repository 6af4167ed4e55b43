"""`kbsearch backup`: a copy of everything that cannot be derived."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.progress_bar import ProgressBar
from kbsearch.config import load_settings

NAMES = "kbsearch-????????T??????Z.zip"
"""What backups are called that are named by their time."""


@click.command(
    epilog="""\b
Examples:
  kbsearch backup /srv/backups
  kbsearch backup /srv/backups --keep 14        (nightly, by cron)
  kbsearch backup before-upgrade.zip
"""
)
@click.argument("target", type=click.Path(path_type=Path), default=Path())
@click.option(
    "--keep", type=click.IntRange(1), help="Delete older backups of the folder TARGET but the newest N."
)
@click.option("--replace", is_flag=True, help="Replace the backup TARGET.")
def command(target: Path, keep: int | None, replace: bool) -> None:
    """Write the database and the keys into one archive, while kbsearch goes on working.

    TARGET is a file, or a folder in which the archive is named by the time; the working folder by default.
    Only its owner may read the archive: it holds the keys.  `kbsearch restore` makes an installation of it.
    The index is not in it; it is built again.
    """
    from kbsearch.app import Kbsearch
    from kbsearch.services.backups import back_up

    if keep and not target.is_dir():
        raise click.UsageError("--keep needs a folder that is there: it deletes the older backups in it.")
    app = Kbsearch(load_settings())
    name = datetime.now(UTC).strftime("kbsearch-%Y%m%dT%H%M%SZ.zip")
    archive = target / name if target.is_dir() else target
    bar = ProgressBar()
    made = back_up(app.database, app.settings, archive, bar, replace=replace)
    bar.close()
    held = f"{counted(made.questions, 'question')}, {counted(made.cases, 'case')}"
    click.echo(f"{archive}: {archive.stat().st_size / 1e6:,.1f} MB; {held}.")
    if keep:
        older = sorted(target.glob(NAMES), reverse=True)[keep:]
        for old in older:
            old.unlink()
        click.echo(f"{counted(len(older), 'older backup')} deleted.")

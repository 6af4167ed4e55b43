"""`kbsearch restore`: an installation made of a backup."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from kbsearch.cli.counted import counted
from kbsearch.cli.progress_bar import ProgressBar
from kbsearch.config import Settings, load_settings

if TYPE_CHECKING:
    from kbsearch.services.backups import Restored


@click.command(
    epilog="""\b
Examples:
  kbsearch restore /srv/backups/kbsearch-20261128T030000Z.zip
  KBSEARCH_HOME=/srv/trial kbsearch restore backup.zip      (beside the running one)
  kbsearch restore backup.zip --replace
"""
)
@click.argument("archive", type=click.Path(path_type=Path))
@click.option("--replace", is_flag=True, help="Put the database that is there aside.")
@click.option("--no-index", is_flag=True, help="Leave indexing to a worker.")
def command(archive: Path, replace: bool, no_index: bool) -> None:
    """Make the database and the keys those of ARCHIVE, upgrade them to this version, and build the index.

    Nothing is deleted: with --replace what is there keeps lying beside it, under a name with the time.
    """
    from kbsearch.services.backups import restore

    settings, bar = load_settings(), ProgressBar()
    restored = restore(archive, settings, bar, replace=replace)
    bar.close()
    _tell(restored, settings)
    if not no_index:
        _index(settings)


def _tell(restored: Restored, settings: Settings) -> None:
    manifest = restored.manifest
    held = f"{counted(manifest.questions, 'question')}, {counted(manifest.cases, 'case')}"
    click.echo(f"Restored: {held}, as of {manifest.created_at:%Y-%m-%d %H:%M:%S} UTC.")
    for path in restored.put_aside:
        click.echo(f"  what was there is now {path}")
    if manifest.questions and "author_key" not in manifest.keys and not settings.author_key:
        click.secho(
            "The backup has no key of authors: it was a setting. Set the same KBSEARCH_AUTHOR_KEY here, or "
            "students who ask again are taken for others.",
            fg="yellow",
        )
    elif "author_key" in manifest.keys and settings.author_key:
        click.secho(
            "KBSEARCH_AUTHOR_KEY is set, so the backup's key of authors is not used. If they differ, "
            "students who ask again are taken for others.",
            fg="yellow",
        )


def _index(settings: Settings) -> None:
    from kbsearch.app import Kbsearch

    app, bar = Kbsearch(settings), ProgressBar()
    maintenance = app.maintenance
    maintenance.rebuild(bar)
    maintenance.read_all(bar)
    bar.close()
    for one in maintenance.status().collections:
        click.echo(f"{one.collection}: {one.in_index:,} of {one.in_database:,} indexed")
    app.database.close()

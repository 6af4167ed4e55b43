"""`kbsearch init`: the database, made or brought up to date."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kbsearch.config import load_settings

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch


@click.command(
    epilog="""\b
Examples:
  kbsearch init
  KBSEARCH_HOME=/srv/kbsearch kbsearch init
"""
)
def command() -> None:
    """Create the database, or upgrade it to this version; what is in it stays."""
    from kbsearch.app import Kbsearch

    app = Kbsearch(load_settings())
    changed = prepare_database(app)
    address = app.database.engine.url.render_as_string(hide_password=True)
    click.echo(f"{'Ready' if changed else 'Already up to date'}: {address}")
    tell_how_to_begin(app)


def prepare_database(app: Kbsearch) -> bool:
    """Create or upgrade the schema of ``app``; returns whether there was something to do.

    Raises:
        StorageUnavailable: the database cannot be reached, or a newer kbsearch made it.
    """
    if app.database.is_current():
        return False
    app.database.upgrade()
    return True


def tell_how_to_begin(app: Kbsearch) -> None:
    """When nobody can sign in yet, say how to change that."""
    if not app.people.list():
        click.echo("Nobody can sign in yet. Add yourself:")
        click.echo("  kbsearch user add LOGIN --name 'Your Name' --role admin")

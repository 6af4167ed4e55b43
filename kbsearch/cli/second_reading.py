"""What commands do about cases that the second encoder has not read yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kbsearch.errors import EncoderUnavailable

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch
    from kbsearch.ports import Progress


def read_few(app: Kbsearch, progress: Progress) -> None:
    """Let it read them where they are few; say so when they are many or it fails: they are found anyway."""
    try:
        left = app.maintenance.read_few(progress)
    except EncoderUnavailable as error:
        click.secho(f"kbsearch: {error.message}", fg="yellow", err=True)
        click.echo(f"  {error.remedy}".rstrip(), err=True)
        return
    if left:
        click.echo(
            f"{left:,} cases are found already. The second encoder reads them when `kbsearch serve` or "
            "`kbsearch worker` has nothing else to do, about 500 a minute.",
            err=True,
        )

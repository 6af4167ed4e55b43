"""What commands do about cases that the second encoder has not read yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from kbsearch.cli.counted import counted
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
            f"{counted(left, 'case is', 'cases are')} found already. The second encoder reads "
            f"{'it' if left == 1 else 'them'} when `kbsearch serve` or "
            "`kbsearch worker` has nothing else to do, about 500 a minute.",
            err=True,
        )

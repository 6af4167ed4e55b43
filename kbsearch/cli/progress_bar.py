"""A progress bar on the terminal that begins anew with each stage."""

from __future__ import annotations

import sys
from typing import Any

import click


class ProgressBar:
    """A `kbsearch.ports.Progress`; silent when ``quiet`` or when nobody looks."""

    def __init__(self, quiet: bool = False) -> None:
        self._quiet = quiet or not sys.stderr.isatty()
        self._stage = ""
        self._bar: Any = None
        self._done = 0

    def __call__(self, done: int, total: int, stage: str) -> None:
        """Show that ``done`` of ``total`` is done."""
        if self._quiet:
            return
        if stage != self._stage:
            self.close()
            self._stage, self._done = stage, 0
            self._bar = click.progressbar(length=total, label=stage, file=sys.stderr)
        self._bar.update(done - self._done)
        self._done = done

    def close(self) -> None:
        """End the bar's line."""
        if self._bar is not None:
            self._bar.render_finish()
            self._bar = None

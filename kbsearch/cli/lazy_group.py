"""A group of commands whose modules are imported only when they are called, so that help comes at once."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any

import click

STOPPED = 130
"""Exit status after Ctrl+C, as shells have it."""


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called.

    ``modules``: command → (module whose attribute ``command`` is the click command, its one-line help).
    """

    def __init__(self, *args: Any, modules: Mapping[str, tuple[str, str]], **attributes: Any) -> None:
        super().__init__(*args, **attributes)
        self._modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, sorted."""
        return sorted(self._modules)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """The command ``name``, imported now."""
        if name not in self._modules:
            return None
        command: click.Command = importlib.import_module(self._modules[name][0]).command
        return command

    def invoke(self, ctx: click.Context) -> object:
        """Run the command; Ctrl+C ends it with a message and the status that shells know."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("\nStopped. What was stored stays; call it again to go on.", err=True)
            ctx.exit(STOPPED)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, self._modules[name][1]) for name in self.list_commands(ctx)])

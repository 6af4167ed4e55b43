"""The command line.  Commands are imported only when they are called, so that help comes at once."""

from __future__ import annotations

import atexit
import gc
import sys

import click

from kbsearch import __version__
from kbsearch.cli.lazy_group import LazyGroup
from kbsearch.errors import KbsearchError

COMMANDS = {
    "author": ("kbsearch.cli.authors", "Show what is stored of a person, or forget who wrote it."),
    "backup": ("kbsearch.cli.backup", "Write the database and the keys into one archive."),
    "cluster": ("kbsearch.cli.cluster", "Find recurring patterns in the questions."),
    "coverage": ("kbsearch.cli.coverage", "Ask what covers the clusters."),
    "demo": ("kbsearch.cli.demo", "Set up the sample school and serve it."),
    "digest": ("kbsearch.cli.digest", "Tell what happened in a week."),
    "duplicates": ("kbsearch.cli.duplicates", "List questions that repeat each other."),
    "evaluate": ("kbsearch.cli.evaluate", "Measure matching or clustering on a labelled set."),
    "faults": ("kbsearch.cli.faults", "List, show, close and dismiss platform faults."),
    "golden": ("kbsearch.cli.golden", "Export the golden set."),
    "import": ("kbsearch.cli.imports", "Take in questions and cases from files."),
    "imports": ("kbsearch.cli.past_imports", "List past imports, and undo one."),
    "index": ("kbsearch.cli.index", "Look at, check or rebuild the search index."),
    "init": ("kbsearch.cli.init", "Create or upgrade the database."),
    "lexicon": ("kbsearch.cli.lexicon", "Keep the lexicon of what students say."),
    "learn": ("kbsearch.cli.learn", "Refit matching on feedback, list and roll back models."),
    "quality": ("kbsearch.cli.quality", "Show the figures of matching, and check them."),
    "restore": ("kbsearch.cli.restore", "Make an installation of a backup."),
    "search": ("kbsearch.cli.search", "Search the cases and past questions."),
    "serve": ("kbsearch.cli.serve", "Run the pages and the API."),
    "suggest": ("kbsearch.cli.suggest", "Suggest an answer to a question."),
    "token": ("kbsearch.cli.tokens", "Make and revoke API tokens."),
    "user": ("kbsearch.cli.users", "Add people and change their roles and passwords."),
    "why": ("kbsearch.cli.why", "Tell why a case was found for a question, or was not."),
    "worker": ("kbsearch.cli.worker", "Run the worker as a process of its own."),
}
"""Command → (module whose attribute ``command`` is the click command, its one-line help)."""


@click.group(
    cls=LazyGroup,
    modules=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Try `kbsearch demo`, then `kbsearch suggest 'как отменить коммит'`.",
)
@click.version_option(__version__, prog_name="kbsearch")
def group() -> None:
    """Question triage and a knowledge base for online schools."""


def main() -> None:
    """Run the command line; an expected error is one clear message and exit status 1."""
    atexit.register(gc.freeze)  # or the interpreter looks for cycles in all there is for half a second
    try:
        group.main(standalone_mode=True)
    except KbsearchError as error:
        click.secho(f"kbsearch: {error.message}", fg="red", err=True)
        if error.remedy:
            click.echo(f"  {error.remedy}", err=True)
        sys.exit(1)

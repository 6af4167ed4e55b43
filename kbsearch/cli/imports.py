"""`kbsearch import`: takes in files, or shows what they hold."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.import_output import show_error, show_preview, show_report
from kbsearch.cli.second_reading import read_few
from kbsearch.config import load_settings
from kbsearch.errors import InvalidInput, KbsearchError

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch
    from kbsearch.importers.options import ImportOptions
    from kbsearch.ports import Progress

NOT_INDEXED = 3
"""Exit status when something was taken, but cannot be found yet."""

_FORMATS = (
    "auto", "csv", "xlsx", "jsonl", "json", "telegram", "slack", "discourse", "stackexchange", "glossary",
    "markdown", "evalset", "outline", "whatsapp",
)  # fmt: skip


@click.command(
    name="import",
    epilog="""\b
Examples:
  kbsearch import questions.csv --dry-run
  kbsearch import questions.xlsx --map text=Сообщение --course python-start
  kbsearch import ChatExport/result.json --mentor "Мария Ковалёва" --mentor user123456
  kbsearch import "School Slack export.zip" --channel python-help --channel git-help
  kbsearch import cases/ courses/python-start.json
  kbsearch imports list          what was taken in; `kbsearch imports undo ID` takes it back
""",
)
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--dry-run", is_flag=True, help="Show what the files hold; store nothing.")
@click.option(
    "--format", "format_", type=click.Choice(_FORMATS), default="auto", help="[default: by content]"
)
@click.option(
    "--map",
    "pairs",
    multiple=True,
    metavar="FIELD=COLUMN",
    help="Which column holds a field; nothing after = for none.",
)
@click.option("--encoding", default="auto", help="For example cp1251.  [default: by content]")
@click.option("--source", default="", help="Name of the source of the questions.  [default: the file's]")
@click.option("--course", default="", help="Course of rows that tell none.")
@click.option(
    "--kind",
    type=click.Choice(["auto", "questions", "cases", "enrolments"]),
    default="auto",
    help="What rows are.",
)
@click.option("--on-error", type=click.Choice(["skip", "stop"]), default="skip", show_default=True,
              help="Skip broken rows, or take nothing when one is broken.")  # fmt: skip
@click.option("--mentor", "mentors", multiple=True, help="Name or id of a mentor in a chat; repeatable.")
@click.option(
    "--channel",
    "channels",
    multiple=True,
    help="Channel of an export of Slack to read; repeatable.  [default: all]",
)
@click.option("--no-index", is_flag=True, help="Leave indexing to a worker.")
@click.option("--json", "as_json", is_flag=True, help="Print the reports as JSON.")
def command(paths: tuple[Path, ...], dry_run: bool, as_json: bool, no_index: bool, **choices: Any) -> None:
    """Take in questions, cases, course outlines and enrolments from files and folders.

    CSV, XLSX, JSON Lines, JSON, Markdown cases, evaluation sets and exports of Telegram Desktop, WhatsApp,
    Slack, Discord, VK, Moodle, Stepik, Open edX, Canvas, Discourse, Intercom and Stack Exchange are told by
    their content.
    Personal data is masked before anything is stored.  Taking a file in twice is harmless.

    Exit status: 0 taken (or known already) and indexed; 1 nothing could be taken; 3 taken, but not indexed.
    """
    from kbsearch.app import Kbsearch

    options = _options(**choices)
    app = Kbsearch(load_settings())
    _prepare(app)
    useful = [_one(app, path, options, dry_run, as_json) for path in paths]
    if not any(useful):
        sys.exit(1)
    if not dry_run and not no_index and not index_taken(app, as_json):
        sys.exit(NOT_INDEXED)


def _options(**choices: Any) -> ImportOptions:
    from kbsearch.importers.options import ImportOptions

    choices["format"] = choices.pop("format_")
    return ImportOptions(mapping=_mapping(choices.pop("pairs")), **choices)


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    mapping = {}
    for pair in pairs:
        field, sign, column = pair.partition("=")
        if not sign or not field.strip():
            raise click.BadParameter(f"'{pair}' is not FIELD=COLUMN", param_hint="--map")
        mapping[field.strip()] = column.strip()
    return mapping


def _prepare(app: Kbsearch) -> None:
    from kbsearch.cli.init import prepare_database

    prepare_database(app)


def _one(app: Kbsearch, path: Path, options: ImportOptions, dry_run: bool, as_json: bool) -> bool:
    """Take in or show one file; returns whether there was anything in it."""
    try:
        if dry_run:
            preview = app.imports.preview(path, options, limit=None)
            show_preview(path, preview, as_json)
            return bool(preview.counts)
        with progress_bar(as_json) as progress:
            report = app.imports.run(path, options, progress)
    except InvalidInput as error:
        show_error(path, error, as_json)
        return False
    show_report(path, report, as_json)
    return report.anything


def index_taken(app: Kbsearch, as_json: bool) -> bool:
    """Index what was taken or undone; returns whether that worked, and says so when it did not."""
    try:
        with progress_bar(as_json) as progress:
            app.pipeline.drain_all(progress)
            read_few(app, progress)
    except KbsearchError as error:
        click.secho(f"kbsearch: {error.message}", fg="red", err=True)
        click.echo(f"  {error.remedy}".rstrip(), err=True)
        click.echo("  It is stored all the same. A running worker indexes it, or the next import.", err=True)
        return False
    return True


@contextmanager
def progress_bar(quiet: bool) -> Iterator[Progress]:
    """A progress bar on the error stream, where somebody watches it."""
    hidden = quiet or not sys.stderr.isatty()
    with click.progressbar(length=1, file=sys.stderr, hidden=hidden, width=0) as bar:

        def progress(done: int, total: int, stage: str) -> None:
            bar.label, bar.length = stage, max(total, done, 1)
            bar.update(done - bar.pos)

        yield progress

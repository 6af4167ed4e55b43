"""Imports: a file is taken up, looked at, then taken in by a job."""

from __future__ import annotations

import re
import secrets
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Literal, cast
from urllib.parse import urlencode

from flask import render_template, request, url_for
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from kbsearch.errors import DiskFull, InvalidInput, NotFound, StorageUnavailable, is_full
from kbsearch.models import JobKind, Role
from web.session import current_person, kb, requires
from web.ui import blueprint, words
from web.ui.forms import go, say, text_of
from web.ui.texts import gettext

if TYPE_CHECKING:
    from kbsearch.services.imports import ImportOptions

FIELDS = (
    "text", "title", "answer", "variants", "author", "answer_author", "course", "lesson", "tags", "asked_at",
    "id", "language", "state", "week", "students",
)  # fmt: skip
FORMATS = (
    "auto", "csv", "xlsx", "jsonl", "json", "telegram", "slack", "discourse", "stackexchange", "glossary",
    "markdown", "outline", "whatsapp",
)  # fmt: skip
_TICKET = re.compile(r"[0-9a-f]{16}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,8}")


@blueprint.get("/import")
@requires(Role.METHODOLOGIST)
def import_page() -> str:
    """The form to choose a file."""
    return render_template("import/choose.html", formats=FORMATS)


@blueprint.post("/import")
@requires(Role.METHODOLOGIST)
def upload() -> Response:
    """Keep the file and show what is in it."""
    file = request.files.get("file")
    if file is None or not file.filename:
        say(gettext("Choose a file first."), "bad")
        return go(url_for("ui.import_page"))
    ticket = _keep(file)
    chosen = {"file_name": Path(file.filename).stem[:80]} | _chosen()
    return go(f"{url_for('ui.preview_import', ticket=ticket)}?{urlencode(chosen)}")


def _chosen() -> dict[str, str]:
    names = ("format", "course", "source", "mentors")
    return {name: value for name in names if (value := text_of(name))}


def _keep(file: FileStorage) -> str:
    """Store the file under a random name; its own name is not trusted, only its kind is kept."""
    ticket = secrets.token_hex(8)
    suffix = Path(file.filename or "").suffix.lower()
    folder = _folder(ticket)
    try:
        folder.mkdir(parents=True)
        file.save(folder / f"upload{suffix if _SUFFIX.fullmatch(suffix) else ''}")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)  # half a file is of no use, and takes room
        if is_full(error):
            raise DiskFull(
                "There is no room in {folder} for what was sent.",
                remedy="Free some disk space there, then send it again.",
                folder=str(folder.parent),
            ) from error
        raise StorageUnavailable(
            "The file could not be kept: {reason}.",
            remedy="Check that the folder of uploads can be written, then upload it again.",
            reason=error.strerror or str(error),
        ) from error
    return ticket


def _folder(ticket: str) -> Path:
    return kb().settings.uploads_dir / ticket


def _kept(ticket: str) -> Path:
    files = list(_folder(ticket).glob("upload*")) if _TICKET.fullmatch(ticket) else []
    if not files:
        raise NotFound("The uploaded file is not there any more.", remedy="Upload it again.")
    return files[0]


@blueprint.get("/import/<ticket>")
@requires(Role.METHODOLOGIST)
def preview_import(ticket: str) -> str | tuple[str, int]:
    """What the file holds and how it would be taken, before anything is."""
    path, options = _kept(ticket), _options()
    try:
        preview = kb().imports.preview(path, options)
    except InvalidInput as error:
        # An upload whose name was lost on the way is told by none: where it is kept means nothing to anybody.
        said = words.error(error).replace(str(path), gettext("The file"))
        return render_template("import/choose.html", formats=FORMATS, error=said), 422
    return render_template(
        "import/preview.html", ticket=ticket, preview=preview, options=options, fields=FIELDS, formats=FORMATS
    )


@blueprint.post("/import/<ticket>/run")
@requires(Role.METHODOLOGIST)
def run_import(ticket: str) -> Response:
    """Hand the file to the worker as the form says, or look into it again."""
    person, options = current_person(), _options()
    path = _kept(ticket)
    if text_of("look"):
        return go(f"{url_for('ui.preview_import', ticket=ticket)}?{urlencode(_told(options), doseq=True)}")
    path.touch()  # else it might be deleted as forgotten before the job is known
    parameters = {
        "path": str(path),
        "format": options.format,
        "mapping": dict(options.mapping),
        "encoding": options.encoding,
        "source": options.source,
        "file_name": options.file_name,
        "course": options.course,
        "on_error": options.on_error,
        "mentors": list(options.mentors),
        "channels": list(options.channels),
    }
    job = kb().jobs.enqueue(JobKind.IMPORT, parameters, person_id=person.id if person else None)
    return go(url_for("ui.job_page", job_id=job.id))


def _options() -> ImportOptions:
    from kbsearch.services.imports import ImportOptions

    mapping = {name: text_of(f"map-{name}") for name in FIELDS if f"map-{name}" in request.values}
    if text_of("headless"):
        mapping = _numbered(mapping, request.values.getlist("column"))
    on_error = "stop" if text_of("on_error") == "stop" else "skip"
    mentors = (name.strip() for name in text_of("mentors").split(","))
    return ImportOptions(
        format=text_of("format", "auto"),
        mapping=mapping,
        encoding=text_of("encoding", "auto"),
        source=text_of("source"),
        file_name=text_of("file_name"),
        course=text_of("course"),
        on_error=cast(Literal["skip", "stop"], on_error),
        mentors=tuple(name for name in mentors if name),
        channels=tuple(request.values.getlist("channel")),
    )


def _told(options: ImportOptions) -> dict[str, str | list[str]]:
    """``options`` as fields of the form, from which `_options` makes the same."""
    names = ("format", "encoding", "source", "file_name", "course", "on_error")
    told: dict[str, str | list[str]] = {name: getattr(options, name) for name in names}
    told |= {"mentors": ", ".join(options.mentors), "channel": list(options.channels)}
    kept = {name: value for name, value in told.items() if value}
    return kept | {f"map-{field}": column for field, column in options.mapping.items()}


def _numbered(mapping: dict[str, str], columns: list[str]) -> dict[str, str]:
    """``mapping`` with the numbers of ``columns``, from 1 on: what was taken for names of columns is data."""
    return {
        field: str(columns.index(column) + 1) if column in columns else column
        for field, column in mapping.items()
    }

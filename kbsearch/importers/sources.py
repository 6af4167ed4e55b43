"""Opens a file or folder as what it is: its content decides, then its name."""

from __future__ import annotations

import json
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from typing import Any

from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.importers.csv_file import open_csv
from kbsearch.importers.discourse import is_discourse, open_topic_files, open_topics
from kbsearch.importers.evaluation_set import FILES as OF_A_SET
from kbsearch.importers.evaluation_set import is_evaluation_set, open_evaluation_set
from kbsearch.importers.json_file import (
    is_outline,
    load_json,
    open_json_lines,
    open_json_rows,
    open_outline,
)
from kbsearch.importers.json_folder import json_files
from kbsearch.importers.json_posts import is_edx_line, open_edx_lines, open_posts_of, platform_of
from kbsearch.importers.markdown_cases import is_markdown, open_markdown
from kbsearch.importers.moodle_forum import COLUMNS, with_replies
from kbsearch.importers.moodle_glossary import ROOT as GLOSSARY
from kbsearch.importers.moodle_glossary import open_glossary
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import Record, Skipped
from kbsearch.importers.slack import is_slack, open_slack
from kbsearch.importers.stack_exchange import FILE as POSTS
from kbsearch.importers.stack_exchange import ROOT as STACK_EXCHANGE
from kbsearch.importers.stack_exchange import open_posts
from kbsearch.importers.telegram import is_telegram, open_telegram
from kbsearch.importers.text_lines import check_encoding, read_lines, tell_encoding
from kbsearch.importers.whatsapp import is_whatsapp, open_whatsapp
from kbsearch.importers.xlsx_file import open_xlsx
from kbsearch.importers.xml_file import root_of
from kbsearch.importers.zip_archives import is_archive, open_archive, unreadable

FORMATS = (
    "csv", "xlsx", "jsonl", "json", "telegram", "slack", "discourse", "stackexchange", "glossary", "markdown",
    "evalset", "outline", "whatsapp",
)  # fmt: skip
"""What can be read; "json" is an array of objects."""

_BESIDE = frozenset((".csv", ".xlsx", ".jsonl", ".json", ".md"))
"""Ends of names of files that an export of a chat has none of, but for its own."""

_FOREIGN = {
    b"\xd0\xcf\x11\xe0": ".xls (Excel 97–2003), .doc",
    b"%PDF": "PDF",
    b"\x1f\x8b": "gzip",
    b"Rar!": "RAR",
    b"7z\xbc\xaf": "7z",
    b"SQLite format 3": "SQLite",
}
"""How files of other kinds begin, and what each is called in any language."""

_FOLDERS = frozenset(("markdown", "evalset", "telegram", "slack", "discourse", "stackexchange"))
"""What can be read from a folder."""

_FIRST_LINES = 5
"""Lines that are not blank and tell what a text is."""

_LOOKED_AT = 20
"""Files that tell what the JSON files of a folder are."""

_ROOTS = {GLOSSARY: "glossary", STACK_EXCHANGE: "stackexchange"}
"""The outermost elements of XML that is read."""

_MARKUP = (b"<!doctype", b"<html", b"<?xml", b"<table", b"<head", b"<meta")
"""How web pages and XML begin: learning platforms save tables as web pages named .xls."""


def open_source(path: Path, options: ImportOptions) -> Source:
    """The records of ``path``, a file or a folder.

    Raises:
        UnreadableFile: it is not there, empty, broken, or of a kind that is not read.
        TooLarge: it must be loaded whole and is over the limit.
        InvalidInput: the format, the mapping or a channel is unknown.
    """
    if options.format not in ("auto", *FORMATS):
        raise InvalidInput(
            "There is no format '{format}'.", remedy="Use one of: {known}.", format=options.format[:50],
            known=", ".join(("auto", *FORMATS)),
        )  # fmt: skip
    try:
        source = _open(path, options)
    except OSError as error:
        raise UnreadableFile(
            "{path} cannot be read: {reason}.",
            remedy="Check the path and who may read it.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    if options.channels and not source.channels:
        raise InvalidInput(
            "{path} is no export of Slack: there are no channels to choose from.",
            remedy="Leave the channels out.",
            path=str(path),
        )
    if not COLUMNS.issubset(source.columns):
        return source
    return replace(source, records=lambda: with_replies(source.records(), options.mentors))


def _open(path: Path, options: ImportOptions) -> Source:
    _refuse_device(path)
    name = options.format if options.format != "auto" else tell_format(path)
    if path.is_dir() and name not in _FOLDERS:
        raise InvalidInput("{path} is a folder, not a {format} file.", path=str(path), format=name)
    if name == "telegram" and path.is_dir():
        chat = _open_json(path / "result.json", name, options)
        return _with_files_beside(chat, path, frozenset(("result.json",)))
    if name == "evalset" and path.is_dir():
        return _with_files_beside(open_evaluation_set(path, options), path, OF_A_SET)
    if name in {"json", "telegram", "outline"} or (name == "discourse" and not _is_several(path)):
        return _open_json(path, name, options)
    openers: dict[str, Callable[[Path, ImportOptions], Source]] = {
        "csv": open_csv,
        "discourse": open_topic_files,
        "slack": open_slack,
        "xlsx": open_xlsx,
        "jsonl": _open_lines,
        "markdown": open_markdown,
        "evalset": open_evaluation_set,
        "glossary": open_glossary,
        "stackexchange": open_posts,
        "whatsapp": open_whatsapp,
    }
    return openers[name](path, options)


def _with_files_beside(read: Source, folder: Path, own: frozenset[str]) -> Source:
    """``read``, which takes the files ``own`` of ``folder``; what else could be imported is passed over.

    Of a folder in it that holds such files its name alone is told, with a slash.
    """
    beside = sorted(
        f"{entry.name}/" if entry.is_dir() else entry.name
        for entry in folder.iterdir()
        if entry.name not in own and not entry.name.startswith(".") and _could_be_imported(entry)
    )

    def records() -> Iterator[Record]:
        yield from read.records()
        for name in beside:
            yield Skipped(name, "it lies beside what is imported: import it by itself", harmless=True)

    return replace(read, records=records)


def _could_be_imported(entry: Path) -> bool:
    files = entry.rglob("*") if entry.is_dir() else (entry,)
    return any(file.suffix.lower() in _BESIDE and file.is_file() for file in files)


def tell_format(path: Path) -> str:
    """Which of `FORMATS` the file or folder is.

    Raises:
        UnreadableFile: none of them.
        OSError: it cannot be read.
    """
    if path.is_dir():
        return _folder_format(path)
    suffix = path.suffix.lower()
    with path.open("rb") as file:
        head = file.read(4096)
    if kind := _ROOTS.get(root_of(head)) or (_of_json_files(path) if head.startswith(b"PK") else ""):
        return kind
    _refuse_foreign(path, head)
    if head.startswith(b"PK") or suffix in {".xlsx", ".xlsm"}:
        return "xlsx"
    return _text_format(path, suffix)


def _folder_format(path: Path) -> str:
    if is_evaluation_set(path):
        return "evalset"
    for name, kind in (("result.json", "telegram"), (POSTS, "stackexchange")):
        if (path / name).is_file():
            return kind
    return "markdown" if any(map(is_markdown, path.rglob("*"))) else _of_json_files(path) or "markdown"


def _of_json_files(path: Path) -> str:
    """What the JSON files of the folder or archive at ``path`` are; "" for none that is read.

    Raises:
        UnreadableFile: the archive cannot be read, or members that might have told it cannot.
        TooLarge: it would unpack to far more than it should.
    """
    if not _is_several(path):
        return ""
    faults: list[UnreadableFile] = []
    with json_files(path) as files:
        if is_slack(files):
            return "slack"
        for file in files[:_LOOKED_AT]:
            try:
                if is_discourse(file.read()):
                    return "discourse"
            except UnreadableFile as error:
                faults.append(error)
            except InvalidInput:
                continue
    if faults:
        raise unreadable(path, faults[0])
    return ""


def _is_several(path: Path) -> bool:
    return path.is_dir() or path.suffix.lower() == ".zip" or (is_archive(path) and not _is_workbook(path))


def _refuse_device(path: Path) -> None:
    """Refuse pipes and devices: they may never end, and they can be read only once."""
    if path.exists() and not path.is_file() and not path.is_dir():
        raise UnreadableFile(
            "{path} is no ordinary file.", remedy="Save it to a file and import that.", path=str(path)
        )


def _refuse_foreign(path: Path, head: bytes) -> None:
    kind = next((kind for mark, kind in _FOREIGN.items() if head.startswith(mark)), "")
    marked = head.removeprefix(BOM_UTF8).lstrip()[:20].lower().startswith(_MARKUP)
    if (marked or (path.suffix.lower() == ".xml" and root_of(head))) and not is_markdown(path):
        raise UnreadableFile(
            "{path} is a file of another kind: {kind}.",
            remedy="Save a table as XLSX or CSV in a spreadsheet program; "
            "export a chat of Telegram again, in the format JSON.",
            path=str(path),
            kind="HTML / XML",
        )
    if head.startswith(b"PK") and not _is_workbook(path):
        kind = "ZIP"
    if kind:
        raise UnreadableFile(
            "{path} is a file of another kind: {kind}.",
            remedy="Save it as XLSX, CSV, JSON Lines or Markdown (unpack an archive first).",
            path=str(path),
            kind=kind,
        )


def _is_workbook(path: Path) -> bool:
    """Whether the archive may be a workbook; one that is damaged may."""
    try:
        with open_archive(path) as archive:
            return any(name.startswith("xl/") for name in archive.namelist())
    except UnreadableFile:
        return True


def _text_format(path: Path, suffix: str) -> str:
    lines = (
        line.text
        for line in read_lines(path, tell_encoding(path), Meter())
        if line.text.strip("\ufeff \t\r\n")
    )
    begun = [line.strip("\ufeff \t\r\n") for line in islice(lines, _FIRST_LINES)]
    first = begun[0] if begun else ""
    if is_markdown(path) or first == "---":
        return "markdown"
    if suffix in {".jsonl", ".ndjson"}:
        return "jsonl"
    if first.startswith("{"):
        return "jsonl" if len(begun) > 1 and _is_object(first) else "json"
    if suffix == ".txt" and is_whatsapp(begun):
        return "whatsapp"
    return "json" if suffix == ".json" or first in {"[", "[{"} or first.startswith(('[{"', "[ {")) else "csv"


def _open_lines(path: Path, options: ImportOptions) -> Source:
    encoding = tell_encoding(path) if options.encoding == "auto" else check_encoding(options.encoding)
    first = next(iter(read_lines(path, encoding, Meter())), None)
    is_edx = first is not None and is_edx_line(first.text.lstrip("\ufeff"))
    return (open_edx_lines if is_edx else open_json_lines)(path, options)


def _is_object(line: str) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _open_json(path: Path, name: str, options: ImportOptions) -> Source:
    data = load_json(path, options.encoding)
    if is_telegram(data):
        return open_telegram(path, data, options)
    if name == "telegram":
        raise _not_what_was_said(path, "a Telegram export (result.json)")
    if is_discourse(data):
        return open_topics(path, data, options)
    if name == "discourse":
        raise _not_what_was_said(path, "a topic of Discourse (/t/ID.json)")
    if name == "json" and (platform := platform_of(data)) is not None:
        return open_posts_of(platform, data, path, options)
    if is_outline(data):
        return open_outline(path, data)
    if isinstance(data, dict) and is_outline(arrays := _rows(path, data)):
        return open_outline(path, arrays)
    if name == "outline":
        raise _not_what_was_said(path, "an outline of a course ({{id, title, lessons}})")
    return open_json_rows(path, options, _rows(path, data))


def _rows(path: Path, data: Any) -> list[Any]:
    """The array of a file: the whole of it, or the only array of objects in its object, however deep."""
    if isinstance(data, dict):
        arrays = [value for value in data.values() if isinstance(value, list)]
        inner = [value for value in data.values() if isinstance(value, dict)]
        if not arrays and len(inner) == 1 and not _has_a_text(data):
            return _rows(path, inner[0])
        data = arrays[0] if len(arrays) == 1 else [data]
    if not isinstance(data, list):
        raise _not_what_was_said(path, "an array of objects")
    return data


def _has_a_text(data: dict[str, Any]) -> bool:
    """Whether ``data`` says something itself: then it is a row, and not what rows stand in."""
    return any(isinstance(value, str) for value in data.values())


def _not_what_was_said(path: Path, wanted: str) -> UnreadableFile:
    return UnreadableFile(
        "{path} is JSON, but not " + wanted + ".",
        remedy="See docs/imports.md for the formats.",
        path=str(path),
    )

"""JSON: one object a line, an array of objects, and outlines of courses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from itertools import chain, islice
from pathlib import Path
from typing import Any

from kbsearch.errors import InvalidInput, TooLarge, UnreadableFile
from kbsearch.importers.columns import map_columns
from kbsearch.importers.comments import COLUMN, are_comments
from kbsearch.importers.dates import month_first, read_date
from kbsearch.importers.moodle_forum import PostReader, row_reader
from kbsearch.importers.options import ImportOptions, Meter, Source, source_name
from kbsearch.importers.records import IncomingCourse, IncomingLesson, Record, Skipped
from kbsearch.importers.table_rows import RowReader
from kbsearch.importers.text_lines import Line, check_encoding, read_lines, tell_encoding

MOST_BYTES = 512_000_000
"""Size of a JSON file that must be loaded whole; JSON Lines have no limit."""

_LOOK_AHEAD = 100

Numbered = tuple[str, Any]
"""A place and the object that stands there, or a Skipped row."""


def open_json_lines(path: Path, options: ImportOptions) -> Source:
    """The file of one JSON object a line at ``path``.

    Raises:
        UnreadableFile: it is empty or no text.
        InvalidInput: the mapping names what is not there.
    """
    encoding = tell_encoding(path) if options.encoding == "auto" else check_encoding(options.encoding)
    meter = Meter()

    def numbered(meter: Meter) -> Iterator[Numbered]:
        return map(parsed, read_lines(path, encoding, meter))

    return _table(path, options, numbered, meter, encoding)


def open_json_rows(path: Path, options: ImportOptions, rows: Sequence[Any]) -> Source:
    """A loaded array of objects as a table.

    Raises:
        InvalidInput: the mapping names what is not there.
    """
    meter = Meter(total=len(rows))

    def numbered(meter: Meter) -> Iterator[Numbered]:
        for number, row in enumerate(rows, 1):
            meter.done = number
            yield f"entry {number}", row

    return _table(path, options, numbered, meter)


def _table(
    path: Path,
    options: ImportOptions,
    read: Callable[[Meter], Iterator[Numbered]],
    meter: Meter,
    encoding: str = "",
) -> Source:
    """The table whose rows ``read`` draws, each time anew; the meter that it is given tells how far it is."""
    rows = read(meter)
    first = list(islice(rows, _LOOK_AHEAD))
    found = (key for _, row in first if isinstance(row, dict) for key in row)
    columns = tuple(dict.fromkeys(found))
    mapping = map_columns(columns, options.mapping, options.kind)
    if "replies" not in mapping.keys() | options.mapping.keys() and any(
        are_comments(row.get(COLUMN)) for _, row in first if isinstance(row, dict)
    ):
        mapping["replies"] = COLUMN
        if any(isinstance(row, dict) and isinstance(row.get("answer"), dict) for _, row in first):
            mapping.pop("answer", None)  # it only names the comment that is one
    dated = [mapping[field] for field in ("asked_at", "week") if field in mapping]
    swapped = bool(dated) and month_first(_values(read(Meter()), dated))

    def records() -> Iterator[Record]:
        if not mapping and all(isinstance(row, Skipped) for _, row in first):
            yield from (row for _, row in first)
            return
        reader = row_reader(mapping, columns, source_name(path, options), options, month_first=swapped)
        for place, row in chain(first, rows):
            yield row if isinstance(row, Skipped) else _record(reader, row, place)

    name = "jsonl" if encoding else "json"
    return Source(name, records, meter, encoding, columns, mapping, month_first=swapped)


def _values(rows: Iterator[Numbered], columns: Sequence[str]) -> Iterator[str]:
    """What ``rows`` have in ``columns``."""
    for _, row in rows:
        if isinstance(row, dict):
            yield from (str(row.get(column) or "") for column in columns)


def _record(reader: RowReader | PostReader, row: Any, place: str) -> Record:
    if not isinstance(row, dict):
        return Skipped(place, "it is no JSON object")
    return reader.read(row, place)


def parsed(line: Line) -> Numbered:
    """The place and the object of a line of JSON Lines."""
    place = f"line {line.number}"
    if line.flaw is not None:
        return place, line.flaw.at(place)
    text = line.text.strip("\ufeff \t\r\n")
    if not text:
        return place, Skipped(place, "the row is blank", harmless=True)
    try:
        return place, json.loads(text, strict=False)
    except RecursionError:
        return place, Skipped(place, "it is nested too deeply")
    except ValueError as error:
        return place, Skipped(place, "it is not JSON: {reason}", {"reason": str(error)[:200]})


def load_json(path: Path, encoding: str = "auto") -> Any:
    """The whole JSON file at ``path``.

    Raises:
        TooLarge: it has more than `MOST_BYTES`.
        UnreadableFile: it is no JSON, cut off, or nested too deeply.
    """
    check_size(path)
    name = tell_encoding(path) if encoding == "auto" else check_encoding(encoding)
    try:
        return json.loads(path.read_text(name).lstrip("\ufeff"), strict=False)
    except RecursionError as error:
        raise _broken(path, "it is nested too deeply") from error
    except UnicodeError as error:
        raise _broken(path, f"it is not {name}") from error
    except ValueError as error:
        raise _broken(path, str(error)) from error


def check_size(path: Path) -> None:
    """Refuse a file that is too large to be loaded whole.

    Raises:
        TooLarge: it has more than `MOST_BYTES`.
    """
    if path.stat().st_size > MOST_BYTES:
        raise TooLarge(
            "{path} has more than {limit} MB.",
            remedy="Export a shorter period, or convert it to JSON Lines.",
            path=str(path),
            limit=MOST_BYTES // 1_000_000,
        )


def _broken(path: Path, reason: str) -> UnreadableFile:
    return UnreadableFile(
        "{path} is not whole JSON: {reason}.",
        remedy="It may have been cut off while it was written or copied: export it again.",
        path=str(path),
        reason=reason,
    )


def is_outline(data: Any) -> bool:
    """Whether ``data`` is the outline of a course, or several."""
    several = data if isinstance(data, list) else [data]
    return bool(several) and all(isinstance(one, dict) and "lessons" in one for one in several)


def open_outline(path: Path, data: Any) -> Source:
    """Outlines of courses, one or several: ``{id, title, lessons: [{id, title, outline}], cohorts: []}``."""
    outlines = data if isinstance(data, list) else [data]
    meter = Meter(total=len(outlines))

    def records() -> Iterator[Record]:
        for number, outline in enumerate(outlines, 1):
            meter.done = number
            yield _course(outline, f"course {number}")

    return Source("outline", records, meter)


def _course(outline: Mapping[str, Any], place: str) -> Record:
    try:
        lessons = tuple(_lesson(each, at) for at, each in enumerate(_objects(outline["lessons"]), 1))
        return IncomingCourse(_named(outline), _title(outline), lessons, place, _cohorts(outline))
    except InvalidInput as error:
        return Skipped.because(place, error)


def _cohorts(outline: Mapping[str, Any]) -> tuple[date, ...] | None:
    """The days in ``cohorts``, an array of dates or of ``{starts_on}``; None when there is no such key."""
    told = outline.get("cohorts")
    if told is None:
        return None
    if not isinstance(told, list):
        raise InvalidInput("the cohorts must be an array of dates")
    moments = [read_date(one.get("starts_on") if isinstance(one, dict) else one) for one in told]
    return tuple(moment.date() for moment in moments if moment is not None)


def _lesson(lesson: Mapping[str, Any], number: int) -> IncomingLesson:
    if not _code(lesson):
        raise InvalidInput("lesson {number} has no id", remedy="Give each lesson an id.", number=number)
    return IncomingLesson(_named(lesson), _title(lesson), str(lesson.get("outline") or ""))


def _objects(value: Any) -> Iterable[Mapping[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(entry, dict) for entry in value):
        raise InvalidInput("the lessons must be an array of objects")
    return value


def _named(entry: Mapping[str, Any]) -> str:
    if not (code := _code(entry)):
        raise InvalidInput("the course has no id", remedy="Give each course an id.")
    return code


def _code(entry: Mapping[str, Any]) -> str:
    code = entry.get("id") or entry.get("code")
    return str(code).strip() if isinstance(code, (str, int)) and not isinstance(code, bool) else ""


def _title(entry: Mapping[str, Any]) -> str:
    title = entry.get("title") or entry.get("name") or _named(entry)
    if isinstance(title, bool) or not isinstance(title, (str, int, float)):
        raise InvalidInput("the title of a course or a lesson is neither a text nor a number")
    return str(title)

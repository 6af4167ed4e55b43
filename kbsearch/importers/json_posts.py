"""Posts of platforms and chats as JSON: comments of Stepik, forums of Open edX and Canvas, Discord."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any

from kbsearch.errors import InvalidInput
from kbsearch.importers.dates import read_date
from kbsearch.importers.html_text import html_text
from kbsearch.importers.json_file import check_size, parsed
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.post_threads import Post, questions_of, talk_of
from kbsearch.importers.records import Record, Skipped
from kbsearch.importers.text_lines import check_encoding, read_lines, tell_encoding

Raw = Mapping[str, Any]

_LOOKED_AT = 20
"""Entries of an array that tell whose they are."""
_STAFF_OF_STEPIK = {"teacher", "staff", "moderator", "assistant"}
_EDX = {"CommentThread", "Comment"}
_DELETED = "a deleted post"


@dataclass(frozen=True, slots=True)
class Platform:
    """A platform: the entries of its export, and how one of them is read.

    ``is_chat``: people there speak without naming what they reply to.
    """

    name: str
    entries: Callable[[Any], Sequence[Raw] | None]
    post: Callable[[Raw, str, Any], Post | Skipped]
    is_chat: bool = False


def platform_of(data: Any) -> Platform | None:
    """Whose posts ``data`` holds; None when that is not known."""
    return next((one for one in PLATFORMS if one.entries(data)), None)


def open_posts_of(platform: Platform, data: Any, path: Path, options: ImportOptions) -> Source:
    """The posts of ``platform`` in ``data``, read from ``path``."""
    entries = platform.entries(data) or ()
    meter = Meter(total=len(entries))

    def posts() -> Iterator[Post | Skipped]:
        for meter.done, raw in enumerate(entries, 1):
            place = f"entry {meter.done}"
            try:
                yield platform.post(raw, place, data)
            except InvalidInput as error:
                yield Skipped.because(place, error)

    def records() -> Iterator[Record]:
        put_together = talk_of if platform.is_chat else questions_of
        return put_together(posts(), platform.name, options)

    return Source(platform.name, records, meter)


def open_edx_lines(path: Path, options: ImportOptions) -> Source:
    """The dump of a forum of Open edX at ``path``, an object a line.

    Raises:
        TooLarge: it has more than `MOST_BYTES`.
        UnreadableFile: it is empty or no text.
    """
    check_size(path)
    encoding = tell_encoding(path) if options.encoding == "auto" else check_encoding(options.encoding)
    rows = [row for _, row in map(parsed, read_lines(path, encoding, Meter()))]
    posts = [row for row in rows if isinstance(row, dict)]
    read = open_posts_of(EDX, posts, path, options)
    broken = [row for row in rows if isinstance(row, Skipped)]
    return replace(read, records=lambda: chain(broken, read.records()), encoding=encoding)


def is_edx_line(line: str) -> bool:
    """Whether ``line`` is the first one of such a dump."""
    try:
        return bool(_of_edx([json.loads(line)]))
    except (ValueError, RecursionError):
        return False


def _objects(value: Any, *keys: str) -> Sequence[Raw] | None:
    """``value`` when it is a list of objects, the first ones with all ``keys``."""
    if not isinstance(value, list) or not value or not all(isinstance(one, dict) for one in value):
        return None
    return value if all(set(keys) <= one.keys() for one in value[:_LOOKED_AT]) else None


def _of_stepik(data: Any) -> Sequence[Raw] | None:
    comments = data.get("comments") if isinstance(data, dict) else data
    return _objects(comments, "id", "parent", "user", "user_role", "text", "target")


def _stepik(raw: Raw, place: str, data: Any) -> Post | Skipped:
    if raw.get("is_deleted") is True:
        return Skipped(place, _DELETED, harmless=True)
    users = data.get("users") if isinstance(data, dict) else None
    names = [one.get("full_name") for one in _objects(users, "id") or () if one["id"] == raw["user"]]
    return Post(
        id=_id(raw["id"]),
        parent=_id(raw["parent"]),
        place=place,
        text=html_text(_text(raw["text"])),
        author=_id(raw["user"]),
        names=tuple(name for name in names if isinstance(name, str)),
        sent_at=read_date(raw.get("time")),
        by_staff=_text(raw["user_role"]) in _STAFF_OF_STEPIK,
        lesson=_id(raw.get("lesson")),
    )


def _of_edx(data: Any) -> Sequence[Raw] | None:
    found = _objects(data, "_id", "_type", "body")
    return found if found and all(_text(one.get("_type")) in _EDX for one in found[:_LOOKED_AT]) else None


def _edx(raw: Raw, place: str, data: Any) -> Post | Skipped:
    is_thread = raw.get("_type") == "CommentThread"
    hidden = raw.get("author_username") == "[deleted]" or raw.get("visible") is False
    if hidden:
        return Skipped(place, _DELETED, harmless=True)
    parent = raw.get("parent_id") or raw.get("comment_thread_id")
    return Post(
        id=_id(raw["_id"]),
        parent="" if is_thread else _id(parent),
        place=place,
        text=_text(raw["body"]).strip(),
        author=_id(raw.get("author_id")) or _text(raw.get("author_username")),
        names=(_text(raw.get("author_username")),),
        title=_text(raw.get("title")),
        sent_at=read_date(_plain(raw.get("created_at"))),
        accepted=raw.get("endorsed") is True,
        course=_text(raw.get("course_id"))[:100],
    )


def _of_canvas(data: Any) -> Sequence[Raw] | None:
    """Entries of a discussion, with the replies that stand in them."""
    view: Any = data.get("view") if isinstance(data, dict) else data
    if not _objects(view, "id", "message", "created_at", "user_id", "parent_id"):
        return None
    found: list[Raw] = []
    waiting = [(one, "") for one in reversed(view)]
    while waiting:
        raw, above = waiting.pop()
        found.append({"parent_id": above, **raw})
        inner = raw.get("replies") or raw.get("recent_replies")
        waiting += [(one, raw.get("id")) for one in reversed(_objects(inner, "id") or ())]
    return found


def _canvas(raw: Raw, place: str, data: Any) -> Post | Skipped:
    if raw.get("deleted") is True or "message" not in raw:
        return Skipped(place, _DELETED, harmless=True)
    people = data.get("participants") if isinstance(data, dict) else None
    of_them = [one for one in _objects(people, "id") or () if one["id"] == raw.get("user_id")]
    names = [one.get("display_name") for one in of_them]
    return Post(
        id=_id(raw["id"]),
        parent=_id(raw.get("parent_id")),
        place=place,
        text=html_text(_text(raw["message"])),
        author=_id(raw.get("user_id")),
        names=tuple(name for name in (*names, raw.get("user_name")) if isinstance(name, str)),
        sent_at=read_date(raw.get("created_at")),
    )


def _of_discord(data: Any) -> Sequence[Raw] | None:
    if not isinstance(data, dict) or not isinstance(data.get("channel"), dict):
        return None
    return _objects(data.get("messages"), "id", "timestamp", "content", "author")


def _discord(raw: Raw, place: str, data: Any) -> Post | Skipped:
    author = raw["author"] if isinstance(raw["author"], dict) else {}
    if author.get("isBot") is True:
        return Skipped(place, "a message of a bot", harmless=True)
    if _text(raw.get("type", "Default")) not in {"Default", "Reply"}:
        return Skipped(place, "a service message", harmless=True)
    reference = raw["reference"] if isinstance(raw.get("reference"), dict) else {}
    text = _text(raw["content"]).strip()
    if not text:
        return Skipped(place, "a message without text (picture, sticker, file)", harmless=True)
    return Post(
        id=_id(raw["id"]),
        parent=_id(reference.get("messageId")),
        place=place,
        text=text,
        author=_id(author.get("id")),
        names=tuple(_text(author.get(key)) for key in ("name", "nickname") if author.get(key)),
        sent_at=read_date(raw["timestamp"]),
        course=_text(data["channel"].get("name"))[:100],
    )


EDX = Platform("edx", _of_edx, _edx)
PLATFORMS = (
    Platform("stepik", _of_stepik, _stepik),
    EDX,
    Platform("canvas", _of_canvas, _canvas),
    Platform("discord", _of_discord, _discord, is_chat=True),
)


def _plain(value: Any) -> Any:
    """``value`` out of the objects in which MongoDB writes ids, dates and long numbers."""
    while isinstance(value, dict) and len(value) == 1 and (key := next(iter(value))).startswith("$"):
        value = value[key]
    return value


def _id(value: Any) -> str:
    plain = _plain(value)
    return str(plain) if isinstance(plain, (str, int)) and not isinstance(plain, bool) else ""


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

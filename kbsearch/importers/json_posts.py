"""Posts of platforms and chats as JSON: comments of Stepik, forums of Open edX and Canvas, chats."""

from __future__ import annotations

import json
import re
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
_NO_TEXT = "a message without text (picture, sticker, file)"
_OF_VK = re.compile(r"\[(?:id|club|public)\d+\|[^\]\n]*\]")
"""Who is mentioned in VK: the name cannot be told from prose later."""


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
        return Skipped(place, _NO_TEXT, harmless=True)
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


def _of_vk(data: Any) -> Sequence[Raw] | None:
    inner = data.get("response", data) if isinstance(data, dict) else None
    return _objects(inner.get("items"), "from_id", "date", "text") if isinstance(inner, dict) else None


def _vk(raw: Raw, place: str, data: Any) -> Post | Skipped:
    if raw.get("action"):
        return Skipped(place, "a service message", harmless=True)
    text = _OF_VK.sub("[name]", _text(raw["text"])).strip()
    if not text:
        return Skipped(place, _NO_TEXT, harmless=True)
    inner = data.get("response", data)
    own = [one for one in _objects(inner.get("profiles"), "id") or () if one["id"] == raw["from_id"]]
    answered = raw["reply_message"] if isinstance(raw.get("reply_message"), dict) else {}
    author = _id(raw["from_id"])
    key = "conversation_message_id" if "conversation_message_id" in raw else "id"
    return Post(
        id=_id(raw.get(key)),
        parent=_id(answered.get(key)),
        place=place,
        text=text,
        author=author,
        names=tuple(f"{one.get('first_name', '')} {one.get('last_name', '')}".strip() for one in own),
        sent_at=read_date(raw["date"]),
        by_staff=author.startswith("-"),
    )


def _of_intercom(data: Any) -> Sequence[Raw] | None:
    """What begins each conversation, and its parts; ``parent`` names the conversation of a part."""
    several = data.get("conversations", [data]) if isinstance(data, dict) else data
    talks = _objects(several, "id", "source", "conversation_parts")
    if talks is None or not all(isinstance(one["source"], dict) for one in talks):
        return None
    found: list[Raw] = []
    for talk in talks:
        begun = {"created_at": talk.get("created_at"), "title": talk.get("title")}
        found.append({**talk["source"], **begun, "id": talk["id"], "parent": ""})
        parts = talk["conversation_parts"]
        inner = _objects(parts.get("conversation_parts") if isinstance(parts, dict) else parts, "id") or ()
        found += [{**part, "parent": talk["id"]} for part in inner]
    return found


def _intercom(raw: Raw, place: str, data: Any) -> Post | Skipped:
    if _text(raw.get("part_type")) == "note":
        return Skipped(place, "a private reply", harmless=True)
    text = html_text(_text(raw.get("body")))
    if not text and raw["parent"]:
        return Skipped(place, "a service message", harmless=True)
    author = raw["author"] if isinstance(raw.get("author"), dict) else {}
    return Post(
        id=_id(raw["id"]) if not raw["parent"] else f"{_id(raw['parent'])}:{_id(raw['id'])}",
        parent=_id(raw["parent"]),
        place=place,
        text=text,
        author=_id(author.get("id")),
        names=tuple(_text(author.get(key)) for key in ("name", "email") if author.get(key)),
        title=html_text(_text(raw.get("subject")) or _text(raw.get("title"))),
        sent_at=read_date(raw.get("created_at")),
        by_staff=_text(author.get("type")) in {"admin", "bot", "team"},
    )


EDX = Platform("edx", _of_edx, _edx)
PLATFORMS = (
    Platform("stepik", _of_stepik, _stepik),
    EDX,
    Platform("canvas", _of_canvas, _canvas),
    Platform("discord", _of_discord, _discord, is_chat=True),
    Platform("vk", _of_vk, _vk, is_chat=True),
    Platform("intercom", _of_intercom, _intercom),
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

"""Topics of Discourse forums as JSON (``/t/ID.json``): each is a question with its replies."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypeGuard

from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.importers.dates import read_date
from kbsearch.importers.headed import headed
from kbsearch.importers.html_text import html_text
from kbsearch.importers.json_folder import json_files
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingQuestion, IncomingReply, Record, Skipped
from kbsearch.importers.telegram_talk import is_thanks

_REGULAR = 1
"""The type of posts that people write; others tell that a topic was closed, moved and so on, or whisper."""

_WITHOUT = frozenset(("quote", "onebox", "lightbox-wrapper", "emoji", "anchor"))
"""Classes of what a post repeats from elsewhere."""
_MENTIONS = frozenset(("mention", "mention-group", "hashtag-cooked"))

_KEPT = (
    "post_type", "user_id", "username", "name", "staff", "moderator", "admin", "cooked", "created_at",
    "updated_at", "accepted_answer", "deleted_at", "user_deleted", "hidden",
)  # fmt: skip

_LOOKED_AT = 20
"""Entries of an array that tell what it holds."""

Named = tuple[str, Any]
"""Where data stands, and the data; or why it cannot be read."""


@dataclass(frozen=True, slots=True)
class Post:
    """A post of a topic.  ``raw``: what of it is needed, as the forum told it."""

    id: int
    number: int
    raw: Mapping[str, Any]

    @property
    def place(self) -> str:
        """Where it stands."""
        return f"post {self.id}"


@dataclass(slots=True)
class Topic:
    """A topic, put together from all files that hold posts of it.  ``stream``: ids of all that it has."""

    id: int
    titles: set[str] = field(default_factory=set)
    accepted: set[int] = field(default_factory=set)
    posts: dict[int, Post] = field(default_factory=dict)
    stream: set[int] = field(default_factory=set)


def is_topic(data: Any) -> bool:
    """Whether ``data`` is a topic of Discourse, or a page of one."""
    stream = data.get("post_stream") if isinstance(data, dict) else None
    return isinstance(stream, dict) and isinstance(stream.get("posts"), list)


def is_discourse(data: Any) -> bool:
    """Whether ``data`` is a topic, or an array that has one near its beginning."""
    return is_topic(data) or (isinstance(data, list) and any(map(is_topic, data[:_LOOKED_AT])))


def open_topics(path: Path, data: Any, options: ImportOptions) -> Source:
    """The topic or the array of topics ``data``, read from ``path``."""
    several = data if isinstance(data, list) else [data]
    named = [(f"entry {number}", one) for number, one in enumerate(several, 1)]
    meter = Meter(total=len(named))
    return Source("discourse", lambda: _records(named, options, meter), meter)


def open_topic_files(path: Path, options: ImportOptions) -> Source:
    """The topics in the files of the folder or ZIP archive at ``path``; several may hold pages of one topic.

    Raises:
        UnreadableFile: drawing the records finds a damaged archive, or no topic at all.
        TooLarge: it would unpack to far more than it should.
    """
    meter = Meter()

    def records() -> Iterator[Record]:
        with json_files(path, options.encoding) as files:
            meter.total = len(files)
            read = ((str(file.path), _data(str(file.path), file.read)) for file in files)
            found = False
            for record in _records(_flat(read), options, meter):
                found = True
                yield record
        if not found:
            raise UnreadableFile(
                "{path} holds no topic of Discourse.",
                remedy="Save topics as JSON, each by its number: /t/123.json?print=true.",
                path=str(path),
            )

    return Source("discourse", records, meter)


def _data(name: str, read: Any) -> Any:
    try:
        return read()
    except InvalidInput as error:
        return Skipped.because(name, error)


def _flat(files: Iterable[Named]) -> Iterator[Named]:
    for name, data in files:
        if isinstance(data, list):
            yield from ((f"{name}, entry {number}", one) for number, one in enumerate(data, 1))
        else:
            yield name, data


def _records(named: Iterable[Named], options: ImportOptions, meter: Meter) -> Iterator[Record]:
    topics: dict[int, Topic] = {}
    for meter.done, (place, data) in enumerate(named, 1):
        if isinstance(data, Skipped):
            yield data
        elif not is_topic(data):
            yield Skipped(place, "it is no topic of Discourse", harmless=True)
        else:
            yield from _gather(data, place, topics)
    staff = {name.strip().lstrip("@").casefold() for name in options.mentors}
    for _, topic in sorted(topics.items()):
        yield from _topic_records(topic, staff, options)


def _gather(data: Mapping[str, Any], place: str, topics: dict[int, Topic]) -> Iterator[Skipped]:
    """Put the posts of ``data`` into their topic; what is none is skipped."""
    posts = data["post_stream"]["posts"]
    number = data.get("id") or next((one.get("topic_id") for one in posts if isinstance(one, dict)), None)
    if not _is_number(number):
        yield Skipped(place, "it is no topic with an id")
        return
    topic = topics.setdefault(number, Topic(number))
    topic.titles.add(str(data.get("title") or ""))
    stream = data["post_stream"].get("stream")
    topic.stream.update(one for one in (stream if isinstance(stream, list) else ()) if _is_number(one))
    accepted = data.get("accepted_answer")
    if isinstance(accepted, dict) and _is_number(accepted.get("post_number")):
        topic.accepted.add(accepted["post_number"])
    for at, raw in enumerate(posts, 1):
        if not isinstance(raw, dict) or not (
            _is_number(raw.get("id")) and _is_number(raw.get("post_number"))
        ):
            yield Skipped(f"{place}, post {at}", "it is no post with an id and a number")
            continue
        known = topic.posts.get(raw["id"])
        kept = {key: raw[key] for key in _KEPT if key in raw}
        if known is None or _version(kept) > _version(known.raw):
            topic.posts[raw["id"]] = Post(raw["id"], raw["post_number"], kept)


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _version(raw: Mapping[str, Any]) -> tuple[str, str]:
    """What is greater for a post that was saved later; any order will do for equal ones."""
    return str(raw.get("updated_at") or ""), str(sorted(raw.items(), key=str))


def _topic_records(topic: Topic, staff: set[str], options: ImportOptions) -> Iterator[Record]:
    place = f"topic {topic.id}"
    written: list[IncomingReply] = []
    opened: IncomingReply | None = None
    for post in sorted(topic.posts.values(), key=lambda one: (one.number, one.id)):
        reply = _reply(post, topic, staff)
        if isinstance(reply, Skipped):
            yield reply
        elif post.number == 1:
            opened = reply
        else:
            _file(reply, opened.author if opened else "", written)
    if missing := len(topic.stream - topic.posts.keys()):
        yield Skipped(
            place,
            "{count} of its posts are not in the file",
            {"count": missing},
            remedy="Save the whole topic (/t/ID.json?print=true), or its further pages (?page=2), and import "
            "all of them together.",
        )
    if opened is None:
        yield Skipped(place, "a topic without its first post", harmless=bool(topic.posts))
    elif opened.by_mentor and not any(reply.accepted for reply in written):
        yield Skipped(place, "a mentor's message that answers no question", harmless=True)
    else:
        yield _question(topic, opened, written, options)


def _file(reply: IncomingReply, asker: str, replies: list[IncomingReply]) -> None:
    """Add ``reply``; thanks of the asker accept the last reply of somebody else instead."""
    others = [at for at, other in enumerate(replies) if other.author != asker]
    if reply.author == asker and others and is_thanks(reply.text) and not reply.accepted:
        replies[others[-1]] = replace(replies[others[-1]], accepted=True)
    else:
        replies.append(reply)


def _question(
    topic: Topic, opened: IncomingReply, replies: Sequence[IncomingReply], options: ImportOptions
) -> IncomingQuestion:
    title = max(topic.titles, key=lambda one: (len(one), one)).strip()
    return IncomingQuestion(
        text=headed(title, opened.text),
        source=options.source or "discourse",
        external_id=str(topic.id),
        author=opened.author,
        course=options.course,
        asked_at=opened.replied_at,
        replies=tuple(replies),
        place=f"topic {topic.id}",
    )


def _reply(post: Post, topic: Topic, staff: set[str]) -> IncomingReply | Skipped:
    raw = post.raw
    if raw.get("post_type", _REGULAR) != _REGULAR or (_is_number(raw.get("user_id")) and raw["user_id"] < 0):
        return Skipped(post.place, "a service message", harmless=True)
    if raw.get("deleted_at") or raw.get("user_deleted") or raw.get("hidden"):
        return Skipped(post.place, "a deleted post", harmless=True)
    text = _text(raw.get("cooked"))
    if not text and post.number != 1:  # a title may say it all
        return Skipped(post.place, "a message without text (picture, sticker, file)", harmless=True)
    try:
        moment = _moment(raw)
    except InvalidInput as error:
        return Skipped.because(post.place, error)
    accepted = raw.get("accepted_answer") is True or (post.number != 1 and post.number in topic.accepted)
    names = {str(raw.get(key) or "").casefold() for key in ("username", "name", "user_id")}
    by_staff = any(raw.get(role) is True for role in ("staff", "moderator", "admin"))
    return IncomingReply(
        text=text,
        author=str(raw.get("user_id") or raw.get("username") or ""),
        by_mentor=accepted or by_staff or not staff.isdisjoint(names - {""}),
        accepted=accepted,
        replied_at=moment,
    )


def _moment(raw: Mapping[str, Any]) -> datetime:
    moment = read_date(raw.get("created_at"))
    if moment is None:
        raise InvalidInput("the message has no date")
    return moment


def _text(cooked: Any) -> str:
    return html_text(cooked, without=_WITHOUT, bare=_MENTIONS) if isinstance(cooked, str) else ""

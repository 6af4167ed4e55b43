"""Messages of a Telegram Desktop export: their text, authors, dates and topics."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from kbsearch.errors import InvalidInput
from kbsearch.importers.dates import read_date
from kbsearch.importers.records import Skipped

_NO_TEXT = "a message without text (picture, sticker, file)"
_POST = "a channel's post, forwarded into its discussion group"
_TOPIC = "topic_created"
_WRITTEN = {"mention_name": "[name]", "code": "`{}`", "pre": "\n```\n{}\n```\n"}


@dataclass(frozen=True, slots=True)
class Message:
    """A message with text.  ``name`` is shown, ``author`` stable; ``topic``: id of its topic, 0 none.

    ``place``: where it stands; "" tells it by its id.
    """

    id: int
    author: str
    name: str
    text: str
    sent_at: datetime
    reply_to: int
    topic: int
    place: str = ""


class Chat:
    """One chat of an export.  ``topics``: id → title, known as far as `messages` has been read."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.id = str(data.get("id") or data.get("name") or "chat")
        self.name = str(data.get("name") or "")
        self.topics: dict[int, str] = {}
        self._raw = data.get("messages")
        self._topic_of: dict[int, int] = {}

    def __len__(self) -> int:
        return len(self._raw) if isinstance(self._raw, list) else 0

    def messages(self) -> Iterator[Message | Skipped]:
        """Messages with text in their order; others as skipped."""
        for number, raw in enumerate(self._raw if isinstance(self._raw, list) else (), 1):
            yield self._message(raw, number)

    def _message(self, raw: Any, number: int) -> Message | Skipped:
        if not isinstance(raw, dict) or not isinstance(raw.get("id"), int):
            return Skipped(f"entry {number}", "it is no message with an id")
        place = f"message {raw['id']}"
        if raw.get("type") != "message":
            if raw.get("action") == _TOPIC:
                self.topics[raw["id"]] = str(raw.get("title") or "")
            return Skipped(place, "a service message", harmless=True)
        if _is_channel_post(raw):
            return Skipped(place, _POST, harmless=True)
        reply_to = raw.get("reply_to_message_id")
        elsewhere = bool(raw.get("reply_to_peer_id"))  # its number is that of a message of another chat
        reply_to = reply_to if isinstance(reply_to, int) and not elsewhere else 0
        topic = self._topic(raw["id"], reply_to)
        text = plain_text(raw.get("text"))
        if not text.strip():
            return Skipped(place, _NO_TEXT, harmless=True)
        try:
            sent_at = _sent_at(raw)
        except InvalidInput as error:
            return Skipped.because(place, error)
        return Message(
            id=raw["id"],
            author=_author(raw.get("from_id"), raw.get("from")),
            name=str(raw.get("from") or ""),
            text=text,
            sent_at=sent_at,
            reply_to=0 if reply_to in self.topics else reply_to,
            topic=topic,
        )

    def _topic(self, message_id: int, reply_to: int) -> int:
        topic = reply_to if reply_to in self.topics else self._topic_of.get(reply_to, 0)
        if topic:
            self._topic_of[message_id] = topic
        return topic


def _is_channel_post(raw: Mapping[str, Any]) -> bool:
    """Whether Telegram forwarded the message into the discussion group of its channel.

    Such a message is sent by the channel and forwarded from the same.  An admin who writes in the group's
    name, or a person in that of a channel, forwards nothing; a person who forwards a post is its sender.
    """
    sender = raw.get("from_id")
    if not isinstance(sender, str) or not sender.startswith("channel") or "forwarded_from" not in raw:
        return False
    origin = raw.get("forwarded_from_id") or sender
    return bool(origin == sender and raw["forwarded_from"] == raw.get("from"))


def plain_text(text: Any) -> str:
    """The text of a message: a string, or parts of which code keeps its marks and links their address.

    A mention of somebody without a user name carries the person's name: it is masked here, because later
    nobody can tell it from prose.
    """
    if isinstance(text, list):
        return "".join(map(_part, text))
    return text if isinstance(text, str) else ""


def _part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or not isinstance(part.get("text"), str):
        return ""
    text: str = part["text"]
    kind = str(part.get("type"))
    if kind == "blockquote":
        return "\n".join(f"> {line}" for line in text.splitlines())
    if kind == "text_link" and isinstance(part.get("href"), str):
        return f"{text} ({part['href']})"
    return _WRITTEN.get(kind, "{}").format(text)


def _sent_at(raw: Mapping[str, Any]) -> datetime:
    unix = raw.get("date_unixtime")
    moment = read_date(unix if unix not in (None, "") else raw.get("date"))
    if moment is None:
        raise InvalidInput("the message has no date")
    return moment


def _author(from_id: Any, name: Any) -> str:
    """The stable id of the author; exports of 2021 gave it as a number."""
    if isinstance(from_id, int):
        return f"user{from_id}"
    return str(from_id or name or "")


def moment_of(message: Message) -> datetime:
    """When it was sent, comparable with others of the same export."""
    return message.sent_at if message.sent_at.tzinfo else message.sent_at.replace(tzinfo=UTC)

"""Telegram Desktop exports: messages become questions with the replies they got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kbsearch.errors import UnreadableFile
from kbsearch.importers.chat_threads import Burst, Bursts, Folder, Thread
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingQuestion, Record, Skipped
from kbsearch.importers.telegram_messages import Chat

_PRIVATE = {"saved_messages", "bot_chat"}


def is_telegram(data: Any) -> bool:
    """Whether ``data`` is an export of Telegram Desktop: of one chat, or of an account."""
    return isinstance(data, dict) and (
        _are_messages(data.get("messages"))
        or (isinstance(data.get("chats"), dict) and "list" in data["chats"])
    )


def _are_messages(found: Any) -> bool:
    """Whether it is a list of messages of Telegram, whose ids are numbers; those of other chats are texts."""
    if not isinstance(found, list):
        return False
    ids = [message.get("id") for message in found if isinstance(message, dict)]
    return not ids or any(isinstance(one, int) for one in ids)


def open_telegram(path: Path, data: Mapping[str, Any], options: ImportOptions) -> Source:
    """The export ``data``, read from ``path``.

    Raises:
        UnreadableFile: it holds no chat.
    """
    chats = [Chat(chat) for chat in _chats(path, data) if str(chat.get("type")) not in _PRIVATE]
    meter = Meter(total=sum(map(len, chats)))

    def records() -> Iterator[Record]:
        for chat in chats:
            yield from _chat_records(chat, options, meter)

    return Source("telegram", records, meter)


def _chats(path: Path, data: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    found = [data] if "messages" in data else data["chats"]["list"]
    if not isinstance(found, list) or not all(isinstance(chat, dict) for chat in found):
        raise UnreadableFile(
            "{path} looks like a Telegram export, but has no list of chats.",
            remedy="In Telegram Desktop choose Export chat history, format JSON.",
            path=str(path),
        )
    return found


def _chat_records(chat: Chat, options: ImportOptions, meter: Meter) -> Iterator[Record]:
    folder = Folder(options.mentors)
    bursts = Bursts()
    for item in chat.messages():
        meter.done += 1
        if isinstance(item, Skipped):
            yield item
        else:
            bursts.add(item)
    yield from folder.add_all(bursts.all)
    for thread in folder.threads:
        yield _question(thread, chat, folder, options)


def _question(thread: Thread, chat: Chat, folder: Folder, options: ImportOptions) -> IncomingQuestion:
    asked = thread.question
    return IncomingQuestion(
        text=asked.text,
        source=options.source or f"telegram:{chat.id}"[:100],
        external_id=str(asked.first.id),
        author=asked.author,
        course=options.course or _hint(chat, asked),
        asked_at=asked.first.sent_at,
        replies=folder.replies_to(thread),
        place=asked.place,
    )


def _hint(chat: Chat, asked: Burst) -> str:
    """The title of the topic: a course or a lesson, as the school names it."""
    return chat.topics.get(asked.first.topic, "")[:100]

"""Exports of Slack, as a ZIP or a folder: messages become questions with the replies they got."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.importers.chat_threads import Bursts, Folder, Thread, known_as
from kbsearch.importers.dates import read_date
from kbsearch.importers.json_folder import JsonFile, json_files
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingQuestion, Record, Skipped
from kbsearch.importers.slack_text import slack_text
from kbsearch.importers.slack_workspace import Channel, Workspace, lists_of, names_of
from kbsearch.importers.telegram_messages import Message
from kbsearch.text.chatter import is_small_talk

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
_TIME = re.compile(r"\d{9,11}(?:\.\d+)?")
_WRITTEN = {"", "thread_broadcast", "file_share", "me_message"}
"""Subtypes of what people write; all others tell of joins, topics, bots and the like."""
_LISTED = 30
"""Channels that an error names."""
_NO_TEXT = "a message without text (picture, sticker, file)"


@dataclass(frozen=True, slots=True)
class _Raw:
    """A message that is to be read.  ``ts``: its time and its name; ``root``: that of its thread's first."""

    ts: str
    root: str
    message: Message


def is_slack(files: Sequence[JsonFile]) -> bool:
    """Whether ``files`` are an export of Slack: a file a day for each channel, with its messages."""
    for file in [file for file in files if _DAY.fullmatch(file.path.name)][:20]:
        try:
            messages = file.read()
        except InvalidInput:
            continue
        if isinstance(messages, list) and any(isinstance(one, dict) and "ts" in one for one in messages):
            return True
    return False


def open_slack(path: Path, options: ImportOptions) -> Source:
    """The export in the ZIP archive or folder at ``path``; a folder may be that of one channel.

    Raises:
        UnreadableFile: the archive is damaged, or holds no messages at all.
        TooLarge: it would unpack to far more than it should.
        InvalidInput: a channel that is chosen is not in it.
    """
    with json_files(path, options.encoding) as files:
        channels = tuple(sorted(_days(files, path, options)))
        chosen = _chosen(channels, files, path, options)
    meter = Meter()

    def records() -> Iterator[Record]:
        with json_files(path, options.encoding) as files:
            days = _days(files, path, options)
            meter.total = sum(len(days[channel]) for channel in chosen)
            workspace = Workspace()
            yield from workspace.know(lists_of(files, path, options.encoding), options.mentors)
            for channel in channels:
                if channel in chosen:
                    yield from _channel_records(channel, days[channel], workspace, options, meter)
                else:
                    yield Skipped(channel, "a channel that was not chosen", harmless=True)

    return Source("slack", records, meter, channels=channels)


def _days(files: Sequence[JsonFile], path: Path, options: ImportOptions) -> dict[str, list[JsonFile]]:
    """Files of days by the name of their channel."""
    found: defaultdict[str, list[JsonFile]] = defaultdict(list)
    for file in files:
        if _DAY.fullmatch(file.path.name):
            found[file.path.parent.name or file.within or options.file_name or path.stem].append(file)
    if not found:
        raise UnreadableFile(
            "{path} holds no messages of Slack.",
            remedy="Export the workspace in Slack and import the ZIP as it came, or its folder.",
            path=str(path),
        )
    return dict(found)


def _chosen(
    channels: Sequence[str], files: Sequence[JsonFile], path: Path, options: ImportOptions
) -> Collection[str]:
    """Those of ``channels`` that are to be read, told by name or id; all when none is told."""
    if not options.channels:
        return channels
    workspace = Workspace()
    list(
        workspace.know(lists_of(files, path, options.encoding), ())
    )  # what it skips is told with the records
    known = {workspace.ids.get(channel, channel).casefold(): channel for channel in channels}
    known |= {channel.casefold(): channel for channel in channels}
    found = [known.get(name.strip().lstrip("#").casefold()) for name in options.channels]
    if None in found:
        name = options.channels[found.index(None)]
        raise InvalidInput(
            "{path} has no channel '{name}'.",
            remedy="Choose among: {known}.",
            path=str(path),
            name=name[:100],
            known=_listed(channels, name),
        )
    return [channel for channel in channels if channel in found]


def _listed(channels: Sequence[str], name: str) -> str:
    """The names of ``channels``; of very many those that are most like ``name``."""
    if len(channels) <= _LISTED:
        return ", ".join(channels)
    return ", ".join(get_close_matches(name, channels, _LISTED, cutoff=0)) + " …"


def _channel_records(
    channel: str, days: Sequence[JsonFile], workspace: Workspace, options: ImportOptions, meter: Meter
) -> Iterator[Record]:
    mentors = {known_as(mentor) for mentor in options.mentors}
    raws: dict[str, _Raw] = {}
    for file in days:
        meter.done += 1
        for item in _messages(file, workspace, mentors):
            if isinstance(item, Skipped):
                yield item
            else:
                raws.setdefault(item.ts, item)
    folder, bursts = Folder(tuple(workspace.staff)), Bursts()
    for message in _threaded(sorted(raws.values(), key=lambda raw: _in_order(raw.ts)), folder):
        if isinstance(message, Skipped):
            yield message
        else:
            bursts.add(message)
    yield from folder.add_all(bursts.all)
    names = {raw.message.place: raw.ts for raw in raws.values()}
    for thread in folder.threads:
        yield _question(thread, workspace.channel(channel), names, folder, options)


def _messages(file: JsonFile, workspace: Workspace, mentors: set[str]) -> Iterator[_Raw | Skipped]:
    try:
        entries = file.read()
    except InvalidInput as error:
        yield Skipped.because(str(file.path), error)
        return
    if not isinstance(entries, list):
        yield Skipped(str(file.path), "it is no list of messages")
        return
    for number, raw in enumerate(entries, 1):
        place = f"{file.path}, entry {number}"
        if not isinstance(raw, dict):
            yield Skipped(place, "it is no message")
            continue
        yield _message(raw, place, workspace, mentors)


def _message(raw: Mapping[str, Any], place: str, workspace: Workspace, mentors: set[str]) -> _Raw | Skipped:
    author = raw["user"] if isinstance(raw.get("user"), str) else ""
    if passed := _passed_over(raw, author, place, workspace):
        return passed
    text = slack_text(raw["text"], workspace.channels) if isinstance(raw.get("text"), str) else ""
    if not text:
        return Skipped(place, _NO_TEXT, harmless=True)
    ts = str(raw.get("ts") or "")
    try:
        sent_at = read_date(ts)
    except InvalidInput as error:
        return Skipped.because(place, error)
    if sent_at is None or not _TIME.fullmatch(ts):
        return Skipped(place, "the message has no date")
    names = workspace.users.get(author) or names_of(_profile(raw))
    if not mentors.isdisjoint(map(known_as, (author, *names))):
        workspace.staff.add(author)
    root = str(raw.get("thread_ts") or ts)
    message = Message(0, author, names[0] if names else "", text, sent_at, 0, 0, place)
    return _Raw(ts, root, message)


def _passed_over(raw: Mapping[str, Any], author: str, place: str, workspace: Workspace) -> Skipped | None:
    """Why a message is none of a person; None for one that is."""
    subtype = str(raw.get("subtype") or "")
    if subtype == "tombstone" or raw.get("hidden") is True:
        return Skipped(place, "a deleted post", harmless=True)
    if subtype == "bot_message" or author in workspace.bots or (raw.get("bot_id") and not author):
        return Skipped(place, "a message of a bot", harmless=True)
    if raw.get("type", "message") != "message" or subtype not in _WRITTEN:
        return Skipped(place, "a service message", harmless=True)
    return None


def _profile(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    profile = raw.get("user_profile")
    return profile if isinstance(profile, dict) else {}


def _in_order(ts: str) -> tuple[int, str]:
    """What sorts messages by their time: seconds, and what tells those of one second apart."""
    seconds, _, rest = ts.partition(".")
    return int(seconds), rest


def _threaded(raws: Sequence[_Raw], folder: Folder) -> Iterator[Message | Skipped]:
    """Messages with numbers for ids.  A reply quotes the first message of its thread.

    Below an announcement, which is no question, people talk as they do in a topic of a chat.
    """
    numbers = {raw.ts: number for number, raw in enumerate(raws, 1)}
    asked = {
        raw.ts for raw in raws if not folder.is_mentor(raw.message) and not is_small_talk(raw.message.text)
    }
    for raw in raws:
        number = numbers[raw.ts]
        root = numbers.get(raw.root, 0)
        if not root:
            reason = "a reply to a post that the file does not have"
            yield Skipped(raw.message.place, reason, harmless=True)
        elif root == number:
            yield replace(raw.message, id=number)
        elif raw.root in asked:
            yield replace(raw.message, id=number, reply_to=root)
        else:
            yield replace(raw.message, id=number, topic=root)


def _question(
    thread: Thread, channel: Channel, names: Mapping[str, str], folder: Folder, options: ImportOptions
) -> IncomingQuestion:
    asked = thread.question
    return IncomingQuestion(
        text=asked.text,
        source=options.source or channel.source,
        external_id=f"{channel.id}:{names[asked.first.place]}",
        author=asked.author,
        course=options.course or channel.course,
        asked_at=asked.first.sent_at,
        replies=folder.replies_to(thread),
        place=asked.place,
    )

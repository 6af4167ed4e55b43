"""Exports of Slack, as a ZIP or a folder: messages become questions with the replies they got."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.importers.chat_threads import Bursts, Folder, Thread, known_as
from kbsearch.importers.dates import read_date
from kbsearch.importers.json_folder import JsonFile, json_files
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingQuestion, Record, Skipped
from kbsearch.importers.slack_text import slack_text
from kbsearch.importers.telegram_messages import Message
from kbsearch.text.chatter import is_small_talk

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\.json")
_TIME = re.compile(r"\d{9,11}(?:\.\d+)?")
_LISTS = ("channels.json", "groups.json", "dms.json", "mpims.json")
"""Lists of public and private channels and of talks between few; folders of the latter bear their ids."""
_NAMED_LISTS = _LISTS[:2]
_WRITTEN = {"", "thread_broadcast", "file_share", "me_message"}
"""Subtypes of what people write; all others tell of joins, topics, bots and the like."""
_SLACKBOT = "USLACKBOT"
_NO_TEXT = "a message without text (picture, sticker, file)"


@dataclass(slots=True)
class _Workspace:
    """Who and what the export names.  ``channels``, ``ids``: id → name and name → id of channels."""

    users: dict[str, tuple[str, ...]] = field(default_factory=dict)
    staff: set[str] = field(default_factory=set)
    bots: set[str] = field(default_factory=lambda: {_SLACKBOT})
    channels: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    team: str = ""

    def channel(self, name: str) -> _Channel:
        """The channel whose folder is called ``name``; one that is no talk between few tells a course."""
        known = self.ids.get(name, name)
        source = f"slack:{self.team}" if self.team else "slack"
        return _Channel(known, name[:100] if known in self.channels else "", source[:100])


@dataclass(frozen=True, slots=True)
class _Channel:
    """A channel, and what its questions have of it."""

    id: str
    course: str
    source: str


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
        UnreadableFile: drawing the records finds a damaged archive, or no messages at all.
        TooLarge: it would unpack to far more than it should.
    """
    meter = Meter()

    def records() -> Iterator[Record]:
        with json_files(path, options.encoding) as files:
            days = _days(files, options.file_name or path.stem)
            meter.total = sum(map(len, days.values()))
            if not days:
                raise UnreadableFile(
                    "{path} holds no messages of Slack.",
                    remedy="Export the workspace in Slack and import the ZIP as it came, or its folder.",
                    path=str(path),
                )
            workspace = _Workspace()
            yield from _know(workspace, _lists(files, path, options), options)
            for channel, some in sorted(days.items()):
                yield from _channel_records(channel, some, workspace, options, meter)

    return Source("slack", records, meter)


def _days(files: Sequence[JsonFile], alone: str) -> dict[str, list[JsonFile]]:
    """Files of days by the name of their channel; ``alone``: that of one without a folder."""
    found: defaultdict[str, list[JsonFile]] = defaultdict(list)
    for file in files:
        if _DAY.fullmatch(file.path.name):
            found[file.path.parent.name or file.within or alone].append(file)
    return dict(found)


def _lists(files: Sequence[JsonFile], path: Path, options: ImportOptions) -> Mapping[str, JsonFile]:
    """The lists of users and channels by their names; those beside it for the folder of one channel."""
    found = {str(file.path): file for file in files if len(file.path.parts) == 1}
    if path.is_dir() and "users.json" not in found:
        for name in ("users.json", *_LISTS):
            if (beside := path.resolve().parent / name).is_file():
                with json_files(beside.parent, options.encoding) as others:
                    found |= {
                        str(file.path): file for file in others if str(file.path) in ("users.json", *_LISTS)
                    }
                break
    return found


def _know(workspace: _Workspace, lists: Mapping[str, JsonFile], options: ImportOptions) -> Iterator[Skipped]:
    """Read who is who into ``workspace``; a list that cannot be read is skipped."""
    mentors = {known_as(mentor) for mentor in options.mentors}
    for name in ("users.json", *_LISTS):
        try:
            entries = lists[name].read() if name in lists else []
        except InvalidInput as error:
            yield Skipped.because(name, error)
            continue
        for entry in entries if isinstance(entries, list) else ():
            if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                continue
            if name == "users.json":
                _know_user(workspace, entry, mentors)
            else:
                called = str(entry.get("name") or entry["id"]) if name != "dms.json" else entry["id"]
                workspace.ids[called] = entry["id"]
                if name in _NAMED_LISTS:
                    workspace.channels[entry["id"]] = called


def _know_user(workspace: _Workspace, user: Mapping[str, Any], mentors: set[str]) -> None:
    names = _names(user)
    workspace.users[user["id"]] = names
    workspace.team = workspace.team or str(user.get("team_id") or "")
    if user.get("is_bot") is True:
        workspace.bots.add(user["id"])
    is_staff = any(user.get(role) is True for role in ("is_admin", "is_owner", "is_primary_owner"))
    if is_staff or not mentors.isdisjoint(map(known_as, (user["id"], *names))):
        workspace.staff.add(user["id"])


def _names(user: Mapping[str, Any]) -> tuple[str, ...]:
    """All names of a user, or of the profile that a message carries."""
    inner = user.get("profile")
    profile = inner if isinstance(inner, dict) else user
    told = (user.get("name"), user.get("real_name"), profile.get("real_name"), profile.get("display_name"))
    return tuple(dict.fromkeys(name for name in told if isinstance(name, str) and name))


def _channel_records(
    channel: str, days: Sequence[JsonFile], workspace: _Workspace, options: ImportOptions, meter: Meter
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


def _messages(file: JsonFile, workspace: _Workspace, mentors: set[str]) -> Iterator[_Raw | Skipped]:
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


def _message(raw: Mapping[str, Any], place: str, workspace: _Workspace, mentors: set[str]) -> _Raw | Skipped:
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
    names = workspace.users.get(author) or _names(_profile(raw))
    if not mentors.isdisjoint(map(known_as, (author, *names))):
        workspace.staff.add(author)
    root = str(raw.get("thread_ts") or ts)
    message = Message(0, author, names[0] if names else "", text, sent_at, 0, 0, place)
    return _Raw(ts, root, message)


def _passed_over(raw: Mapping[str, Any], author: str, place: str, workspace: _Workspace) -> Skipped | None:
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
    thread: Thread, channel: _Channel, names: Mapping[str, str], folder: Folder, options: ImportOptions
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

"""Who and what an export of Slack names: people, staff and bots, and channels with their ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kbsearch.errors import InvalidInput
from kbsearch.importers.chat_threads import known_as
from kbsearch.importers.json_folder import JsonFile, json_files
from kbsearch.importers.records import Skipped

_LISTS = ("channels.json", "groups.json", "dms.json", "mpims.json")
"""Lists of public and private channels and of talks between few; folders of the latter bear their ids."""
_NAMED_LISTS = _LISTS[:2]
_USERS = "users.json"
_SLACKBOT = "USLACKBOT"


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel, and what its questions have of it."""

    id: str
    course: str
    source: str


@dataclass(slots=True)
class Workspace:
    """Who and what the export names.  ``channels``, ``ids``: id → name and name → id of channels."""

    users: dict[str, tuple[str, ...]] = field(default_factory=dict)
    staff: set[str] = field(default_factory=set)
    bots: set[str] = field(default_factory=lambda: {_SLACKBOT})
    channels: dict[str, str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)
    team: str = ""

    def channel(self, name: str) -> Channel:
        """The channel whose folder is called ``name``; one that is no talk between few tells a course."""
        known = self.ids.get(name, name)
        source = f"slack:{self.team}" if self.team else "slack"
        return Channel(known, name[:100] if known in self.channels else "", source[:100])

    def know(self, lists: Mapping[str, JsonFile], mentors: Sequence[str]) -> Iterator[Skipped]:
        """Read who is who; a list that cannot be read is skipped.  ``mentors``: names or ids of staff."""
        staff = {known_as(mentor) for mentor in mentors}
        for name in (_USERS, *_LISTS):
            try:
                entries = lists[name].read() if name in lists else []
            except InvalidInput as error:
                yield Skipped.because(name, error)
                continue
            for entry in entries if isinstance(entries, list) else ():
                if not isinstance(entry, dict) or not isinstance(entry.get("id"), str):
                    continue
                if name == _USERS:
                    self._know_user(entry, staff)
                else:
                    self._know_channel(entry, name)

    def _know_channel(self, channel: Mapping[str, Any], name_of_list: str) -> None:
        called = channel["id"]
        if name_of_list != "dms.json":
            called = str(channel.get("name") or called)
        self.ids[called] = channel["id"]
        if name_of_list in _NAMED_LISTS:
            self.channels[channel["id"]] = called

    def _know_user(self, user: Mapping[str, Any], staff: set[str]) -> None:
        names = names_of(user)
        self.users[user["id"]] = names
        self.team = self.team or str(user.get("team_id") or "")
        if user.get("is_bot") is True:
            self.bots.add(user["id"])
        is_staff = any(user.get(role) is True for role in ("is_admin", "is_owner", "is_primary_owner"))
        if is_staff or not staff.isdisjoint(map(known_as, (user["id"], *names))):
            self.staff.add(user["id"])


def lists_of(files: Sequence[JsonFile], path: Path, encoding: str) -> Mapping[str, JsonFile]:
    """The lists of users and channels by their names; those beside ``path``, the folder of one channel."""
    found = {str(file.path): file for file in files if len(file.path.parts) == 1}
    if path.is_dir() and _USERS not in found:
        for name in (_USERS, *_LISTS):
            if (beside := path.resolve().parent / name).is_file():
                with json_files(beside.parent, encoding) as others:
                    found |= {str(file.path): file for file in others if str(file.path) in (_USERS, *_LISTS)}
                break
    return found


def names_of(user: Mapping[str, Any]) -> tuple[str, ...]:
    """All names of a user, or of the profile that a message carries."""
    inner = user.get("profile")
    profile = inner if isinstance(inner, dict) else user
    told = (user.get("name"), user.get("real_name"), profile.get("real_name"), profile.get("display_name"))
    return tuple(dict.fromkeys(name for name in told if isinstance(name, str) and name))

"""The text of messages of Slack, which marks links, mentions and code in its own way."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping

_MARKED = re.compile(r"<([@#!]?)([^<>|\n]*)(?:\|([^<>\n]*))?>")
_FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_EMOJI = re.compile(r"(?<!\S)(?::[a-z+-][a-z0-9_+'-]*:)+(?!\S)")
_SCHEME = re.compile(r"^(?:https?://|mailto:|tel:)", re.IGNORECASE)


def slack_text(text: str, channels: Mapping[str, str]) -> str:
    """``text`` as people read it: links with their address, code in Markdown, no emoji by name.

    Who is mentioned is masked here, because a name cannot be told from prose later.  ``channels``: id → name.
    """
    parts = _CODE.split(_FENCE.sub(r"\n```\n\1\n```\n", text))
    plain = "".join(part if at % 2 else _EMOJI.sub("", part) for at, part in enumerate(parts))
    return html.unescape(_MARKED.sub(lambda found: _read(found, channels), plain)).strip()


def _read(found: re.Match[str], channels: Mapping[str, str]) -> str:
    kind, target, label = found[1], found[2], found[3] or ""
    if kind == "@":
        return "[name]"
    if kind == "#":
        return "#" + (label or channels.get(target, target))
    if kind == "!":
        return label if target.startswith("date") else ""
    address = target.removeprefix("mailto:").removeprefix("tel:")
    if target.startswith("tel:"):
        return label or address
    same = not label or _SCHEME.sub("", label).rstrip("/") == _SCHEME.sub("", target).rstrip("/")
    return address if same else f"{label} ({address})"

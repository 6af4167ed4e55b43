"""Exports of Slack: whatever files messages lie in, and in which order, they ask the same."""

from __future__ import annotations

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion
from kbsearch.importers.slack import open_slack

TEXTS = (
    "Как сдать работу?",
    "Спасибо!",
    "Нажмите кнопку",
    "Где <https://a.example|запись>?",
    "",
    "а почему так?",
)
messages = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from("UVW"), st.sampled_from(TEXTS), st.integers(0, 60)),
    max_size=12,
    unique_by=lambda told: told[0],
)


def entry(minute: int, user: str, text: str, root: int) -> dict[str, Any]:
    told = {"type": "message", "user": user, "text": text, "ts": f"{1_790_838_000 + minute * 60}.0001"}
    return told | ({"thread_ts": f"{1_790_838_000 + root * 60}.0001"} if root < minute else {})


def asked(days: list[list[dict[str, Any]]]) -> list[IncomingQuestion]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "export" / "git"
        folder.mkdir(parents=True)
        for number, day in enumerate(days, 1):
            (folder / f"2026-10-{number:02}.json").write_text(json.dumps(day), encoding="utf-8")
        records = list(open_slack(folder.parent, ImportOptions(mentors=("W",))).records())
    return [replace(one, place="") for one in records if isinstance(one, IncomingQuestion)]


@settings(max_examples=50)
@given(messages, st.randoms(use_true_random=False))
def test_the_order_of_files_and_messages_does_not_matter(
    told: list[tuple[int, str, str, int]], random: Any
) -> None:
    entries = [entry(*one) for one in told]
    mixed = random.sample(entries, len(entries))
    cut = random.randint(0, len(mixed))
    assert asked([mixed[:cut], mixed[cut:], entries]) == asked([entries])

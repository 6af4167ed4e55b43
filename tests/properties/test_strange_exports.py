"""Exports whose fields hold anything: posts cost themselves at most, and no error is but a clear one."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path, PurePosixPath
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.importers.discourse import open_topics
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingCase, IncomingQuestion, Skipped
from kbsearch.importers.slack import open_slack

scalars = (
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats(allow_nan=False) | st.text(max_size=9)
)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
OPTIONS = ImportOptions(mentors=("w",))


def strange(keys: str, plain: dict[str, Any]) -> st.SearchStrategy[dict[str, Any]]:
    """``plain`` with some of ``keys`` replaced by anything."""
    changed = st.dictionaries(st.sampled_from(keys.split()), anything, max_size=4)
    return changed.map(lambda told: plain | told)


POST = {"id": 5, "post_number": 1, "cooked": "<p>Как?</p>", "created_at": "2026-10-01T07:00:00Z"}
posts = strange(
    "id post_number cooked created_at updated_at user_id username staff post_type hidden accepted_answer",
    POST,
)
topics = st.builds(
    lambda some, more: {"id": 1, "title": "т", "post_stream": {"posts": some, **more}},
    st.lists(posts | anything, max_size=4),
    st.dictionaries(st.sampled_from(["stream"]), anything, max_size=1),
).flatmap(lambda topic: strange("id title accepted_answer", topic))
MESSAGE = {"type": "message", "user": "u", "text": "Как?", "ts": "1790838000.0001"}
messages = strange("type user text ts thread_ts subtype bot_id hidden user_profile files", MESSAGE) | anything


@given(st.lists(topics, max_size=3))
def test_topics_of_anything(told: list[dict[str, Any]]) -> None:
    for record in open_topics(Path("t.json"), told, OPTIONS).records():
        assert isinstance(record, (IncomingQuestion, Skipped))


@settings(max_examples=60)
@given(st.lists(messages, max_size=5), anything, anything)
def test_channels_of_anything(told: list[Any], users: Any, channels: Any) -> None:
    with tempfile.TemporaryDirectory() as name:
        files = {"users.json": users, "channels.json": channels, "git/2026-10-01.json": told}
        for file, data in files.items():
            path = Path(name) / PurePosixPath(file)
            path.parent.mkdir(exist_ok=True)
            path.write_text(json.dumps(data), encoding="utf-8")
        for record in open_slack(Path(name), OPTIONS).records():
            assert isinstance(record, (IncomingQuestion, IncomingCase, Skipped))

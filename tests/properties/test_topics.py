"""Topics of a forum: whatever files their posts come in, and in which order, they are the same questions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from kbsearch.importers.discourse import open_topics
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import Record


def post(topic: int, number: int, staff: bool) -> dict[str, Any]:
    cooked = "<p>Спасибо!</p>" if number % 3 == 0 else f"<p>текст {number}</p>"
    told = {"id": topic * 100 + number, "post_number": number, "user_id": 1 + number % 3, "staff": staff}
    return told | {"cooked": cooked, "created_at": f"2026-10-01T07:{number:02}:00Z"}


pages = st.lists(
    st.tuples(st.integers(1, 3), st.lists(st.integers(1, 6), max_size=6, unique=True)), min_size=1, max_size=8
)


def page(topic: int, numbers: list[int]) -> dict[str, Any]:
    posts = [post(topic, number, staff=number == 2) for number in numbers]
    return {
        "id": topic,
        "title": f"Тема {topic}",
        "post_stream": {"posts": posts, "stream": [topic * 100 + 1]},
    }


def drawn(told: list[tuple[int, list[int]]]) -> list[Record]:
    data = [page(topic, numbers) for topic, numbers in told]
    return list(open_topics(Path("t.json"), data, ImportOptions()).records())


@given(pages, st.randoms(use_true_random=False))
def test_the_order_of_files_and_posts_does_not_matter(told: list[tuple[int, list[int]]], random: Any) -> None:
    mixed = [(topic, random.sample(numbers, len(numbers))) for topic, numbers in told]
    random.shuffle(mixed)
    assert drawn(mixed) == drawn(told)


@given(pages)
def test_files_taken_twice_are_as_taken_once(told: list[tuple[int, list[int]]]) -> None:
    assert drawn(told + told) == drawn(told)

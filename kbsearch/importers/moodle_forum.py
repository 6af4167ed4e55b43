"""Exports of Moodle forums, tables with a row for each post: discussions become questions with replies."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import Any

from kbsearch.importers.columns import kind_of
from kbsearch.importers.headed import headed
from kbsearch.importers.html_text import html_text
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, IncomingReply, Record, Skipped
from kbsearch.importers.table_rows import RowReader
from kbsearch.importers.telegram_talk import is_thanks

COLUMNS = frozenset(("id", "discussion", "parent", "userfullname", "message", "messageformat"))
"""Columns that only an export of a forum has together."""

_HTML = "1"
_NONE = frozenset(("", "0"))


@dataclass(frozen=True, slots=True)
class Post(IncomingQuestion):
    """A post of a forum.  ``parent``: the number of the one that it replies to, "0" for none."""

    number: str = ""
    parent: str = ""
    person: str = ""


@dataclass(frozen=True, slots=True)
class PostReader:
    """Turns rows of a forum's export into posts."""

    rows: RowReader

    def read(self, row: Mapping[str, Any], place: str) -> Record:
        """The post of one row, or why it is skipped."""
        if _cell(row, "deleted") not in _NONE:
            return Skipped(place, "a deleted post", harmless=True)
        if _cell(row, "privatereplyto") not in _NONE:
            return Skipped(place, "a private reply", harmless=True)
        text = _cell(row, "message")
        if _cell(row, "messageformat") == _HTML:
            text = html_text(text)
        if _cell(row, "parent") in _NONE:
            text = headed(_cell(row, "subject"), text)
        record = self.rows.read({**row, "message": text}, place)
        if not isinstance(record, IncomingQuestion):
            return record
        told = {one.name: getattr(record, one.name) for one in fields(record)}
        return Post(**told, number=_cell(row, "id"), parent=_cell(row, "parent"), person=_cell(row, "userid"))


def row_reader(
    mapping: Mapping[str, str],
    columns: Sequence[str],
    source: str,
    options: ImportOptions,
    *,
    month_first: bool = False,
) -> RowReader | PostReader:
    """What reads the rows of a table with ``columns``; ``month_first``: how dates like 11/3/2026 are meant.

    Raises:
        InvalidInput: a column that is needed is not known.
    """
    rows = RowReader(mapping, kind_of(mapping, options.kind, columns), source, options, month_first)
    if rows.kind != "questions" or not COLUMNS.issubset(columns):
        return rows
    untitled = {field: column for field, column in mapping.items() if field != "title"}
    return PostReader(replace(rows, mapping=untitled))


def with_replies(records: Iterator[Record], mentors: Sequence[str]) -> Iterator[Record]:
    """``records`` with the posts among them put together, last: questions with all replies below them.

    ``mentors``: names or ids of staff.  What they begin is no question; thanks accept the reply before.
    """
    posts: dict[str, Post] = {}
    for record in records:
        if not isinstance(record, Post):
            yield record
        elif (earlier := posts.setdefault(record.number, record)) is not record:
            repeated = earlier.text == record.text
            yield Skipped(record.place, "a post with the number of an earlier one", harmless=repeated)
    staff = {name.strip().casefold() for name in mentors}
    below: defaultdict[str, list[Post]] = defaultdict(list)
    for post in posts.values():
        below[_root(post, posts).number].append(post)
    for number, thread in below.items():
        replies = sorted((post for post in thread if post.number != number), key=_in_order)
        yield _question(posts[number], replies, staff)


def _in_order(post: Post) -> tuple[int, str]:
    """What sorts posts by their numbers: later ones have higher ones."""
    return len(post.number), post.number


def _root(post: Post, posts: Mapping[str, Post]) -> Post:
    """The post that began the discussion, as far as the file has it."""
    seen = {post.number}
    while post.parent in posts and post.parent not in seen:
        post = posts[post.parent]
        seen.add(post.number)
    return post


def _question(first: Post, below: Sequence[Post], staff: set[str]) -> Record:
    if first.parent not in _NONE:
        return Skipped(first.place, "a reply to a post that the file does not have", harmless=True)
    if _is_staff(first, staff):
        return Skipped(first.place, "a mentor's message that answers no question", harmless=True)
    replies: list[IncomingReply] = []
    for post in below:
        if post.author == first.author and is_thanks(post.text):
            replies[-1:] = [replace(reply, accepted=True) for reply in replies[-1:]]
        else:
            reply = IncomingReply(post.text, post.author, _is_staff(post, staff), replied_at=post.asked_at)
            replies.append(reply)
    told = {one.name: getattr(first, one.name) for one in fields(IncomingQuestion)}
    return replace(IncomingQuestion(**told), replies=tuple(replies))


def _is_staff(post: Post, staff: set[str]) -> bool:
    return not staff.isdisjoint((post.author.strip().casefold(), post.person.casefold()))


def _cell(row: Mapping[str, Any], column: str) -> str:
    value = row.get(column)
    return "" if value is None else str(value).strip().removesuffix(".0")

"""Dumps of Stack Exchange sites (``Posts.xml``): questions with their accepted or best answer.

Questions and answers stand apart in the file, which may have gigabytes.  It is read once, row by row; what
waits for its other half waits in a temporary SQLite database on the disk, so that memory does not grow.  A
question is handed over as soon as its accepted answer comes; those without one come last.
"""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from xml.etree.ElementTree import Element  # only its name: defusedxml does the reading

from kbsearch.errors import InvalidInput, StorageUnavailable, UnreadableFile
from kbsearch.importers.chat_threads import known_as
from kbsearch.importers.dates import read_date
from kbsearch.importers.html_markdown import html_markdown
from kbsearch.importers.html_text import html_text
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingCase, IncomingQuestion, IncomingReply, Record, Skipped
from kbsearch.importers.xml_file import elements, root_of

ROOT = "posts"
FILE = "Posts.xml"
"""What the file is called in the folder of a dump."""

_QUESTION, _ANSWER = "1", "2"
_KEPT = ("Id", "Title", "Body", "Tags", "Score", "CreationDate", "OwnerUserId", "OwnerDisplayName")
_TAG = re.compile(r"[^<>|]+")
_STRAY = "an answer to a question that the file does not have"
_DIGITS = 18
"""The longest numbers that a database keeps."""
_CACHE_KB = 8_000
_LAYOUT = """
CREATE TABLE seen (id INTEGER PRIMARY KEY);
CREATE TABLE waiting (id INTEGER PRIMARY KEY, accepted INTEGER NOT NULL, post TEXT NOT NULL);
CREATE TABLE answers (
    parent INTEGER, id INTEGER, score INTEGER NOT NULL, post TEXT NOT NULL, PRIMARY KEY (parent, id)
) WITHOUT ROWID;
"""

Post = Mapping[str, str]
"""The attributes of a row that are needed, by their names."""


def open_posts(path: Path, options: ImportOptions) -> Source:
    """The posts in the file at ``path``, or in ``Posts.xml`` of the folder there.

    Raises:
        UnreadableFile: it is no such file.  Drawing the records raises it as well: for XML that breaks off
            or is unsafe, and for a file without posts.
        StorageUnavailable: drawing the records finds no room for the temporary database.
    """
    file = path / FILE if path.is_dir() else path
    with file.open("rb") as head:
        if root_of(head.read(4096)) != ROOT:
            raise UnreadableFile(
                "{path} is no dump of Stack Exchange ({file}).",
                remedy="Unpack the dump of the site and import its Posts.xml.",
                path=str(path),
                file=FILE,
            )
    meter = Meter()
    reader = _Reader(options, {known_as(mentor) for mentor in options.mentors})

    def records() -> Iterator[Record]:
        rows = elements(file, "row", meter, options.encoding)
        try:
            yield from _records(rows, path, reader)
        except sqlite3.Error as error:
            raise StorageUnavailable(
                "The temporary database that holds posts failed: {reason}.",
                remedy="It needs about as much room as the file: free some, or name another folder "
                "in TMPDIR.",
                reason=str(error),
            ) from error

    return Source("stackexchange", records, meter)


def _records(rows: Iterator[Element], path: Path, reader: _Reader) -> Iterator[Record]:
    with closing(_Halves()) as halves:
        number = 0
        for number, row in enumerate(rows, 1):
            yield from _taken(row.attrib, f"entry {number}", halves, reader)
        if not number:
            raise UnreadableFile(
                "{path} holds no posts.", remedy="Check that the export has finished.", path=str(path)
            )
        yield from _left(halves, reader)


def _taken(row: Mapping[str, str], place: str, halves: _Halves, reader: _Reader) -> Iterator[Record]:
    """What can be handed over once ``row`` is known."""
    number, kind = row.get("Id", ""), row.get("PostTypeId")
    if kind not in {_QUESTION, _ANSWER}:
        yield Skipped(place, "a post that is neither a question nor an answer", harmless=kind is not None)
    elif not _is_id(number) or not row.get("Body"):
        yield Skipped(place, "it is no post with an id and a text (Id, Body)")
    elif kind == _QUESTION:
        yield from _asked(row, halves, reader)
    elif not _is_id(row.get("ParentId", "")):
        yield Skipped(f"post {number}", "the answer does not tell its question (ParentId)")
    elif (found := halves.answered(row)) is not None:
        yield reader.record(found, row, accepted=True)


def _asked(row: Mapping[str, str], halves: _Halves, reader: _Reader) -> Iterator[Record]:
    if not halves.is_new(int(row["Id"])):
        yield Skipped(f"post {row['Id']}", "a post with the number of an earlier one", harmless=True)
        return
    answer = halves.early(row)
    if answer is not None:
        yield reader.record(row, answer, accepted=True)
    elif row.get("AnswerCount") == "0":
        yield reader.record(row, None, accepted=False)
    else:
        halves.wait(row)


def _left(halves: _Halves, reader: _Reader) -> Iterator[Record]:
    """Questions whose accepted answer did not come, with their best one; then answers without a question."""
    for question, answer in halves.waiting():
        yield reader.record(question, answer, accepted=False)
    for number in halves.strays():
        yield Skipped(f"post {number}", _STRAY, harmless=True)


class _Halves:
    """Questions that wait for an answer, and answers that wait for a question, on the disk.

    The best of several answers has the highest score, then the lowest number.
    """

    def __init__(self) -> None:
        self._database = sqlite3.connect("", isolation_level=None)
        for setting in ("journal_mode = OFF", "synchronous = OFF", f"cache_size = -{_CACHE_KB}"):
            self._database.execute(f"PRAGMA {setting}")
        self._database.executescript(_LAYOUT)
        self._database.execute("BEGIN")

    def close(self) -> None:
        """Throw away all that waits."""
        self._database.close()

    def is_new(self, question: int) -> bool:
        """Whether no question had the number before; it is noted."""
        return bool(self._database.execute("INSERT OR IGNORE INTO seen VALUES (?)", (question,)).rowcount)

    def early(self, question: Mapping[str, str]) -> Post | None:
        """The accepted answer of a question, where it came before."""
        wanted = int(question["Id"]), _number(question.get("AcceptedAnswerId"))
        found = self._one("SELECT post FROM answers WHERE parent = ? AND id = ?", *wanted)
        if found is not None:
            self._database.execute("DELETE FROM answers WHERE parent = ?", wanted[:1])
        return found

    def wait(self, question: Mapping[str, str]) -> None:
        """Keep a question until its answer comes."""
        row = int(question["Id"]), _number(question.get("AcceptedAnswerId")), _written(question)
        self._database.execute("INSERT INTO waiting VALUES (?, ?, ?)", row)

    def answered(self, answer: Mapping[str, str]) -> Post | None:
        """The question that waits for just this answer; the answer is kept if it may be needed later."""
        parent, number = int(answer["ParentId"]), int(answer["Id"])
        found = self._database.execute(
            "SELECT accepted, post FROM waiting WHERE id = ?", (parent,)
        ).fetchone()
        if found is None:
            if not self._database.execute("SELECT 1 FROM seen WHERE id = ?", (parent,)).fetchone():
                self._keep(parent, answer)
            return None
        if found[0] != number:
            self._keep_best(parent, answer)
            return None
        self._database.execute("DELETE FROM waiting WHERE id = ?", (parent,))
        self._database.execute("DELETE FROM answers WHERE parent = ?", (parent,))
        question: Post = json.loads(found[1])
        return question

    def _keep(self, parent: int, answer: Mapping[str, str]) -> None:
        row = parent, int(answer["Id"]), _number(answer.get("Score")), _written(answer)
        self._database.execute("INSERT OR REPLACE INTO answers VALUES (?, ?, ?, ?)", row)

    def _keep_best(self, parent: int, answer: Mapping[str, str]) -> None:
        """Keep ``answer`` in place of one of the same question that is not as good, or not at all."""
        rank = _number(answer.get("Score")), -int(answer["Id"])
        known = self._database.execute("SELECT score, id FROM answers WHERE parent = ?", (parent,)).fetchall()
        if all((score, -number) < rank for score, number in known):
            self._database.execute("DELETE FROM answers WHERE parent = ?", (parent,))
            self._keep(parent, answer)

    def waiting(self) -> Iterator[tuple[Post, Post | None]]:
        """The questions that still wait, by their numbers, each with its best answer."""
        best = "SELECT post FROM answers WHERE parent = ? ORDER BY score DESC, id LIMIT 1"
        for number, post in self._database.execute("SELECT id, post FROM waiting ORDER BY id"):
            yield json.loads(post), self._one(best, number)

    def strays(self) -> Iterator[int]:
        """Numbers of the answers whose question never came."""
        query = "SELECT id FROM answers WHERE parent NOT IN (SELECT id FROM seen) ORDER BY id"
        yield from (row[0] for row in self._database.execute(query))

    def _one(self, query: str, *values: int) -> Post | None:
        found = self._database.execute(query, values).fetchone()
        return None if found is None else json.loads(found[0])


def _is_id(value: str) -> bool:
    return value.isdecimal() and len(value) <= _DIGITS


def _number(value: str | None) -> int:
    """A whole number, below zero as well; 0 for none."""
    return int(value) if value and _is_id(value.removeprefix("-")) else 0


def _written(row: Mapping[str, str]) -> str:
    return json.dumps({name: row[name] for name in _KEPT if name in row}, ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class _Reader:
    """Makes records of posts.  ``mentors``: what `known_as` makes of the names of staff."""

    options: ImportOptions
    mentors: set[str]

    def record(self, question: Post, answer: Post | None, *, accepted: bool) -> Record:
        """The question with its answer, or the case that both are, or why it is skipped."""
        place = f"post {question['Id']}"
        try:
            if self.options.kind == "cases":
                return self._case(question, answer, place, accepted)
            return self._question(question, answer, place, accepted)
        except InvalidInput as error:
            return Skipped.because(place, error)

    def _question(self, question: Post, answer: Post | None, place: str, accepted: bool) -> Record:
        title = question.get("Title", "").strip()
        return IncomingQuestion(
            text=f"{title}\n{html_text(question['Body'])}".strip(),
            source=self._source,
            external_id=question["Id"],
            author=_author(question),
            course=self.options.course,
            asked_at=_moment(question),
            replies=(self._reply(answer, accepted),) if answer else (),
            place=place,
        )

    def _reply(self, answer: Post, accepted: bool) -> IncomingReply:
        names = {known_as(answer.get(key, "")) for key in ("OwnerUserId", "OwnerDisplayName")}
        return IncomingReply(
            text=html_text(answer["Body"]),
            author=_author(answer),
            by_mentor=accepted or not self.mentors.isdisjoint(names - {""}),
            accepted=accepted,
            replied_at=_moment(answer),
        )

    def _case(self, question: Post, answer: Post | None, place: str, accepted: bool) -> Record:
        title = question.get("Title", "").strip()
        if not title:
            return Skipped(place, "there is no title")
        if answer is None or not (accepted or _number(answer.get("Score")) > 0):
            return Skipped(place, "a question without an answer that was accepted or liked", harmless=True)
        return IncomingCase(
            title=title,
            answer=html_markdown(answer["Body"]),
            slug=f"{self._source}-{question['Id']}",
            course=self.options.course,
            tags=tuple(_TAG.findall(question.get("Tags", ""))),
            place=place,
        )

    @property
    def _source(self) -> str:
        return self.options.source or "stackexchange"


def _author(post: Post) -> str:
    return post.get("OwnerUserId") or post.get("OwnerDisplayName") or ""


def _moment(post: Post) -> datetime:
    """When it was written; dumps tell it in UTC without saying so."""
    moment = read_date(post.get("CreationDate"))
    if moment is None:
        raise InvalidInput("the message has no date")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)

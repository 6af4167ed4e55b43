"""The school's lexicon: what students say, kept by methodologists, and how it makes a question understood."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import IndexUnavailable, InvalidInput, NotFound
from kbsearch.matching.queries import Query, prepare
from kbsearch.matching.understanding import Understanding
from kbsearch.models import LexiconEntry, Person, utc_now
from kbsearch.ports import SearchBackend
from kbsearch.text.lexicon import LONGEST, Entry, Lexicon, is_everyday, key_of, one_form, shipped_entries

MAX_SAID = 100
MAX_MEANS = 300
MAX_LINES = 10_000
CHECK_SECONDS = 1.0
"""The database is asked for changes of other processes at most this often."""

Origin = Literal["shipped", "changed", "off", "own"]
_Stamp = tuple[int, datetime | None]
_Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LexiconRow:
    """One saying.

    ``origin``: it came with kbsearch, was changed, was switched off, or is the school's own.  ``changed_at``
    and ``changed_by`` (a name, "" for nobody who signs in) are of the school's last change.
    """

    said: str
    means: str
    origin: Origin
    changed_at: datetime | None = None
    changed_by: str = ""


class Everyday(InvalidInput):
    """A saying of everyday words would change nearly every question; it may be saved when one is sure."""


class LexiconService:
    """Reads and changes the lexicon.

    The process that changes it sees that with its next question, others within `CHECK_SECONDS`.  Threads may
    share one; ``clock`` tells seconds that only grow.
    """

    def __init__(
        self, database: Database, case_index: SearchBackend, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._next = -1.0
        self._stamp: _Stamp = (-1, None)
        self._lexicon = Lexicon([])
        self.understanding = Understanding(case_index, self.current)

    def current(self) -> Lexicon:
        """The lexicon that holds now; the same object until an entry changes.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        now = self._clock()
        with self._lock:
            if now >= self._next:
                self._look()
                self._next = now + CHECK_SECONDS
            return self._lexicon

    def _look(self) -> None:
        with self._database.reading() as session:
            stamp = _stamp(session)
            if stamp == self._stamp:
                return
            own = [Entry(row.said, row.means if row.active else "") for row in _entries(session)]
        self._lexicon = Lexicon([*shipped_entries(), *own])
        self._stamp = stamp

    @contextmanager
    def _changing(self) -> Iterator[Session]:
        with self._database.writing() as session:
            yield session
        with self._lock:
            self._next = -1.0

    def understood(self, text: str) -> Query:
        """How ``text`` is understood, step by step."""
        try:
            return self.understanding.prepare(text)
        except IndexUnavailable:
            return prepare(text)

    def rows(self, words: str = "") -> list[LexiconRow]:
        """All sayings in alphabetical order, those with ``words`` in them if given."""
        with self._database.reading() as session:
            changed = _by_key(session)
            names = {person.id: person.name for person in session.scalars(select(Person))}
        shipped = {entry.key: entry for entry in shipped_entries()}
        found = [
            _row(changed.get(key), shipped.get(key), names) for key in dict.fromkeys([*shipped, *changed])
        ]
        wanted = one_form(words)
        kept = [row for row in found if wanted in row.said or wanted in row.means.lower()]
        return sorted(kept, key=lambda row: row.said)

    def get(self, said: str) -> LexiconRow:
        """The entry of ``said``.

        Raises:
            NotFound: there is none.
        """
        key = key_of(said)
        found = next((row for row in self.rows() if key_of(row.said) == key), None)
        if found is None:
            raise NotFound(
                "The lexicon has no entry '{said}'.",
                remedy="See `kbsearch lexicon list`.",
                said=said[:MAX_SAID],
            )
        return found

    def save(
        self,
        said: str,
        means: str,
        *,
        active: bool = True,
        sure: bool = False,
        person_id: int | None = None,
    ) -> LexiconRow:
        """Add an entry or change the one with the same stems; everyday words only when one is ``sure``.

        Raises:
            InvalidInput: ``said`` or ``means`` is empty or too long, or they are the same words.
            Everyday: ``said`` stands in too many questions.
        """
        entry = _checked(said, means, sure=sure or not active)
        with self._changing() as session:
            _store(session, entry, active, person_id)
        return self.get(entry.said)

    def remove(self, said: str, *, person_id: int | None = None) -> LexiconRow:
        """Delete an own entry, or switch one off that came with kbsearch; returns what it was.

        Raises:
            NotFound: there is none.
        """
        before = self.get(said)
        if key_of(said) in {entry.key for entry in shipped_entries()}:
            self.save(before.said, before.means, active=False, person_id=person_id)
        else:
            with self._changing() as session:
                session.delete(_by_key(session)[key_of(said)])
        return before

    def bring_back(self, said: str) -> LexiconRow:
        """Make an entry again what came with kbsearch.

        Raises:
            NotFound: none came with kbsearch.
        """
        row = self.get(said)
        shipped = next((entry for entry in shipped_entries() if entry.key == key_of(said)), None)
        if shipped is None:
            raise NotFound("'{said}' did not come with kbsearch.", remedy="Delete it instead.", said=row.said)
        with self._changing() as session:
            if entry := _by_key(session).get(key_of(said)):
                session.delete(entry)
        return self.get(said)

    def import_lines(self, lines: Iterable[str], *, sure: bool = False, person_id: int | None = None) -> int:
        """Take entries like ``запушить, пушить: push``, all or none; returns how many sayings there were.

        Raises:
            InvalidInput: a line cannot be read; the message names it.
            Everyday: as `save`.
        """
        entries = _parsed(lines, sure=sure)
        with self._changing() as session:
            for entry in entries:
                _store(session, entry, True, person_id)
        return len(entries)


_STAMP = select(func.count(LexiconEntry.id), func.max(LexiconEntry.updated_at))


def _stamp(session: Session) -> _Stamp:
    row = session.execute(_STAMP).one()
    return row[0], row[1]


def _entries(session: Session) -> Sequence[LexiconEntry]:
    return session.scalars(select(LexiconEntry).order_by(LexiconEntry.id)).all()


def _by_key(session: Session) -> dict[_Key, LexiconEntry]:
    return {key_of(entry.said): entry for entry in _entries(session)}


def _store(session: Session, entry: Entry, active: bool, person_id: int | None) -> None:
    found = _by_key(session).get(entry.key)
    if found is None:
        found = LexiconEntry(said=entry.said, created_by_id=person_id)
        session.add(found)
    found.means, found.active = entry.means, active
    found.updated_at, found.updated_by_id = utc_now(), person_id
    session.flush()


def _row(own: LexiconEntry | None, shipped: Entry | None, names: dict[int, str]) -> LexiconRow:
    if own is None:
        assert shipped is not None  # noqa: S101  # a key is of one of them
        return LexiconRow(one_form(shipped.said), shipped.means, "shipped")
    origin: Origin = "off" if not own.active else "changed" if shipped else "own"
    return LexiconRow(own.said, own.means, origin, own.updated_at, names.get(own.updated_by_id or 0, ""))


def _checked(said: str, means: str, *, sure: bool) -> Entry:
    entry = Entry(one_form(said.replace("\0", "")), " ".join(means.replace("\0", "").split()))
    if not 1 <= len(entry.key) <= LONGEST or len(entry.said) > MAX_SAID:
        raise InvalidInput(
            "What students say must have from one to {most} words.",
            remedy="Write it the way they do, such as запушить.",
            most=LONGEST,
        )
    if not key_of(entry.means) or len(entry.means) > MAX_MEANS:
        raise InvalidInput(
            "What it means must have from 1 to {most} characters.",
            remedy="Write the words that the cases use.",
            most=MAX_MEANS,
        )
    if entry.key == key_of(entry.means):
        raise InvalidInput(
            "'{said}' means itself already: such an entry would change nothing.",
            remedy="Write the words that the cases use.",
            said=entry.said,
        )
    if not sure and is_everyday(entry.said):
        raise Everyday(
            "“{said}” is said whatever is asked: nearly every question would be understood anew.",
            remedy="Add a word that tells what is meant. Or confirm it (--yes), if you are sure.",
            said=entry.said,
        )
    return entry


def _parsed(lines: Iterable[str], *, sure: bool) -> list[Entry]:
    entries: list[Entry] = []
    for number, line in enumerate(lines, 1):
        if not line.strip() or line.startswith("#"):
            continue
        said, colon, means = line.partition(":")
        if not colon or number > MAX_LINES:
            raise InvalidInput(
                "Line {number} is no entry of a lexicon.",
                remedy="Write up to {most} lines like `запушить, пушить: push`.",
                number=number,
                most=MAX_LINES,
            )
        entries += [_checked(one, means, sure=sure) for one in said.split(",")]
    return entries

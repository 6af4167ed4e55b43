"""What is kept of one person who asked or replied, and forgetting who it was."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select, update

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import InvalidInput, NotFound
from kbsearch.models import Question, Reply, counts_with
from kbsearch.privacy.pseudonyms import author_key
from kbsearch.services.intake import clean
from kbsearch.services.row_chunks import chunks


@dataclass(frozen=True, slots=True)
class Kept:
    """How many questions and replies are known to be an author's."""

    questions: int
    replies: int


@dataclass(frozen=True, slots=True)
class Written:
    """A text of an author, masked as it is stored.

    ``kind``: "question" or "reply".  ``source`` and ``external_id``: of the question, for a reply of the one
    that it replies to.  ``when``: None when unknown.
    """

    kind: str
    source: str
    external_id: str
    when: datetime | None
    text: str


class AuthorService:
    """Finds what an author wrote by the key under which it is stored."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._settings = settings

    def kept(self, author: str) -> Kept:
        """How much of ``author`` is kept, who is named as the source names them.

        Raises:
            InvalidInput: ``author`` is empty.
            NotFound: nothing is.
        """
        key = self._key(author)
        with self._database.reading() as session:
            questions, replies = (
                session.scalar(select(func.count()).select_from(table).where(table.author_key == key)) or 0
                for table in (Question, Reply)
            )
        if not questions and not replies:
            raise NotFound(
                "Nothing is stored of the author '{author}'.",
                remedy="Write the id or name as the file or the API gave it, like user123456 of Telegram.",
                author=author,
            )
        return Kept(questions, replies)

    def written(self, author: str) -> Iterator[Written]:
        """All that ``author`` wrote, questions first, each kind by age.

        Raises:
            InvalidInput: ``author`` is empty.
        """
        key = self._key(author)
        asked = select(Question).where(Question.author_key == key)
        told = select(Reply).where(Reply.author_key == key)
        with self._database.reading() as session:
            for question in session.scalars(asked.order_by(Question.asked_at, Question.id)):
                yield _written("question", question, question.asked_at, question.text)
            for reply in session.scalars(told.order_by(Reply.replied_at, Reply.id)):
                yield _written("reply", reply.question, reply.replied_at, reply.text)

    def forget(self, author: str) -> Kept:
        """Forget that it was ``author`` who wrote what they wrote; returns how much that was.

        The masked texts stay, as of somebody unknown.  A file that is taken in again does not bring the
        author back to questions that are there.

        Raises:
            InvalidInput: ``author`` is empty.
            NotFound: nothing is stored of them.
        """
        kept, key = self.kept(author), self._key(author)
        with self._database.writing() as session:
            ids = session.scalars(select(Question.id).where(Question.author_key == key)).all()
            for table in (Question, Reply):
                unnamed = update(table).where(table.author_key == key).values(author_key="")
                session.execute(unnamed.execution_options(synchronize_session=False))
            for some in chunks(ids):
                session.execute(counts_with(some))
        return kept

    def _key(self, author: str) -> str:
        key = author_key(clean(author), self._settings.stored_key("author_key"))
        if not key:
            raise InvalidInput("The author is empty.", remedy="Write the name or id as the source gave it.")
        return key


def _written(kind: str, question: Question, when: datetime | None, text: str) -> Written:
    return Written(kind, question.source, question.external_id, when, text)

"""Questions that repeat earlier ones: recognised by the machine, linked and unlinked by people."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from kbsearch.database import Database
from kbsearch.errors import Conflict, EncoderUnavailable, IndexUnavailable, NotFound
from kbsearch.models import Collection as Indexed
from kbsearch.models import LinkKind, Outbox, Question, QuestionLink, QuestionState
from kbsearch.ports import Embedder, Progress, SearchBackend, silent
from kbsearch.services.group_answers import GroupAnswer, answers_of
from kbsearch.services.intake import clean, text_key
from kbsearch.services.link_rows import (
    ACTIVE,
    Found,
    Trees,
    join,
    link_of,
    members_of,
    part,
    roots_of,
    store_found,
)
from kbsearch.services.near_questions import NearQuestions
from kbsearch.services.row_chunks import chunks
from kbsearch.services.same_words import Said, first_with, link_same_words, said_by
from kbsearch.text.layout import repair_layout

BATCH = 2_048
SHOWN = 200
"""Members of a group that are listed; a group may have thousands."""


@dataclass(frozen=True, slots=True)
class Repeat:
    """A question repeats ``first``, the first of its group, and how that group was answered.

    ``to_id``: the question that it was found to repeat.  ``probability`` in [0, 1].  ``by_person``: a person
    linked it, not the machine.
    """

    first: Question
    to_id: int
    kind: LinkKind
    probability: float
    by_person: bool
    answer: GroupAnswer

    @property
    def wording(self) -> str:
        """What ``first`` says, readable where it was typed in the wrong keyboard layout."""
        return repair_layout(self.first.text)


@dataclass(frozen=True, slots=True)
class Group:
    """Questions that ask the same, the first one first; at most `SHOWN` of the ``answer.size`` there are."""

    questions: tuple[Question, ...]
    answer: GroupAnswer

    @property
    def wording(self) -> str:
        """What the first one says, readable where it was typed in the wrong keyboard layout."""
        return repair_layout(self.questions[0].text)


@dataclass(frozen=True, slots=True)
class GroupPage:
    """One page of the groups, largest first, and how many there are in all."""

    items: tuple[Group, ...]
    total: int


class DuplicateService:
    """Verbs on repeats.  The machine never undoes or repeats what a person decided."""

    def __init__(self, database: Database, question_index: SearchBackend, embedder: Embedder) -> None:
        self._database = database
        self._near = NearQuestions(question_index, embedder)

    # -- the machine

    def find(self, ids: Collection[int]) -> int:
        """Link those of the indexed questions ``ids`` that repeat an earlier one; returns how many did.

        Raises:
            IndexUnavailable: the index cannot be read.
            EncoderUnavailable: the model cannot be loaded.
        """
        with self._database.reading() as session:
            trees = Trees(session, ids)
            said = [one for one in said_by(session, ids) if not trees.linked(one.id)]
            near = self._near.of_stored(session, said) if said else {}
        found = [Found(one, link.to_id, LinkKind.NEAR, link.probability) for one, link in near.items()]
        if not said:
            return 0
        with self._database.writing() as session:
            return link_same_words(session, [one.id for one in said]) + store_found(session, found)

    def find_all(self, progress: Progress = silent) -> int:
        """Look at all questions, those of before there were links too; returns how many were linked."""
        with self._database.reading() as session:
            ids = list(session.scalars(select(Question.id).order_by(Question.id)))
        linked = 0
        for done, some in enumerate(chunks(ids, BATCH), 1):
            linked += self.find(some)
            progress(min(len(ids), done * BATCH), len(ids), "comparing questions")
        return linked

    def earlier(
        self, text: str, *, course: str = "", lesson: str = "", but: int | None = None
    ) -> Repeat | None:
        """What ``text``, which is not stored, repeats; or question ``but``, which is not indexed yet.

        While the index or the encoder is out of reach only the same words are recognised.

        Raises:
            StorageUnavailable: the database cannot be read.
        """
        cleaned = clean(text)
        said = Said(cleaned, text_key(cleaned), course, lesson, but or 0)
        with self._database.reading() as session:
            same = first_with(session, [said.name]).get(said.name)
            same = None if same == but else same
            if but and _is_parted_by_people(session, but):
                return None
            found = (same, LinkKind.EXACT, 1.0) if same else self._near_of(session, said)
            if found is None:
                return None
            root = roots_of(session, [found[0]])[found[0]]
            return _repeat(
                session, QuestionLink(to_id=found[0], root_id=root, kind=found[1], probability=found[2])
            )

    def _near_of(self, session: Session, said: Said) -> tuple[int, LinkKind, float] | None:
        try:
            near = self._near.of_text(session, said)
        except (IndexUnavailable, EncoderUnavailable):
            return None
        return (near.to_id, LinkKind.NEAR, near.probability) if near else None

    # -- reading

    def of(self, ids: Collection[int]) -> dict[int, Repeat]:
        """What each of the stored questions ``ids`` repeats; those that repeat nothing are left out."""
        with self._database.reading() as session:
            links = [
                link
                for some in chunks(sorted(set(ids)))
                for link in session.scalars(
                    select(QuestionLink).where(ACTIVE, QuestionLink.question_id.in_(some))
                )
            ]
            roots = {link.root_id for link in links}
            answers, firsts = answers_of(session, roots), _questions(session, roots)
            return {
                link.question_id: _made(link, firsts[link.root_id], answers[link.root_id])
                for link in links
                if link.root_id in firsts
            }

    def group(self, question_id: int) -> Group:
        """The question's group; of itself alone when it repeats nothing and nothing repeats it.

        Raises:
            NotFound: there is no such question.
        """
        with self._database.reading() as session:
            _require(session, question_id)
            return _group(session, roots_of(session, [question_id])[question_id])

    def groups(self, *, limit: int = 50, offset: int = 0) -> GroupPage:
        """Groups of at least two questions, largest first."""
        count = func.count()
        query = select(QuestionLink.root_id).where(ACTIVE).group_by(QuestionLink.root_id)
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            ordered = query.order_by(count.desc(), QuestionLink.root_id.desc())
            roots = session.scalars(ordered.limit(limit).offset(offset)).all()
            return GroupPage(tuple(_group(session, root) for root in roots), total)

    # -- people

    def link(self, question_id: int, to_id: int, person_id: int | None = None) -> int:
        """Say that the two ask the same; their groups become one, whose first is the one taken in first.

        Returns the id of the question that was the first of its group and is not any more.

        Raises:
            NotFound: there is no such question.
            Conflict: they are in one group already.
        """
        with self._database.writing() as session:
            for one in (question_id, to_id):
                _require(session, one)
            link = join(session, question_id, to_id, person_id)
            if link is None:
                raise Conflict(
                    "Questions {one} and {other} are linked already.",
                    remedy="Choose another question.",
                    one=question_id,
                    other=to_id,
                )
            return link.question_id

    def unlink(self, question_id: int, person_id: int | None = None) -> int:
        """Say that the question does not repeat what it is linked to; returns the id of that link.

        Those that repeat it go with it.  The machine will not link them again.

        Raises:
            NotFound: there is no such question.
            Conflict: it repeats nothing.
        """
        with self._database.writing() as session:
            _require(session, question_id)
            link = link_of(session, question_id)
            if link is None:
                raise Conflict(
                    "Question {id} is not linked to an earlier one.",
                    remedy="Reload the page: somebody may have unlinked it.",
                    id=question_id,
                )
            part(session, link, person_id)
            return link.to_id

    def answer_likewise(self, question_id: int) -> Repeat:
        """Mark an open question as answered the way its group was; returns what it repeats.

        Raises:
            NotFound: there is no such question.
            Conflict: it repeats no answered question, or is not open.
        """
        repeat = self.of([question_id]).get(question_id)
        with self._database.writing() as session:
            question = _require(session, question_id)
            if repeat is None or not repeat.answer.answered or question.state != QuestionState.OPEN:
                raise Conflict(
                    "Question {id} is not open, or what it repeats has no answer.",
                    remedy="Choose a case for it instead.",
                    id=question_id,
                )
            question.state = QuestionState.ANSWERED
            question.case_id = repeat.answer.case.id if repeat.answer.case else None
            session.add(Outbox(collection=Indexed.QUESTIONS, entity_id=question_id))
        return repeat


def _is_parted_by_people(session: Session, question_id: int) -> bool:
    """Whether a person undid a link of the question: what they decided is not guessed again."""
    undone = QuestionLink.undone_at.is_not(None) & (QuestionLink.question_id == question_id)
    return session.scalar(select(QuestionLink.id).where(undone).limit(1)) is not None


def _require(session: Session, question_id: int) -> Question:
    question = session.get(Question, question_id)
    if question is None:
        raise NotFound("There is no question {id}.", remedy="It may have been deleted.", id=question_id)
    return question


def _questions(session: Session, ids: Collection[int]) -> dict[int, Question]:
    found: dict[int, Question] = {}
    for some in chunks(sorted(ids)):
        query = select(Question).options(selectinload(Question.replies)).where(Question.id.in_(some))
        found.update((question.id, question) for question in session.scalars(query))
    return found


def _repeat(session: Session, link: QuestionLink) -> Repeat:
    return _made(
        link,
        _questions(session, [link.root_id])[link.root_id],
        answers_of(session, [link.root_id])[link.root_id],
    )


def _made(link: QuestionLink, first: Question, answer: GroupAnswer) -> Repeat:
    by_person = link.kind == LinkKind.PERSON
    return Repeat(first, link.to_id, LinkKind(link.kind), link.probability, by_person, answer)


def _group(session: Session, root: int) -> Group:
    ids: Sequence[int] = members_of(session, root)[:SHOWN]
    found = _questions(session, ids)
    return Group(tuple(found[one] for one in ids if one in found), answers_of(session, [root])[root])

"""Links between questions in their rows: trees whose root is the first question of each.

Every link leads from a question to one with a lower id, the root of whose tree is then the root of both.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import func, insert, select, update
from sqlalchemy.orm import Session

from kbsearch.models import LinkKind, QuestionLink, utc_now
from kbsearch.services.row_chunks import chunks

ACTIVE = QuestionLink.undone_at.is_(None)


@dataclass(frozen=True, slots=True)
class Found:
    """``question_id`` repeats ``to_id``, which is lower, with ``probability`` in [0, 1]."""

    question_id: int
    to_id: int
    kind: LinkKind
    probability: float = 1.0


class Trees:
    """The roots of some questions as they are stored, kept up to date while links are added."""

    def __init__(self, session: Session, ids: Iterable[int]) -> None:
        self._session = session
        self._roots: dict[int, int] = {}
        self._parents: dict[int, int] = {}
        self.load(ids)

    def load(self, ids: Iterable[int]) -> None:
        """Look up the roots of ``ids`` that are not known yet."""
        new = [one for one in dict.fromkeys(ids) if one not in self._roots]
        for some in chunks(new):
            query = select(QuestionLink.question_id, QuestionLink.root_id)
            rows = self._session.execute(query.where(ACTIVE, QuestionLink.question_id.in_(some)))
            self._roots.update({one: one for one in some})
            self._roots.update({row.question_id: row.root_id for row in rows})

    def root(self, question_id: int) -> int:
        """The root of the question, which was loaded."""
        root = self._roots.get(question_id, question_id)
        while root in self._parents:
            root = self._parents[root]
        return root

    def linked(self, question_id: int) -> bool:
        """Whether the question, which was loaded, repeats another one."""
        return self.root(question_id) != question_id

    def join(self, root: int, to_root: int) -> None:
        """Note that the tree of ``root`` hangs below ``to_root`` now."""
        self._parents[root] = to_root


def roots_of(session: Session, ids: Collection[int]) -> dict[int, int]:
    """The first question of the tree of each of ``ids``; itself where it repeats none."""
    trees = Trees(session, ids)
    return {one: trees.root(one) for one in ids}


def members_of(session: Session, root_id: int) -> list[int]:
    """The root and all that repeat it, ascending."""
    rows = session.scalars(select(QuestionLink.question_id).where(ACTIVE, QuestionLink.root_id == root_id))
    return sorted({root_id, *rows})


def sizes_of(session: Session, roots: Collection[int]) -> dict[int, int]:
    """How many questions the tree of each of ``roots`` has, the root included."""
    sizes = dict.fromkeys(roots, 1)
    for some in chunks(list(sizes)):
        query = select(QuestionLink.root_id, func.count()).where(ACTIVE, QuestionLink.root_id.in_(some))
        for root, count in session.execute(query.group_by(QuestionLink.root_id)):
            sizes[root] = count + 1
    return sizes


def store_found(session: Session, found: Sequence[Found]) -> int:
    """Store links that the machine found; returns how many.

    Left out: a question that repeats another one already, and whatever a person has parted.
    """
    trees = Trees(session, [one for link in found for one in (link.question_id, link.to_id)])
    parted = _parted(session)
    trees.load(one for pair in parted for one in pair)
    kept = []
    for link in sorted(found, key=lambda one: one.question_id):
        root, to_root = trees.root(link.question_id), trees.root(link.to_id)
        if root == link.question_id and root != to_root and not _is_parted(trees, parted, {root, to_root}):
            trees.join(root, to_root)
            kept.append(link)
    _insert(session, kept, trees)
    return len(kept)


def _parted(session: Session) -> list[tuple[int, int]]:
    query = select(QuestionLink.question_id, QuestionLink.to_id).where(QuestionLink.undone_at.is_not(None))
    return [(row.question_id, row.to_id) for row in session.execute(query.distinct())]


def _is_parted(trees: Trees, parted: Sequence[tuple[int, int]], roots: set[int]) -> bool:
    return any({trees.root(one), trees.root(other)} == roots for one, other in parted)


def _insert(session: Session, links: Sequence[Found], trees: Trees) -> None:
    if not links:
        return
    now = utc_now()
    rows = [
        {
            "question_id": link.question_id,
            "to_id": link.to_id,
            "root_id": trees.root(link.to_id),
            "kind": link.kind,
            "probability": link.probability,
            "created_at": now,
        }
        for link in links
    ]
    _rehang(session, [(link.question_id, trees.root(link.question_id)) for link in links])
    session.execute(insert(QuestionLink), rows)


def _rehang(session: Session, moves: Sequence[tuple[int, int]]) -> None:
    """Give the trees whose roots were the first of each of ``moves`` the second as their root."""
    was = dict(moves)
    for some in chunks(list(was)):
        query = select(QuestionLink.root_id).where(ACTIVE, QuestionLink.root_id.in_(some)).distinct()
        for root in session.scalars(query).all():
            statement = update(QuestionLink).where(ACTIVE, QuestionLink.root_id == root)
            session.execute(statement.values(root_id=was[root]))


def join(session: Session, one: int, other: int, person_id: int | None) -> QuestionLink | None:
    """A person's link from one question's root to the other's; None when they are one tree already."""
    roots = roots_of(session, [one, other])
    first, second = sorted((roots[one], roots[other]))
    if first == second:
        return None
    _rehang(session, [(second, first)])
    link = QuestionLink(
        question_id=second,
        to_id=first,
        root_id=first,
        kind=LinkKind.PERSON,
        probability=1.0,
        person_id=person_id,
    )
    session.add(link)
    session.flush()
    return link


def link_of(session: Session, question_id: int) -> QuestionLink | None:
    """The link by which the question repeats another one, if it does."""
    return session.scalar(select(QuestionLink).where(ACTIVE, QuestionLink.question_id == question_id))


def part(session: Session, link: QuestionLink, person_id: int | None) -> None:
    """Undo ``link``: the question and all that repeat it become a tree of their own."""
    link.undone_at, link.undone_by_id = utc_now(), person_id
    session.flush()
    below = _below(session, link.question_id, link.root_id)
    for some in chunks(sorted(below)):
        statement = update(QuestionLink).where(ACTIVE, QuestionLink.question_id.in_(some))
        session.execute(statement.values(root_id=link.question_id))
    session.expire_all()


def _below(session: Session, question_id: int, root_id: int) -> set[int]:
    """The questions that repeat ``question_id``, at any distance."""
    query = select(QuestionLink.question_id, QuestionLink.to_id).where(
        ACTIVE, QuestionLink.root_id == root_id
    )
    below = {question_id}
    # A link leads to a lower id, so one pass in ascending order meets each after the one that it hangs on.
    for row in session.execute(query.order_by(QuestionLink.question_id)):
        if row.to_id in below:
            below.add(row.question_id)
    return below - {question_id}

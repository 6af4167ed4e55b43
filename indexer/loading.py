"""Cases and questions of the database as documents of an index, still without vectors."""

from __future__ import annotations

from collections.abc import Collection as AnyCollection
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, selectinload

from indexer.documents import fingerprint
from kbsearch.database import Database
from kbsearch.matching.queries import bare_text
from kbsearch.models import LIVE_STATES, Case, Collection, Question
from kbsearch.ports import NO_VECTORS, Document, Embedder, Floats, Part
from kbsearch.text.passages import passages, titled

CHUNK = 2_000


@dataclass(frozen=True, slots=True)
class Draft:
    """A document without vectors, and the text of each of its parts."""

    document: Document
    texts: tuple[str, ...]


def drafts(session: Session, collection: Collection, ids: AnyCollection[int]) -> list[Draft]:
    """What the index should hold of ``ids``; those that it should not hold are left out."""
    return _cases(session, ids) if collection == Collection.CASES else _questions(session, ids)


def wanted_ids(collection: Collection) -> Select[int]:
    """Selects the ids that the index should hold, ascending."""
    if collection == Collection.CASES:
        return select(Case.id).where(Case.state.in_(LIVE_STATES)).order_by(Case.id)
    return select(Question.id).order_by(Question.id)


def expected(
    database: Database, collection: Collection, only: AnyCollection[int] | None = None
) -> dict[int, int]:
    """Id and fingerprint of each document that the index should hold (among ``only``, if given)."""
    found: dict[int, int] = {}
    for ids in [sorted(only)] if only is not None else chunks(database, collection):
        with database.reading() as session:
            known = [draft.document for draft in drafts(session, collection, ids)]
        found |= {document.id: fingerprint(document) for document in known}
    return found


def chunks(database: Database, collection: Collection, size: int = CHUNK) -> Iterator[list[int]]:
    """The ids that the index of ``collection`` should hold, in pieces."""
    with database.reading() as session:
        ids = list(session.scalars(wanted_ids(collection)))
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def _cases(session: Session, ids: AnyCollection[int]) -> list[Draft]:
    statement = select(Case).where(Case.id.in_(ids), Case.state.in_(LIVE_STATES))
    return [case_draft(case) for case in session.scalars(statement.options(selectinload(Case.variants)))]


def case_draft(case: Case) -> Draft:
    """What the index should hold of ``case``, whose variants are loaded."""
    variants = [variant.text for variant in case.variants if variant.text.strip()]
    parts: list[Part] = ["title"]
    parts += ["variant"] * len(variants)
    texts = [case.title, *variants]
    if case.answer.strip():
        said = passages(case.answer)
        parts += ["answer"]
        parts += ["passage"] * len(said)
        texts += [case.answer, *(titled(case.title, passage) for passage in said)]
    document = Document(
        id=case.id,
        text={
            "title": case.title,
            "variants": "\n".join(variants),
            "answer": case.answer,
            "tags": "\n".join(case.tags),
        },
        course=case.course_code,
        lessons=tuple(case.lessons),
        language=case.language,
        state=str(case.state),
        parts=tuple(parts),
        vectors=NO_VECTORS,
    )
    return Draft(document, tuple(texts))


def _questions(session: Session, ids: AnyCollection[int]) -> list[Draft]:
    columns = (
        Question.id,
        Question.text,
        Question.course_code,
        Question.lesson_code,
        Question.language,
        Question.state,
    )
    return [_question(*row) for row in session.execute(select(*columns).where(Question.id.in_(ids)))]


def _question(id: int, text: str, course: str, lesson: str, language: str, state: str) -> Draft:  # noqa: PLR0917
    bare = bare_text(text)
    document = Document(
        id=id,
        text={"title": bare},
        course=course,
        lessons=(lesson,) if lesson else (),
        language=language,
        state=str(state),
        parts=("question",),
        vectors=NO_VECTORS,
    )
    return Draft(document, (bare,))


def encoded(found: Sequence[Draft], embedder: Embedder, second: Embedder | None = None) -> list[Document]:
    """``found`` with their vectors, by the ``second`` encoder as well where there is one.

    Raises:
        EncoderUnavailable: an encoder failed.
    """
    texts = [text for draft in found for text in draft.texts]
    vectors, others = _vectors(texts, embedder), _vectors(texts, second) if second else None
    documents, start = [], 0
    for draft in found:
        end = start + len(draft.texts)
        more = NO_VECTORS if others is None else others[start:end]
        documents.append(replace(draft.document, vectors=vectors[start:end], second=more))
        start = end
    return documents


def _vectors(texts: Sequence[str], embedder: Embedder) -> Floats:
    """The vectors of ``texts``, each different one encoded once."""
    places = {text: place for place, text in enumerate(dict.fromkeys(texts))}
    return embedder.encode(list(places), "passage")[[places[text] for text in texts]]

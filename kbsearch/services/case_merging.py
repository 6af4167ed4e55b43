"""Merging two cases into one, undoing that, and remembering that two cases are different."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.orm import Session

from kbsearch.errors import Conflict, NotFound
from kbsearch.models import (
    Case,
    CasePair,
    CaseState,
    Collection,
    Outbox,
    PairVerdict,
    Question,
    counts_with,
    utc_now,
)
from kbsearch.services.case_drafts import CaseDraft, cleaned, draft_of
from kbsearch.services.case_writing import Edit, enter, keep_revision, locked, rewritten
from kbsearch.services.row_chunks import chunks
from kbsearch.text.wording import plain_wording


def merge(session: Session, case_id: int, into_id: int, person_id: int | None) -> CasePair:
    """Move all that leads to one case to another one, and archive it; returns what `undo` needs.

    The title and the phrasings become phrasings of the other case unless it has these words, tags and
    lessons are added to it, and questions that the one answered are answered by the other.  The answer of
    the other stays as it is.

    Raises:
        NotFound: there is no such case.
        Conflict: they are the same case, or one of them is archived.
    """
    if case_id == into_id:
        raise Conflict("A case cannot be merged into itself.", remedy="Choose another case.")
    case, into = locked(session, case_id), locked(session, into_id)
    for one in (case, into):
        if one.state == CaseState.ARCHIVED:
            raise Conflict("Case '{title}' is archived.", remedy="Bring it back first.", title=one.title)
    before = draft_of(into)
    after = _joined(draft_of(case), before)
    moved: dict[str, Any] = {
        "state": str(case.state),
        "variants": [text for text in after.variants if text not in before.variants],
        "tags": [tag for tag in after.tags if tag not in before.tags],
        "lessons": [code for code in after.lessons if code not in before.lessons],
        "questions": _move_questions(session, case_id, into_id),
        "cluster_id": case.cluster_id if into.cluster_id is None else None,
    }
    sources = {variant.text: variant.question_id for variant in case.variants}
    into.cluster_id = into.cluster_id or case.cluster_id
    rewritten(session, into, after, Edit(person_id, f"← {case.slug}", sources))
    enter(case, CaseState.ARCHIVED)
    keep_revision(session, case, Edit(person_id, f"→ {into.slug}"))
    pair = CasePair(
        case_id=case_id, other_id=into_id, verdict=PairVerdict.MERGED, moved=moved, person_id=person_id
    )
    session.add(pair)
    session.flush()
    return pair


def _joined(one: CaseDraft, into: CaseDraft) -> CaseDraft:
    known = {plain_wording(text) for text in (into.title, *into.variants)}
    new = {plain_wording(text): text for text in reversed([one.title, *one.variants])}
    return cleaned(
        replace(
            into,
            variants=(*into.variants, *(text for words, text in reversed(new.items()) if words not in known)),
            tags=tuple(dict.fromkeys([*into.tags, *one.tags])),
            lessons=tuple(dict.fromkeys([*into.lessons, *one.lessons])),
        )
    )


def _move_questions(session: Session, case_id: int, into_id: int, only: list[int] | None = None) -> list[int]:
    """Questions that the one case answers are answered by the other; returns their ids."""
    ids = list(session.scalars(select(Question.id).where(Question.case_id == case_id).order_by(Question.id)))
    ids = ids if only is None else sorted(set(ids) & set(only))
    for some in chunks(ids):
        session.execute(update(Question).where(Question.id.in_(some)).values(case_id=into_id))
        session.execute(counts_with(some))
    session.add_all(Outbox(collection=Collection.QUESTIONS, entity_id=one) for one in ids)
    return ids


def undo_merge(session: Session, pair_id: int, person_id: int | None) -> CasePair:
    """Take a merge back: what moved returns, unless somebody has changed it since.

    Raises:
        NotFound: there is no such merge.
        Conflict: it was undone already.
    """
    pair = session.get(CasePair, pair_id, with_for_update=True)
    if pair is None or pair.verdict != PairVerdict.MERGED:
        raise NotFound("There is no merge {id}.", remedy="See the history of the case.", id=pair_id)
    if pair.undone_at is not None:
        raise Conflict("This merge was undone already.", remedy="Reload the page.")
    case, into, moved = locked(session, pair.case_id), locked(session, pair.other_id), pair.moved
    _move_questions(session, into.id, case.id, moved["questions"])
    if moved["cluster_id"] is not None and into.cluster_id == moved["cluster_id"]:
        into.cluster_id = None
    rewritten(session, into, _without(draft_of(into), moved), Edit(person_id, f"↺ ← {case.slug}"))
    if case.state == CaseState.ARCHIVED:
        enter(case, CaseState(moved["state"]))
        keep_revision(session, case, Edit(person_id, f"↺ → {into.slug}"))
    pair.undone_at = utc_now()
    return pair


def _without(draft: CaseDraft, moved: dict[str, Any]) -> CaseDraft:
    return replace(
        draft,
        variants=tuple(text for text in draft.variants if text not in moved["variants"]),
        tags=tuple(tag for tag in draft.tags if tag not in moved["tags"]),
        lessons=tuple(code for code in draft.lessons if code not in moved["lessons"]),
    )


def tell_apart(session: Session, case_id: int, other_id: int, person_id: int | None) -> None:
    """Remember that the two cases are different; saying it again changes nothing.

    Raises:
        NotFound: there is no such case.
    """
    locked(session, case_id), locked(session, other_id)
    if frozenset((case_id, other_id)) not in told_apart(session):
        session.add(
            CasePair(case_id=case_id, other_id=other_id, verdict=PairVerdict.DIFFERENT, person_id=person_id)
        )


def forget_apart(session: Session, case_id: int, other_id: int) -> None:
    """Take back that the two cases are different."""
    statement = update(CasePair).where(
        CasePair.verdict == PairVerdict.DIFFERENT,
        CasePair.undone_at.is_(None),
        or_(
            (CasePair.case_id == case_id) & (CasePair.other_id == other_id),
            (CasePair.case_id == other_id) & (CasePair.other_id == case_id),
        ),
    )
    session.execute(statement.values(undone_at=utc_now()))


def told_apart(session: Session) -> set[frozenset[int]]:
    """The pairs of cases that people said are different."""
    query = select(CasePair.case_id, CasePair.other_id).where(
        CasePair.verdict == PairVerdict.DIFFERENT, CasePair.undone_at.is_(None)
    )
    return {frozenset((row.case_id, row.other_id)) for row in session.execute(query)}


def merged_into(session: Session, case_id: int) -> tuple[CasePair, Case] | None:
    """The merge that archived the case, and the case that it went into; None when none stands."""
    query = (
        select(CasePair, Case)
        .join(Case, Case.id == CasePair.other_id)
        .where(
            CasePair.case_id == case_id,
            CasePair.verdict == PairVerdict.MERGED,
            CasePair.undone_at.is_(None),
        )
    )
    row = session.execute(query.order_by(CasePair.id.desc())).first()
    return (row[0], row[1]) if row else None

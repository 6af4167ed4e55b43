"""How cases are written into their rows: slugs, versions, states, revisions, imports, outbox."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session
from sqlalchemy.orm.exc import StaleDataError

from kbsearch.database import Database
from kbsearch.errors import Conflict, InvalidInput, NotFound
from kbsearch.importers.records import IncomingCase
from kbsearch.models import Case, CaseState, Collection, Outbox, Revision, Variant, utc_now
from kbsearch.services.case_drafts import (
    CaseDraft,
    check_live,
    cleaned,
    draft_from_snapshot,
    draft_of,
    snapshot_of,
)
from kbsearch.services.import_records import fresh_id
from kbsearch.text.slugs import fingerprint, is_slug, slugify

IMPORT_NOTE = "import"
"""The note of revisions that an import made: the last of them tells whether a row has changed since."""

MAX_NOTE = 500


@contextmanager
def writing_cases(database: Database) -> Iterator[Session]:
    """A session that changes cases; everything is stored at its end, or nothing.

    Raises:
        Conflict: somebody changed one of them at the same moment.
        StorageUnavailable: the database refuses.
    """
    try:
        with database.writing() as session:
            yield session
    except (StaleDataError, IntegrityError) as error:
        raise Conflict(
            "Somebody changed the case at the same moment.", remedy="Open it again and repeat the step."
        ) from error


@dataclass(frozen=True, slots=True)
class Edit:
    """Who changes a case, with which note, which questions stand behind its phrasings (by text).

    ``cluster_id``: the cluster that a new case is written for.  ``import_id``: the import that brings it.
    """

    person_id: int | None = None
    note: str = ""
    sources: Mapping[str, int | None] = field(default_factory=dict)
    cluster_id: int | None = None
    import_id: int | None = None


@dataclass(frozen=True, slots=True)
class ImportedCase:
    """What became of an imported case; neither created nor changed: it was the same."""

    case_id: int
    created: bool
    changed: bool = False


def state_named(name: str) -> CaseState:
    """The state called ``name``; InvalidInput when there is none."""
    try:
        return CaseState(name)
    except ValueError:
        raise InvalidInput(
            "'{state}' is no state of a case.",
            remedy="Use one of: {known}.",
            state=name[:50],
            known=", ".join(CaseState),
        ) from None


def no_case(name: int | str) -> NotFound:
    """The error for a case that does not exist."""
    return NotFound("There is no case {name}.", remedy="It may have been renamed: search for it.", name=name)


def locked(session: Session, case_id: int) -> Case:
    """The case, which nobody else can change until the transaction ends."""
    case = session.get(Case, case_id, with_for_update=True)
    if case is None:
        raise no_case(case_id)
    return case


def check_version(case: Case, version: int) -> None:
    """Refuse, with Conflict, to overwrite what somebody saved since ``version``."""
    if case.version != version:
        raise Conflict(
            "Somebody saved this case while you were writing: it is at version {version}, yours began "
            "with {yours}.",
            remedy="Compare both texts, bring them together and save again.",
            version=case.version,
            yours=version,
        )


def created(session: Session, draft: CaseDraft, state: CaseState, edit: Edit) -> Case:
    """A new row of ``draft`` with its first revision.

    Raises:
        InvalidInput: a case without an answer would be published.
        Conflict: the slug that was asked for is taken.
    """
    check_live(draft, state)
    case = Case(id=fresh_id(session, Case), slug=_free_slug(session, draft), state=CaseState.DRAFT)
    case.owner_id, case.cluster_id = edit.person_id, edit.cluster_id
    _fill(case, draft, edit.sources)
    enter(case, state)
    session.add(case)
    _append_revision(case, edit)
    session.flush()
    _ask_index(session, case)
    return case


def _free_slug(session: Session, draft: CaseDraft) -> str:
    base = draft.slug or slugify(draft.title)
    taken = set(session.scalars(select(Case.slug).where(Case.slug.startswith(base, autoescape=True))))
    if base not in taken:
        return base
    if draft.slug:
        raise Conflict("There is already a case named '{slug}'.", remedy="Choose another name.", slug=base)
    return next(name for n in range(2, len(taken) + 3) if (name := f"{base}-{n}") not in taken)


def _fill(case: Case, draft: CaseDraft, sources: Mapping[str, int | None]) -> None:
    """Write ``draft`` into ``case``; phrasings that stay keep the question they came from."""
    known = {variant.text: variant.question_id for variant in case.variants} | dict(sources)
    case.title, case.answer = draft.title, draft.answer
    case.course_code, case.language = draft.course, draft.language
    case.lessons, case.tags = list(draft.lessons), list(draft.tags)
    case.variants = [
        Variant(position=position, text=text, question_id=known.get(text))
        for position, text in enumerate(draft.variants, start=1)
    ]


def rewritten(session: Session, case: Case, draft: CaseDraft, edit: Edit) -> None:
    """Replace the content of ``case`` and keep the revision.

    Raises:
        InvalidInput: students see the case and the new answer is empty.
    """
    check_live(draft, CaseState(case.state))
    _fill(case, draft, edit.sources)
    keep_revision(session, case, edit)


def enter(case: Case, state: CaseState) -> None:
    """Set the state, and the moments that follow from it."""
    now = utc_now()
    if state == CaseState.PUBLISHED:
        case.verified_at = now
        case.published_at = case.published_at if case.state == CaseState.NEEDS_CHECK else now
        case.first_published_at = case.first_published_at or now
    case.state = state


UNARCHIVED = set(CaseState) - {CaseState.ARCHIVED}


def leave_archive(case: Case) -> None:
    """Undo that ``case`` was archived: its state is the one before, and the moments stay what they were.

    Raises:
        Conflict: it is not archived, or something else happened to it since.
    """
    ordered = sorted(case.revisions, key=lambda revision: revision.number)
    states = [str(revision.snapshot.get("state", "")) for revision in ordered[-2:]]
    if case.state != CaseState.ARCHIVED or states[1:] != [CaseState.ARCHIVED] or states[0] not in UNARCHIVED:
        raise Conflict(
            "Case '{title}' cannot be taken out of the archive as it was.",
            remedy="Bring it back as a draft.",
            title=case.title,
        )
    case.state = CaseState(states[0])


def keep_revision(session: Session, case: Case, edit: Edit) -> None:
    """Add the revision of what ``case`` is now, and ask for it to be indexed."""
    _append_revision(case, edit)
    _ask_index(session, case)


def _append_revision(case: Case, edit: Edit) -> None:
    case.updated_at = utc_now()
    number = max((revision.number for revision in case.revisions), default=0) + 1
    snapshot = snapshot_of(draft_of(case), CaseState(case.state))
    case.revisions.append(
        Revision(
            number=number,
            snapshot=snapshot,
            note=edit.note[:MAX_NOTE],
            person_id=edit.person_id,
            import_id=edit.import_id,
        )
    )


def _ask_index(session: Session, case: Case) -> None:
    session.add(Outbox(collection=Collection.CASES, entity_id=case.id))


def take_back_revision(session: Session, case: Case) -> None:
    """Remove the last revision of ``case``, which has an earlier one: it says again what it said before."""
    *_, before, last = sorted(case.revisions, key=lambda revision: revision.number)
    _fill(case, draft_from_snapshot(before.snapshot), {})
    case.revisions.remove(last)
    case.updated_at = utc_now()
    _ask_index(session, case)


def whole(session: Session, case: Case) -> Case:
    """``case`` as the database has it, with its variants and revisions loaded before it is detached."""
    session.flush()
    session.refresh(case, ["version"])
    _ = case.variants, case.revisions
    return case


def check_incoming(incoming: IncomingCase) -> None:
    """Refuse what cannot become a case, as `imported` does for one that is new.

    Raises:
        InvalidInput: as said.
    """
    check_live(draft_of_incoming(incoming), state_named(incoming.state))


def draft_of_incoming(incoming: IncomingCase) -> CaseDraft:
    """The checked content of an imported case."""
    return cleaned(
        CaseDraft(
            title=incoming.title,
            answer=incoming.answer,
            variants=incoming.variants,
            course=incoming.course,
            lessons=incoming.lessons,
            tags=incoming.tags,
            language=incoming.language,
        )
    )


def imported(session: Session, incoming: IncomingCase, import_id: int | None = None) -> ImportedCase:
    """Take in one row of the import; see `CaseService.import_many`."""
    edit = Edit(note=IMPORT_NOTE, import_id=import_id)
    draft = draft_of_incoming(incoming)
    slug = _import_slug(session, incoming, draft)
    case = session.scalar(select(Case).where(Case.slug == slug))
    if case is None:
        named = replace(draft, slug=slug)
        case = created(session, named, state_named(incoming.state), edit)
        return ImportedCase(case.id, created=True)
    last = next((r for r in reversed(case.revisions) if r.note == IMPORT_NOTE), None)
    known = draft_from_snapshot(last.snapshot) if last else draft_of(case)
    if draft in (known, draft_of(case)):
        return ImportedCase(case.id, created=False)
    rewritten(session, case, draft, edit)
    return ImportedCase(case.id, created=False, changed=True)


def _import_slug(session: Session, incoming: IncomingCase, draft: CaseDraft) -> str:
    """The slug that the row will have at every import: as given, or made from the title."""
    given = incoming.slug.strip()
    if given:
        return given if is_slug(given) else slugify(given)
    slug = slugify(draft.title)
    title = session.scalar(select(Case.title).where(Case.slug == slug))
    return slug if title in (None, draft.title) else f"{slug}-{fingerprint(draft.title)}"

"""The knowledge base: writing, reviewing, publishing and importing cases, with all their revisions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import selectinload

from kbsearch.database import Database
from kbsearch.errors import Conflict, NotFound
from kbsearch.importers.records import IncomingCase
from kbsearch.models import LIVE_STATES, TRANSITIONS, Case, CaseState, Person, Question
from kbsearch.services.case_drafts import (
    CaseDraft,
    check_live,
    cleaned,
    draft_from_snapshot,
    draft_of,
    with_variant,
)
from kbsearch.services.case_merging import merged_into
from kbsearch.services.case_writing import (
    Edit,
    ImportedCase,
    check_version,
    created,
    enter,
    imported,
    keep_revision,
    leave_archive,
    locked,
    no_case,
    rewritten,
    state_named,
    whole,
    writing_cases,
)
from kbsearch.services.cluster_drafts import ClusterDraft, draft_from_cluster
from kbsearch.services.placing import ended
from kbsearch.services.wordings import confirmations, is_story, keep_wording, phrasing_in

__all__ = ["CaseDraft", "CasePage", "CaseService", "ClusterDraft", "ImportedCase"]

MAX_LISTED = 500

Cases = list[Case]


@dataclass(frozen=True, slots=True)
class CasePage:
    """One page of a list, and how many cases there are in all."""

    items: Cases
    total: int


class CaseService:
    """Verbs on cases.  Each opens its own transaction and returns detached objects."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(
        self,
        draft: CaseDraft,
        *,
        state: str = CaseState.DRAFT,
        person_id: int | None = None,
        cluster_id: int | None = None,
        variant_question_ids: Sequence[int | None] = (),
    ) -> Case:
        """Write a new case, owned by ``person_id``.

        ``variant_question_ids`` names the question behind each of ``draft.variants``, in order.

        Raises:
            InvalidInput: the draft breaks a rule (see `case_drafts.cleaned`), or the state is unknown.
            Conflict: the slug that was asked for is taken.
        """
        sources = dict(zip(map(str.strip, draft.variants), variant_question_ids, strict=False))
        edit = Edit(person_id, sources=sources, cluster_id=cluster_id)
        with writing_cases(self._database) as session:
            return whole(session, created(session, cleaned(draft), state_named(state), edit))

    def save(
        self,
        case_id: int,
        draft: CaseDraft,
        *,
        version: int,
        person_id: int | None = None,
        note: str = "",
        sources: Mapping[str, int | None] | None = None,
    ) -> Case:
        """Replace the content of a case; ``version`` is the one that the writer began with.

        ``sources`` tells which questions new phrasings were taken from, by their text.

        Raises:
            NotFound: there is no such case.
            Conflict: somebody saved it in between.  Its details hold ``version``, the present one.
            InvalidInput: the draft breaks a rule.
        """
        clean = cleaned(draft)
        with writing_cases(self._database) as session:
            case = locked(session, case_id)
            check_version(case, version)
            if replace(clean, slug="") != draft_of(case):
                rewritten(session, case, clean, Edit(person_id, note, sources or {}))
            return whole(session, case)

    def move(self, case_id: int, state: str, *, person_id: int | None = None) -> Case:
        """Bring a case to another state of its life.

        Raises:
            Conflict: the step is not allowed from the present state (see `TRANSITIONS`).
            InvalidInput: the state is unknown, or a case without an answer would be published.
        """
        target = state_named(state)
        with writing_cases(self._database) as session:
            case = locked(session, case_id)
            if target not in TRANSITIONS[CaseState(case.state)]:
                raise Conflict(
                    "A case cannot go from '{before}' to '{after}'.",
                    remedy="Open the case again to see which steps are possible now.",
                    before=str(case.state).replace("_", " "),
                    after=str(target).replace("_", " "),
                )
            check_live(draft_of(case), target)
            enter(case, target)
            keep_revision(session, case, Edit(person_id))
            return whole(session, case)

    def unarchive(self, case_id: int, *, person_id: int | None = None) -> Case:
        """Undo that the case was archived, right after: it is again what it was.

        Raises:
            Conflict: it is not archived, it was merged into another case, or it changed since.
        """
        with writing_cases(self._database) as session:
            case = locked(session, case_id)
            if merged_into(session, case_id) is not None:
                raise Conflict(
                    "Case '{title}' was merged into another one.",
                    remedy="Undo the merge on its page.",
                    title=case.title,
                )
            leave_archive(case)
            keep_revision(session, case, Edit(person_id))
            return whole(session, case)

    def restore(self, case_id: int, revision_number: int, *, person_id: int | None = None) -> Case:
        """Bring back the content of an earlier revision, as a new revision; the state stays.

        Raises:
            NotFound: there is no such case or revision.
        """
        with writing_cases(self._database) as session:
            case = locked(session, case_id)
            kept = next((r for r in case.revisions if r.number == revision_number), None)
            if kept is None:
                raise NotFound(
                    "Case {id} has no revision {number}.",
                    remedy="Choose one from the case's history.",
                    id=case_id,
                    number=revision_number,
                )
            draft = draft_from_snapshot(kept.snapshot)
            rewritten(session, case, draft, Edit(person_id, f"↺ {revision_number}"))
            return whole(session, case)

    def add_variant(self, case_id: int, question_id: int, person_id: int | None = None) -> Case:
        """Keep a question's words as one more phrasing of the case; a known one changes nothing.

        Raises:
            NotFound: there is no such case or question.
        """
        with writing_cases(self._database) as session:
            case, question = locked(session, case_id), session.get(Question, question_id)
            if question is None:
                raise NotFound("There is no question {id}.", id=question_id)
            before = draft_of(case)
            clean = cleaned(with_variant(before, question.text))
            if clean.variants != before.variants:
                sources = {question.text.strip(): question_id}
                rewritten(session, case, clean, Edit(person_id, sources=sources))
            return whole(session, case)

    def add_wording(
        self, case_id: int, text: str, question_id: int | None = None, person_id: int | None = None
    ) -> bool:
        """Keep a masked ``text`` as one more phrasing; False when the case has it, or nearly the same.

        Raises:
            NotFound: there is no such case.
        """
        with writing_cases(self._database) as session:
            return keep_wording(session, locked(session, case_id), text, question_id, person_id)

    def add_confirmed_wording(self, question_id: int, needed: int) -> int | None:
        """Keep the question's words with its case once ``needed`` people settled on that (0: never).

        Of a long message the sentences that ask are kept; one without such joins by a person only.

        Returns the case's id when they were added.

        Raises:
            NotFound: there is no such question.
        """
        with writing_cases(self._database) as session:
            question = session.get(Question, question_id)
            if question is None:
                raise NotFound("There is no question {id}.", id=question_id)
            if not needed or question.case_id is None or is_story(question.text):
                return None
            if confirmations(session, question, question.case_id) < needed:
                return None
            case = locked(session, question.case_id)
            return case.id if keep_wording(session, case, question.text, question.id, None) else None

    def remove_wording(self, case_id: int, text: str, person_id: int | None = None) -> Case:
        """Take a phrasing off the case, or the part of ``text`` that was kept; another changes nothing.

        Raises:
            NotFound: there is no such case.
        """
        with writing_cases(self._database) as session:
            case = locked(session, case_id)
            before = draft_of(case)
            gone = {text.strip(), phrasing_in(text).strip()}
            left = tuple(variant for variant in before.variants if variant.strip() not in gone)
            if left != before.variants:
                rewritten(session, case, replace(before, variants=left), Edit(person_id))
            return whole(session, case)

    def import_case(self, incoming: IncomingCase) -> ImportedCase:
        """Take in one case by its slug; see `import_many`."""
        return self.import_many([incoming])[0]

    def import_many(self, batch: Iterable[IncomingCase]) -> list[ImportedCase]:
        """Take in cases by their slugs, all or none of them, in one transaction.

        A row that is as it was when last imported does nothing, even when people edited the case since.
        A changed row makes a new revision and leaves the state, which people decide, as it is.

        Raises:
            InvalidInput: a row breaks a rule.
        """
        with writing_cases(self._database) as session:
            return [imported(session, incoming) for incoming in batch]

    def get(self, case_id: int) -> Case:
        """The case with its variants and revisions.

        Raises:
            NotFound: there is no such case.
        """
        return self._one(Case.id == case_id, case_id)

    def by_slug(self, slug: str) -> Case:
        """The case named ``slug``, with its variants and revisions.

        Raises:
            NotFound: there is no such case.
        """
        return self._one(Case.slug == slug, slug)

    def by_ids(self, ids: Iterable[int]) -> Cases:
        """Cases with their variants, in the order of ``ids``; unknown ids are left out."""
        wanted = list(ids)
        with self._database.reading() as session:
            query = select(Case).where(Case.id.in_(wanted)).options(selectinload(Case.variants))
            found = {case.id: case for case in session.scalars(query)}
        return [found[case_id] for case_id in wanted if case_id in found]

    def list(
        self,
        *,
        state: str = "",
        states: Sequence[CaseState] = (),
        course: str = "",
        text: str = "",
        limit: int = 50,
        offset: int = 0,
        after: int | None = None,
        since: datetime | None = None,
    ) -> CasePage:
        """Cases with their variants, last changed first.

        ``states``: of one of them.  ``since``: changed then or later.  ``text``: words that title or tags
        contain.  ``after``: by id instead, those after this one: pages that begin after the last id of the
        one before miss nothing, whatever changes meanwhile.
        """
        query = select(Case.id, Case.title, Case.tags).order_by(Case.updated_at.desc(), Case.id.desc())
        if course:
            query = query.where(Case.course_code == course)
        if state:
            query = query.where(Case.state == state_named(state))
        if states:
            query = query.where(Case.state.in_(states))
        if since is not None:
            query = query.where(Case.updated_at >= since)
        with self._database.reading() as session:
            ids = [row.id for row in session.execute(query) if _mentions(text, row.title, row.tags)]
        shown = ids if after is None else sorted(key for key in ids if key > after)
        return CasePage(self.by_ids(shown[offset : offset + min(limit, MAX_LISTED)]), len(ids))

    def withdrawn(self, since: datetime) -> Sequence[int]:
        """The ids of cases that were published once and have been no more since then, at most, in order."""
        query = select(Case.id).where(
            Case.first_published_at.is_not(None), Case.state.not_in(LIVE_STATES), Case.updated_at >= since
        )
        with self._database.reading() as session:
            return session.scalars(query.order_by(Case.id)).all()

    def counts(self, *, course: str = "", text: str = "") -> dict[CaseState, int]:
        """How many cases each state has; all states are there."""
        query = select(Case.state, Case.title, Case.tags)
        if course:
            query = query.where(Case.course_code == course)
        with self._database.reading() as session:
            rows = session.execute(query)
            found = Counter(row.state for row in rows if _mentions(text, row.title, row.tags))
        return {state: found[state] for state in CaseState}

    def names(self, person_ids: Iterable[int | None]) -> dict[int, str]:
        """Names of the people who wrote revisions, by id."""
        wanted = {person_id for person_id in person_ids if person_id is not None}
        with self._database.reading() as session:
            rows = session.execute(select(Person.id, Person.name).where(Person.id.in_(wanted)))
            return {row.id: row.name for row in rows}

    def draft_from_cluster(self, cluster_id: int) -> ClusterDraft:
        """What a cluster offers for its case.

        Raises:
            NotFound: there is no such cluster.
        """
        with self._database.reading() as session:
            return draft_from_cluster(session, cluster_id)

    def create_from_cluster(self, cluster_id: int, *, person_id: int | None = None) -> Case:
        """A draft case for a cluster: its exemplars as variants, its best replies as the answer.

        Raises:
            NotFound: there is no such cluster.
            Conflict: it has ended.
        """
        offer = self.draft_from_cluster(cluster_id)
        if not offer.variants:
            raise ended(cluster_id)
        sources = [question_id for question_id, _ in offer.variants]
        return self.create(
            offer.as_case(), person_id=person_id, cluster_id=cluster_id, variant_question_ids=sources
        )

    def _one(self, condition: ColumnElement[bool], name: int | str) -> Case:
        with self._database.reading() as session:
            query = select(Case).where(condition)
            whole = query.options(selectinload(Case.variants), selectinload(Case.revisions))
            case = session.scalar(whole)
        if case is None:
            raise no_case(name)
        return case


def _mentions(text: str, title: str, tags: Sequence[str]) -> bool:
    """Whether title and tags contain each word of ``text``; here, because SQLite folds only ASCII case."""
    place = f"{title} {' '.join(tags)}".casefold()
    return all(word in place for word in text.casefold().split())

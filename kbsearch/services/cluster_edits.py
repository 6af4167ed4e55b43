"""What people do to clusters: each edit acts at once, binds every later run, and can be undone."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import String, cast, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import Conflict, InvalidInput, NotFound
from kbsearch.models import (
    Case,
    CaseState,
    Cluster,
    ClusterEdit,
    EditKind,
    Question,
    QuestionState,
    Run,
    utc_now,
)
from kbsearch.ports import ClusterNamer
from kbsearch.services.cluster_names import kept, names_of, rename_changed
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import STANDS, standing_edits
from kbsearch.services.edit_undoing import take_back
from kbsearch.services.intake import clean
from kbsearch.services.placing import living, members, put, run_of, settle, where
from kbsearch.services.question_states import set_state, states_of
from kbsearch.services.row_chunks import chunks

MAX_LABEL = 300
MAX_CHOSEN = 5_000
"""Questions that one edit may name."""


class ClusterEditService:
    """Verbs of people on clusters.  Each is one transaction and returns the edit that it stored.

    With a ``namer`` clusters whose questions change get new keywords and exemplars, and a new name where they
    become another topic; undoing brings the old ones back.

    What is said again at once, by a second click or a call that is tried again, is the same edit: it is
    undone once.  So is a name, a keep or a link that stands, whenever it is said again.
    """

    def __init__(self, database: Database, namer: ClusterNamer | None = None) -> None:
        self._database = database
        self._namer = namer

    def rename(self, cluster_id: int, label: str, person_id: int | None = None) -> ClusterEdit:
        """Give a cluster a name that runs leave alone.

        Raises:
            InvalidInput: the name is empty or longer than 300 characters.
            NotFound: there is no such cluster.
            Conflict: it has ended.
        """
        name = _name(label)
        with self._database.writing() as session:
            cluster, _ = living(session, cluster_id)
            known = _newest(session, EditKind.RENAME, cluster_id)
            if known is not None and known.label == name == cluster.label:
                return known
            before = {"label": cluster.label, "pinned": cluster.label_pinned}
            cluster.label, cluster.label_pinned = name, True
            return _stored(session, _edit(EditKind.RENAME, cluster_id, person_id, label=name, before=before))

    def keep(self, cluster_id: int, person_id: int | None = None) -> ClusterEdit:
        """Let no run dissolve the cluster or join it to another one.

        Raises:
            NotFound: there is no such cluster.
            Conflict: it has ended.
        """
        with self._database.writing() as session:
            living(session, cluster_id)
            known = _newest(session, EditKind.KEEP, cluster_id)
            return known or _stored(session, _edit(EditKind.KEEP, cluster_id, person_id))

    def link(self, cluster_id: int, case_id: int, person_id: int | None = None) -> ClusterEdit:
        """Say that a case answers the cluster.

        Raises:
            NotFound: there is no such cluster or case.
            Conflict: the cluster has ended, or the case is archived.
        """
        with self._database.writing() as session:
            living(session, cluster_id)
            case = session.get(Case, case_id)
            if case is None:
                raise NotFound("There is no case {id}.", remedy="It may have been deleted.", id=case_id)
            if case.state == CaseState.ARCHIVED:
                raise Conflict("Case '{title}' is archived.", remedy="Bring it back first.", title=case.title)
            known = _newest(session, EditKind.LINK, cluster_id)
            if known is not None and known.case_id == case_id:
                return known
            return _stored(session, _edit(EditKind.LINK, cluster_id, person_id, case_id=case_id))

    def merge(self, cluster_id: int, into_id: int, person_id: int | None = None) -> ClusterEdit:
        """Put all questions of a cluster into another one; the first ends.

        Raises:
            InvalidInput: they are the same, or of different scopes.
            NotFound: there is no such cluster.
            Conflict: one of them has ended.
        """
        with self._database.writing() as session:
            if same := _repeated(session, EditKind.MERGE, into_id, person_id, other_id=cluster_id):
                return same
            _, run = living(session, cluster_id)
            _, other = living(session, into_id)
            if cluster_id == into_id or run.id != other.id:
                raise InvalidInput(
                    "Cluster {id} cannot be merged into cluster {other}.",
                    remedy="Choose another cluster of the same list.",
                    id=cluster_id,
                    other=into_id,
                    field="into_id",
                )
            moved, stayed = members(session, run.id, cluster_id), members(session, run.id, into_id)
            edit = _edit(
                EditKind.MERGE, into_id, person_id, other_id=cluster_id, questions=moved, rest=stayed
            )
            return self._acted(session, edit, run.id, dict.fromkeys(moved, into_id))

    def split(
        self, cluster_id: int, questions: Collection[int], person_id: int | None = None, label: str = ""
    ) -> ClusterEdit:
        """Let the chosen questions leave into a new cluster, the edit's ``cluster_id``, and stay apart.

        Raises:
            InvalidInput: none or all of its questions are chosen, or one that it does not have.
            NotFound: there is no such cluster.
            Conflict: it has ended.
        """
        name = _name(label) if label.strip() else ""
        chosen = _chosen(questions)
        with self._database.writing() as session:
            if same := _repeated(
                session, EditKind.SPLIT, None, person_id, other_id=cluster_id, questions=chosen
            ):
                return same
            cluster, run = living(session, cluster_id)
            inside = set(members(session, run.id, cluster_id))
            if not chosen or not inside > set(chosen):
                raise InvalidInput(
                    "{count} of the questions cannot be split off from cluster {id}.",
                    remedy="Choose some of its questions, but not all.",
                    count=len(chosen),
                    id=cluster_id,
                    field="questions",
                )
            made = Cluster(
                label=name or _first_words(session, chosen),
                label_pinned=bool(name),
                keywords=list(cluster.keywords),
                theme_id=cluster.theme_id,
                first_run_id=run.id,
                last_run_id=run.id,
            )
            session.add(made)
            session.flush()
            rest = sorted(inside - set(chosen))
            edit = _edit(EditKind.SPLIT, made.id, person_id, other_id=cluster_id, questions=chosen, rest=rest)
            return self._acted(session, edit, run.id, dict.fromkeys(chosen, made.id))

    def move(self, questions: Collection[int], into_id: int, person_id: int | None = None) -> ClusterEdit:
        """Put questions into a cluster, from whichever they are in or from none.

        Raises:
            InvalidInput: none is chosen.
            NotFound: there is no such cluster or question.
            Conflict: the cluster has ended.
        """
        return self._placed(EditKind.MOVE, questions, into_id, person_id)

    def pin(self, questions: Collection[int], cluster_id: int, person_id: int | None = None) -> ClusterEdit:
        """Let no run take questions out of the cluster that they are in.

        Raises:
            InvalidInput: none is chosen, or one is not in the cluster.
            NotFound: there is no such cluster or question.
            Conflict: the cluster has ended.
        """
        return self._placed(EditKind.PIN, questions, cluster_id, person_id)

    def _placed(
        self, kind: EditKind, questions: Collection[int], cluster_id: int, person_id: int | None
    ) -> ClusterEdit:
        with self._database.writing() as session:
            _, run = living(session, cluster_id)
            chosen = _asked(session, questions)
            if same := _repeated(session, kind, cluster_id, person_id, questions=chosen):
                return same
            now = where(session, run.id, chosen)
            if kind == EditKind.PIN and any(now.get(one) != cluster_id for one in chosen):
                raise InvalidInput(
                    "A question can only be pinned to the cluster that it is in.",
                    remedy="Move it there instead.",
                    field="questions",
                )
            before = {"from": {str(one): now.get(one) for one in chosen}}
            edit = _edit(kind, cluster_id, person_id, questions=chosen, before=before)
            return self._acted(session, edit, run.id, dict.fromkeys(chosen, cluster_id))

    def dismiss(self, questions: Collection[int], person_id: int | None = None) -> ClusterEdit:
        """Say that these are no questions: they are in no cluster, and no run looks at them.

        Raises:
            InvalidInput: none is chosen.
            NotFound: there is no such question.
        """
        with self._database.writing() as session:
            chosen = _asked(session, questions)
            same = _repeated(session, EditKind.DISMISS, None, person_id, questions=chosen)
            # A question may have been opened by its state alone: then it is dismissed anew.
            states = {state for state, _ in states_of(session, chosen).values()}
            if same and states == {QuestionState.DISMISSED}:
                return same
            return self._dismissed(session, chosen, current_run(session), person_id)

    def dismiss_cluster(self, cluster_id: int, person_id: int | None = None) -> ClusterEdit:
        """Say of all questions of a cluster, however many, that they are none; the cluster ends.

        Raises:
            NotFound: there is no such cluster.
            Conflict: it has ended.
        """
        with self._database.writing() as session:
            _, run = living(session, cluster_id)
            return self._dismissed(session, members(session, run.id, cluster_id), run, person_id)

    def undo(self, edit_id: int, person_id: int | None = None) -> ClusterEdit:
        """Take an edit back, whichever came after it: what later edits say of its questions stands.

        Raises:
            NotFound: there is no such edit.
            Conflict: it is undone already.
        """
        with self._database.writing() as session:
            edit = session.get(ClusterEdit, edit_id)
            if edit is None:
                raise NotFound("There is no edit {id}.", remedy="See the edits of its cluster.", id=edit_id)
            if edit.undone_at is not None:
                raise Conflict(
                    "Edit {id} is undone already.", remedy="See the edits of its cluster.", id=edit_id
                )
            edit.undone_at, edit.undone_by_id = utc_now(), person_id
            session.flush()
            take_back(session, edit, self._namer)
        return edit

    def reopen(self, question_id: int, person_id: int | None = None) -> bool:
        """Undo the edit by which this question alone was dismissed; False when there is none that stands."""
        alone = cast(ClusterEdit.questions, String) == f"[{question_id}]"
        dismissed = select(ClusterEdit.id).where(STANDS, ClusterEdit.kind == EditKind.DISMISS, alone)
        with self._database.reading() as session:
            edit_id = session.scalar(dismissed.order_by(ClusterEdit.id.desc()).limit(1))
        if edit_id is None:
            return False
        self.undo(edit_id, person_id)
        return True

    def _acted(
        self, session: Session, edit: ClusterEdit, run_id: int, targets: dict[int, int]
    ) -> ClusterEdit:
        """Store ``edit``, put its questions where it says, and name the clusters that this changes."""
        left = set(where(session, run_id, targets.keys()).values())
        before = names_of(session, run_id, left | set(targets.values())) if self._namer else {}
        edit.before = {**edit.before, **kept(before)}
        _stored(session, edit)
        touched = put(session, run_id, targets)
        cluster = session.get_one(Cluster, edit.cluster_id)
        touched |= settle(session, run_id, standing_edits(session, run_of(session, cluster).course))
        new = {cluster.id} if edit.kind == EditKind.SPLIT else set()
        if self._namer:
            rename_changed(session, run_id, touched, before, namer=self._namer, new=new)
        return edit

    def _dismissed(
        self, session: Session, chosen: list[int], run: Run | None, person_id: int | None
    ) -> ClusterEdit:
        now = where(session, run.id, chosen) if run else {}
        names = names_of(session, run.id, set(now.values())) if run and self._namer else {}
        before = {"from": {str(one): now.get(one) for one in chosen}, "states": states_of(session, chosen)}
        set_state(session, chosen, QuestionState.DISMISSED, None)
        home = next(iter(set(now.values())), None) if len(set(now.values())) == 1 else None
        edit = _edit(
            EditKind.DISMISS, None, person_id, other_id=home, questions=chosen, before=before | kept(names)
        )
        _stored(session, edit)
        if run is not None:
            touched = put(session, run.id, dict.fromkeys(chosen))
            if self._namer:
                rename_changed(session, run.id, touched, names, namer=self._namer)
        return edit

    def history(self, cluster_id: int) -> list[ClusterEdit]:
        """All edits of the cluster, undone ones too, newest first."""
        about = (ClusterEdit.cluster_id == cluster_id) | (ClusterEdit.other_id == cluster_id)
        with self._database.reading() as session:
            return list(session.scalars(select(ClusterEdit).where(about).order_by(ClusterEdit.id.desc())))


def _edit(kind: EditKind, cluster_id: int | None, person_id: int | None, **fields: Any) -> ClusterEdit:
    empty: dict[str, Any] = {"questions": [], "rest": [], "label": "", "before": {}}
    return ClusterEdit(kind=kind, cluster_id=cluster_id, person_id=person_id, **(empty | fields))


def _newest(session: Session, kind: EditKind, cluster_id: int) -> ClusterEdit | None:
    """The newest edit of the kind that stands for the cluster."""
    query = select(ClusterEdit).where(STANDS, ClusterEdit.kind == kind, ClusterEdit.cluster_id == cluster_id)
    return session.scalar(query.order_by(ClusterEdit.id.desc()).limit(1))


def _repeated(
    session: Session, kind: EditKind, cluster_id: int | None, person_id: int | None, **same: object
) -> ClusterEdit | None:
    """The very last edit of all, when it stands, is the person's and says the same.

    ``cluster_id`` None: whichever it is about.
    """
    last = session.scalar(select(ClusterEdit).order_by(ClusterEdit.id.desc()).limit(1))
    if last is None or last.undone_at is not None or (last.kind, last.person_id) != (kind, person_id):
        return None
    told = same if cluster_id is None else same | {"cluster_id": cluster_id}
    return last if all(getattr(last, name) == value for name, value in told.items()) else None


def _stored(session: Session, edit: ClusterEdit) -> ClusterEdit:
    session.add(edit)
    session.flush()
    return edit


def _name(label: str) -> str:
    name = " ".join(clean(label).split())
    if not 0 < len(name) <= MAX_LABEL:
        raise InvalidInput(
            "A cluster's name has 1 to {longest} characters, this one has {length}.",
            remedy="Choose a short name.",
            longest=MAX_LABEL,
            length=len(name),
            field="label",
        )
    return name


def _chosen(questions: Collection[int]) -> list[int]:
    chosen = sorted(set(questions))
    if len(chosen) > MAX_CHOSEN:
        raise InvalidInput(
            "{count} questions are too many for one edit.",
            remedy="Choose {most} at most.",
            count=len(chosen),
            most=MAX_CHOSEN,
        )
    return chosen


def _asked(session: Session, questions: Collection[int]) -> list[int]:
    chosen = _chosen(questions)
    if not chosen:
        raise InvalidInput("No question is chosen.", remedy="Tick the questions first.")
    known: set[int] = set()
    for some in chunks(chosen):
        known.update(session.scalars(select(Question.id).where(Question.id.in_(some))))
    if missing := sorted(set(chosen) - known):
        raise NotFound("There is no question {id}.", remedy="It may have been deleted.", id=missing[0])
    return chosen


def _first_words(session: Session, chosen: list[int]) -> str:
    """What a new cluster is called until somebody or a run names it: its first question, shortened."""
    words = " ".join(session.get_one(Question, chosen[0]).text.split())
    return words if len(words) <= 80 else f"{words[:79].rstrip()}…"  # noqa: PLR2004  # as long as titles are

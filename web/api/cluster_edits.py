"""What people do to clusters, and what they decide on proposals, over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from flask import Response, jsonify
from pydantic import AwareDatetime, Field, model_validator

from kbsearch.errors import NotFound
from kbsearch.models import ChangeKind, ClusterEdit, EditKind, LineDecision, RunState, Scope
from kbsearch.services.cluster_edits import MAX_CHOSEN, MAX_LABEL
from kbsearch.services.proposals import LINES_SHOWN
from web.api.contract import (
    Body,
    Code,
    Id,
    Input,
    Output,
    Text,
    api_blueprint,
    at_fields,
    example,
    needs,
    reading,
    writing,
)
from web.api.requests import ClusterPath
from web.api.responses import QuestionOut, question_out
from web.session import current_token, kb, requires_token

if TYPE_CHECKING:
    from kbsearch.services.proposals import Proposal, ShownLine

blueprint = api_blueprint("edits", "Editing clusters, and deciding on what a run proposes.")

NEEDED: dict[EditKind, set[str]] = {
    EditKind.RENAME: {"cluster_id", "label"},
    EditKind.KEEP: {"cluster_id"},
    EditKind.LINK: {"cluster_id", "case_id"},
    EditKind.MERGE: {"cluster_id", "into_id"},
    EditKind.SPLIT: {"cluster_id", "questions"},
    EditKind.MOVE: {"into_id", "questions"},
    EditKind.PIN: {"cluster_id", "questions"},
    EditKind.DISMISS: {"questions"},
}
"""The fields that each kind of edit needs; all others are refused."""

MAY_HAVE: dict[EditKind, set[str]] = {EditKind.SPLIT: {"label"}}
"""The fields that a kind of edit takes beside those that it needs."""


TYPES = {"cluster_id": "integer", "into_id": "integer", "case_id": "integer",
         "questions": "array", "label": "string"}  # fmt: skip


def _schema_of(kind: EditKind) -> dict[str, Any]:
    """The fields of edits of a kind, in the words of JSON Schema."""
    needed = NEEDED[kind]
    fields: dict[str, Any] = {
        name: {"type": TYPES[name] if name in needed else "null"}
        for name in TYPES
        if name not in MAY_HAVE.get(kind, set())
    }
    return {"properties": {"kind": {"const": kind.value}, **fields}, "required": ["kind", *sorted(needed)]}


class EditBody(Body):
    """One edit.  Each kind needs its own fields and takes no others."""

    kind: EditKind = Field(description="`dismiss`: these are no questions.")
    cluster_id: Id | None = Field(
        None, description="rename, keep, link, merge (it ends), split (they leave it), pin."
    )
    into_id: Id | None = Field(None, description="merge, move: the cluster that gets the questions.")
    questions: list[Id] | None = Field(
        None, min_length=1, max_length=MAX_CHOSEN, description="split, move, pin, dismiss: which."
    )
    label: Annotated[Text, Field(max_length=MAX_LABEL)] | None = Field(
        None, description="rename: the name; split: the new cluster's, if you like."
    )
    case_id: Id | None = Field(None, description="link: the case that answers it.")

    model_config = example(
        {"kind": "move", "questions": [1136, 1140], "into_id": 12}, *map(_schema_of, EditKind)
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        given = self.model_fields_set - {"kind"}
        given = {name for name in given if getattr(self, name) is not None}
        needed = NEEDED[self.kind]
        faults = dict.fromkeys(sorted(needed - given), f"'{self.kind}' needs it")
        spare = given - needed - MAY_HAVE.get(self.kind, set())
        faults |= dict.fromkeys(sorted(spare), f"'{self.kind}' does not take it")
        if faults:
            raise at_fields(type(self).__name__, faults)
        return self


class UndoBody(Body):
    """Which edit to take back."""

    edit_id: Id

    model_config = example({"edit_id": 7})


class EditOut(Output):
    """An edit.  It binds every run until it is undone."""

    id: int
    kind: EditKind
    cluster_id: int | None = Field(
        description="Where the questions are afterwards; split: the new cluster; dismiss: none."
    )
    other_id: int | None = Field(description="merge: the cluster that ended; split: the one they left.")
    questions: list[int]
    label: str
    case_id: int | None
    person_id: int | None = Field(description="Who did it; by a token: who made the token.")
    created_at: AwareDatetime
    undone_at: AwareDatetime | None


class EditsOut(Output):
    """All edits of a cluster, newest first."""

    items: list[EditOut]


class ProposalQuery(Input):
    """Of which scope."""

    course: Code = Field("", description="Runs over this course only; empty: over the whole school.")


class LineOut(Output):
    """One change that a run proposes."""

    id: int
    number: int = Field(description="Its place in the proposal, from 1 on.")
    kind: ChangeKind
    decision: LineDecision
    cluster_id: int | None = Field(description="The cluster it is about, where it lives already.")
    other_id: int | None = Field(description="split: where most of it comes from; merged: where it goes.")
    label: str
    keywords: list[str]
    joined: int = Field(description="Questions that would come.")
    left: int = Field(description="Questions that would go.")
    examples: list[QuestionOut] = Field(description="Up to three of the questions that would move.")


class ProposalOut(Output):
    """What the newest run would change."""

    run_id: int
    state: RunState
    finished_at: AwareDatetime | None
    total: int
    open: int = Field(description="Lines that wait for a decision.")
    newer_questions: int = Field(description="Questions that the run does not know of.")
    newer_edits: int = Field(description="Edits that the run does not know of.")
    lines: list[LineOut] = Field(description=f"The largest changes, {LINES_SHOWN} at most.")


class DecisionBody(Body):
    """A decision on lines."""

    run_id: Id = Field(description="The run that proposes them: a newer one is never decided on unseen.")
    decision: Literal["accept", "reject", "reopen"] = Field(description="`reopen` undoes a rejection.")
    lines: list[Id] | None = Field(
        None, min_length=1, max_length=MAX_CHOSEN, description="Ids of the lines; without, all of them."
    )

    model_config = example({"run_id": 4, "decision": "accept", "lines": [31, 32]})


class DecisionOut(Output):
    """What was decided."""

    lines: int = Field(description="How many lines changed their decision.")
    open: int = Field(description="Lines that still wait.")


@blueprint.get(
    "/clusters/<int:cluster_id>/edits",
    responses={200: EditsOut, **reading(404)},
    security=needs(Scope.READ),
)
@requires_token(Scope.READ)
def list_edits(path: ClusterPath) -> Response:
    """List the edits of a cluster, undone ones too, newest first."""
    cluster = kb().clusters.get(path.cluster_id).row.cluster
    items = [_edit(edit) for edit in kb().cluster_edits.history(cluster.id)]
    return jsonify(EditsOut(items=items).model_dump(mode="json"))


@blueprint.post("/clusters/edits", responses={201: EditOut, **writing(404, 409)}, security=needs(Scope.EDIT))
@requires_token(Scope.EDIT)
def edit_clusters(body: EditBody) -> tuple[Response, int]:
    """Rename, keep, link, merge or split a cluster, move or pin questions, or say that they are none.

    It acts at once and binds every later run.
    """
    return jsonify(_edit(_done(body)).model_dump(mode="json")), 201


@blueprint.post(
    "/clusters/edits/undo", responses={200: EditOut, **writing(404, 409)}, security=needs(Scope.EDIT)
)
@requires_token(Scope.EDIT)
def undo_edit(body: UndoBody) -> Response:
    """Take an edit back, whichever came after it; what later edits say of its questions stands."""
    edit = kb().cluster_edits.undo(body.edit_id, current_token().created_by_id)
    return jsonify(_edit(edit).model_dump(mode="json"))


@blueprint.get("/clusters/proposal", responses={200: ProposalOut, **reading(404)}, security=needs(Scope.READ))
@requires_token(Scope.READ)
def read_proposal(query: ProposalQuery) -> Response:
    """Read what the newest run proposes, decided or not."""
    kb().questions.check_place(query.course)
    proposal = kb().proposals.latest(query.course)
    if proposal is None:
        raise NotFound(
            "Nothing is proposed: clustering has not run{over}.",
            remedy="Run `kbsearch cluster run{option}`, or let somebody run it on the page of clusters.",
            over=f" over course '{query.course}' alone" if query.course else "",
            option=f" --course {query.course}" if query.course else "",
        )
    return jsonify(_proposal(proposal).model_dump(mode="json"))


@blueprint.post(
    "/clusters/proposal", responses={200: DecisionOut, **writing(404, 409)}, security=needs(Scope.EDIT)
)
@requires_token(Scope.EDIT)
def decide_on_proposal(body: DecisionBody) -> Response:
    """Accept or reject lines of the newest run, or all that are open.

    What is not accepted stays exactly as it was.
    """
    proposals, who = kb().proposals, current_token().created_by_id
    if body.decision == "accept":
        count = proposals.accept(body.run_id, body.lines, who)
    elif body.decision == "reject":
        count = proposals.reject(body.run_id, body.lines, who)
    else:
        count = proposals.reopen(body.run_id, body.lines)
    decided = DecisionOut(lines=count, open=proposals.get(body.run_id).open)
    return jsonify(decided.model_dump(mode="json"))


def _done(body: EditBody) -> ClusterEdit:
    """Do what ``body``, whose fields fit its kind, says."""
    edits, who = kb().cluster_edits, current_token().created_by_id
    cluster, into, case = body.cluster_id or 0, body.into_id or 0, body.case_id or 0
    questions, label = body.questions or [], body.label or ""
    steps: dict[EditKind, Callable[[], ClusterEdit]] = {
        EditKind.RENAME: lambda: edits.rename(cluster, label, who),
        EditKind.KEEP: lambda: edits.keep(cluster, who),
        EditKind.LINK: lambda: edits.link(cluster, case, who),
        EditKind.MERGE: lambda: edits.merge(cluster, into, who),
        EditKind.SPLIT: lambda: edits.split(cluster, questions, who, label),
        EditKind.MOVE: lambda: edits.move(questions, into, who),
        EditKind.PIN: lambda: edits.pin(questions, cluster, who),
        EditKind.DISMISS: lambda: edits.dismiss(questions, who),
    }
    return steps[body.kind]()


def _edit(edit: ClusterEdit) -> EditOut:
    return EditOut.model_validate(edit)


def _proposal(proposal: Proposal) -> ProposalOut:
    return ProposalOut(
        run_id=proposal.run.id,
        state=proposal.run.state,
        finished_at=proposal.run.finished_at,
        total=proposal.total,
        open=proposal.open,
        newer_questions=proposal.newer_questions,
        newer_edits=proposal.newer_edits,
        lines=[_line(shown) for shown in proposal.lines],
    )


def _line(shown: ShownLine) -> LineOut:
    line = shown.line
    same = ("id", "kind", "decision", "cluster_id", "other_id", "label", "keywords", "joined", "left")
    return LineOut(
        **{name: getattr(line, name) for name in same},
        number=shown.number,
        examples=[question_out(question) for question in shown.examples],
    )

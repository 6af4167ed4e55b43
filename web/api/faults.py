"""Faults of the platform: bursts of questions that speak of one."""

from __future__ import annotations

from typing import Literal

from flask import Response, jsonify
from pydantic import AwareDatetime, Field

from kbsearch.models import FaultState, Scope
from kbsearch.services.fault_report import as_data
from web.api.contract import Input, Output, api_blueprint, needs, reading
from web.session import kb, requires_token

blueprint = api_blueprint("faults", "Bursts of questions that speak of a broken platform.")


class FaultsQuery(Input):
    """Which faults to list."""

    state: Literal["", "open", "closed", "dismissed"] = ""
    limit: int = Field(20, ge=1, le=100)
    offset: int = Field(0, ge=0, le=10_000_000)


class HourOut(Output):
    """How many of a fault's questions were asked within an hour."""

    hour: AwareDatetime
    questions: int


class PlaceOut(Output):
    """A lesson whose students ask."""

    course: str
    lesson: str
    questions: int


class MessageOut(Output):
    """A message or status that students were shown."""

    text: str
    questions: int


class FaultOut(Output):
    """A fault with its report."""

    id: int
    state: FaultState
    since: AwareDatetime = Field(description="When its first question was asked.")
    last: AwareDatetime = Field(description="When its last question was asked.")
    found: AwareDatetime
    questions: int
    students: int
    waiting: int = Field(description="Questions that nobody has answered yet.")
    per_hour: list[HourOut]
    examples: list[str] = Field(description="Up to three questions, masked.")
    lessons: list[PlaceOut]
    messages: list[MessageOut]
    answer: str = Field(description="What its questions were closed with; empty while it is open.")


class FaultsOut(Output):
    """One page of faults."""

    items: list[FaultOut]
    total: int


@blueprint.get("/faults", responses={200: FaultsOut, **reading()}, security=needs(Scope.READ))
@requires_token(Scope.READ)
def list_faults(query: FaultsQuery) -> Response:
    """List platform faults with their reports, the latest first."""
    faults = kb().faults
    rows = faults.list(state=query.state, limit=query.limit, offset=query.offset)
    details = [faults.get(row.fault.id) for row in rows]
    items = [FaultOut.model_validate(as_data(each.fault, each.report)) for each in details]
    return jsonify(FaultsOut(items=items, total=faults.count(query.state)).model_dump(mode="json"))

"""The effect of a case on its questions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask import render_template

from kbsearch.insights.effect import LEAST_BEFORE, LEAST_CONTROLS
from kbsearch.models import CaseEffect, Role
from web.session import kb, requires
from web.ui import blueprint
from web.ui.cases import may_edit


@dataclass(frozen=True, slots=True)
class Point:
    """A week of the chart; ``seconds``: its end as Unix time."""

    day: date
    seconds: int
    asked: int
    expected: float
    side: str


@blueprint.get("/cases/<int:case_id>/effect")
@requires(Role.MENTOR)
def case_effect(case_id: int) -> str:
    """Whether the case reduced its questions, and what that is told by."""
    case, effect = kb().cases.get(case_id), kb().effects.of(case_id)
    return render_template(
        "cases/effect.html",
        case=case,
        effect=effect,
        waits=effect is None and kb().effects.waits(case_id),
        points=_points(effect) if effect else [],
        clusters=kb().effects.named(effect.clusters) if effect else [],
        controls=kb().effects.named(effect.controls) if effect else [],
        least=LEAST_BEFORE,
        least_controls=LEAST_CONTROLS,
        may_edit=may_edit(case),
        tab="effect",
    )


def _points(effect: CaseEffect) -> list[Point]:
    points = []
    for week in effect.series:
        day = date.fromisoformat(week["week"])
        seconds = int(datetime.combine(day, datetime.min.time(), UTC).timestamp())
        points.append(Point(day, seconds, week["asked"], week["expected"], week["side"]))
    return points

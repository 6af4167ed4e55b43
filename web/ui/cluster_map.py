"""The map of questions: a picture of all of them, with a list of the clusters beside it."""

from __future__ import annotations

from flask import Response, make_response, render_template
from werkzeug.exceptions import BadRequest

from kbsearch.models import Role
from web.session import kb, requires
from web.ui import blueprint
from web.ui.forms import number_of, text_of

LISTED = 200
"""Clusters that the list beside the map holds."""
YEAR_SECONDS = 365 * 24 * 3600


@blueprint.get("/clusters/map")
@requires(Role.MENTOR)
def map_page() -> str:
    """The map of the current run."""
    page = kb().clusters.list(limit=LISTED)
    drawn_at = kb().maps.drawn_at(page.run.id) if page.run else None
    return render_template("clusters/map.html", page=page, drawn_at=drawn_at)


@blueprint.get("/clusters/map/points")
@requires(Role.MENTOR)
def map_points() -> Response:
    """The points of a run's map, in a few bytes each; another map of the run has another address."""
    points = kb().maps.points(number_of("run"))
    response = make_response(points)
    response.mimetype = "application/octet-stream"
    response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = f"private, max-age={YEAR_SECONDS}, immutable"
    response.vary.add("Accept-Encoding")
    return response


@blueprint.get("/clusters/map/texts")
@requires(Role.MENTOR)
def map_texts() -> dict[str, object]:
    """What the questions with these ids ask."""
    wanted = [part for part in text_of("ids").split(",") if part]
    if not all(part.isdecimal() and len(part) <= 15 for part in wanted):  # noqa: PLR2004  # as ids go
        raise BadRequest
    found = kb().maps.texts([int(part) for part in wanted])
    return {"texts": [{"id": one.id, "text": one.text, "state": one.state} for one in found]}

"""Whether everything runs: database, index, encoder, waiting work."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from flask import render_template

from kbsearch.errors import KbsearchError
from kbsearch.models import Role
from web.session import kb, requires
from web.ui import blueprint, words

Value = TypeVar("Value")


@blueprint.get("/health-page")
@requires(Role.MENTOR)
def health_page() -> str:
    """The state of each part."""
    problems: dict[str, str] = {}
    status = _tried(problems, "index", lambda: kb().maintenance.status())  # noqa: PLW0108  # opening may fail too
    schema = _tried(problems, "database", kb().database.is_current)
    model = _tried(problems, "encoder", _encoder)
    lowered = _tried(problems, "promise", kb().promise.lowered)
    return render_template(
        "health.html",
        status=status,
        schema=schema,
        model=model,
        problems=problems,
        lowered=lowered or [],
        promise=kb().settings.answer_precision,
    )


def _encoder() -> str:
    encoders = [one for one in (kb().embedder, kb().second_embedder) if one]
    for encoder in encoders:
        encoder.encode(["?"], "query")
    return ", ".join(encoder.model_id for encoder in encoders)


def _tried(problems: dict[str, str], part: str, ask: Callable[[], Value]) -> Value | None:
    try:
        return ask()
    except KbsearchError as error:
        problems[part] = words.error(error)
        return None

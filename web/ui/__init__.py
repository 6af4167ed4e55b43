"""The pages.  Each module owns the pages of one subject and registers them on `blueprint`."""

from __future__ import annotations

from flask import Blueprint, Response
from flask.blueprints import BlueprintSetupState

blueprint = Blueprint("ui", __name__)

from web.ui import (  # noqa: E402  # they register their pages on the blueprint above
    account,
    admin,
    asides,
    case_editor,
    case_effects,
    case_pairs,
    cases,
    catalogue,
    cluster_diff,
    cluster_edits,
    cluster_map,
    cluster_review,
    clusters,
    context,
    digest,
    duplicates,
    faults,
    health,
    imports,
    insights,
    jobs,
    lexicon,
    pair_words,
    past_imports,
    quality,
    questions,
    search,
    sign_in,
    themes,
    why,
)

__all__ = [
    "account",
    "admin",
    "asides",
    "blueprint",
    "case_editor",
    "case_effects",
    "case_pairs",
    "cases",
    "cluster_diff",
    "cluster_edits",
    "cluster_map",
    "cluster_review",
    "clusters",
    "digest",
    "duplicates",
    "faults",
    "health",
    "imports",
    "insights",
    "jobs",
    "lexicon",
    "past_imports",
    "quality",
    "questions",
    "search",
    "sign_in",
    "themes",
    "why",
]


@blueprint.record_once
def _install(state: BlueprintSetupState) -> None:
    catalogue.install(state.app)  # type: ignore[arg-type]  # an App is a Flask here
    context.install(state.app)  # type: ignore[arg-type]
    pair_words.install(state.app)  # type: ignore[arg-type]


@blueprint.after_request
def _tell_blocks_from_pages(response: Response) -> Response:
    """Keep caches from giving a block of a page to somebody who asks for the whole page."""
    response.vary.add("HX-Request")
    return response

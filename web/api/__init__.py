"""The HTTP API, version 1: its calls, their documentation, and how they are put into the application."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.openapi import OpenAPI

from web.api import cases, cluster_edits, clusters, docs, faults, health, questions, suggestions
from web.api.contract import openapi_options
from web.session import publish_files

__all__ = ["install", "openapi_options"]

CALLS: tuple[APIBlueprint, ...] = (
    suggestions.blueprint,
    questions.blueprint,
    cases.blueprint,
    clusters.blueprint,
    cluster_edits.blueprint,
    faults.blueprint,
    health.blueprint,
)


def install(app: OpenAPI) -> Sequence[Blueprint]:
    """Add all calls to ``app``; returns the blueprints, which bearer tokens guard instead of cookies."""
    for blueprint in CALLS:
        app.register_api(blueprint)
    app.register_blueprint(docs.blueprint)
    publish_files(app, "api_docs.static")
    return CALLS

"""The HTTP API, version 1: its calls, their documentation, and how they are put into the application."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint
from flask_openapi3.blueprint import APIBlueprint
from flask_openapi3.openapi import OpenAPI

from web.api import health
from web.api.contract import openapi_options

__all__ = ["install", "openapi_options"]


def install(app: OpenAPI) -> Sequence[Blueprint]:
    """Add all calls to ``app``; returns the blueprints, which bearer tokens guard instead of cookies."""
    blueprints: list[APIBlueprint] = [health.blueprint]
    for blueprint in blueprints:
        app.register_api(blueprint)
    return blueprints

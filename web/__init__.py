"""HTTP: the application factory."""

from __future__ import annotations

from typing import Any

from flask import Flask
from flask_openapi3.openapi import OpenAPI
from werkzeug.routing import IntegerConverter, Map

from kbsearch.app import Kbsearch
from web import api, delivery, errors, language, request_bodies, security, session, ui
from web.api.contract import LARGEST_ID


class RowId(IntegerConverter):
    """An id in an address: numbers that no database keeps lead nowhere."""

    def __init__(self, url_map: Map, **options: Any) -> None:
        super().__init__(url_map, **{"min": 1, "max": LARGEST_ID, **options})


def create_app(app: Kbsearch, *, testing: bool = False) -> Flask:
    """The web application of ``app``: pages, API, security.

    ``testing`` switches forged-form checks and rate limits off.

    Raises:
        ConfigurationError: the secret key cannot be kept.
    """
    flask = OpenAPI(__name__, **api.openapi_options())
    flask.extensions["kbsearch"] = app
    flask.url_map.converters["int"] = RowId
    security.configure(flask, app.settings, testing=testing)
    delivery.install(flask, trust_request_ids=app.settings.trusted_proxies > 0)
    flask.after_request(security.add_headers)
    flask.request_class = request_bodies.FormRequest
    flask.before_request(session.enforce_access)
    flask.before_request(request_bodies.refuse_lost_body)
    errors.install(flask)
    language.install(flask)
    csrf = security.protect_forms(flask)
    calls = api.install(flask)
    for blueprint in calls:
        csrf.exempt(blueprint)
    flask.register_blueprint(ui.blueprint)
    session.publish_files(flask, "static")
    security.limit_rates(flask, app.settings, calls)
    return flask

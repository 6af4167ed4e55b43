"""The web application and its clients, over a real database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from web import create_app

Headers = dict[str, str]


@pytest.fixture
def web_app(app: Kbsearch) -> Flask:
    """The web application of `app`, without forged-form checks and rate limits."""
    return create_app(app, testing=True)


@pytest.fixture
def client(web_app: Flask) -> FlaskClient:
    """A client that nobody is signed in with."""
    return web_app.test_client()


@pytest.fixture
def bearer(app: Kbsearch) -> Callable[..., Headers]:
    """Makes the headers of a new token with the given scopes."""

    def make(*scopes: str) -> Headers:
        _, secret = app.people.make_token("test", scopes or ("read", "write", "edit"))
        return {"Authorization": f"Bearer {secret}"}

    return make

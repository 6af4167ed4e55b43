"""The web application and its clients, over a real database."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.importers.records import IncomingQuestion
from kbsearch.ports import silent
from tests.clustering.conftest import TAILS, TOPICS
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


@pytest.fixture
def topics(school: Kbsearch) -> Kbsearch:
    """A school with four clear topics and a run over them."""
    texts = [topic.format(tail) for topic in TOPICS.values() for tail in TAILS]
    school.questions.receive_many([IncomingQuestion(text, source="topics") for text in texts])
    school.pipeline.drain_all(silent)
    school.cluster_runner.run(silent, resolution=2.0)
    return school

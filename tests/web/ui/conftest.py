"""A small school with an index, and clients that are signed in."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from tests.web.ui.school import PASSWORD, plant_people, plant_school


@pytest.fixture(scope="session")
def planted_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder with people, a course, cases, questions and their index; to be copied, not used."""
    home = tmp_path_factory.mktemp("planted") / "home"
    app = Kbsearch(Settings(home=home, encoder="hashing"))
    app.database.upgrade()
    plant_people(app)
    plant_school(app)
    app.database.close()
    return home


@pytest.fixture
def settings(planted_home: Path, tmp_path: Path) -> Settings:
    """Settings of a copy of the planted school."""
    shutil.copytree(planted_home, tmp_path / "home")
    return Settings(home=tmp_path / "home", encoder="hashing")


@pytest.fixture
def school(app: Kbsearch) -> Kbsearch:
    """`app` with a course, cases, questions, people and an index of them."""
    return app


@pytest.fixture
def sign_in(school: Kbsearch, web_app: Flask) -> Callable[[str], FlaskClient]:
    """Makes a client that a person is signed in with; its pages are English."""

    def client_of(login: str) -> FlaskClient:
        client = web_app.test_client()
        client.set_cookie("language", "en")
        answer = client.post("/sign-in", data={"login": login, "password": PASSWORD})
        assert answer.status_code == 303
        return client

    return client_of


@pytest.fixture
def mentor(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """A mentor's client."""
    return sign_in("mentor")


@pytest.fixture
def methodologist(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """A methodologist's client."""
    return sign_in("methodologist")


@pytest.fixture
def admin(sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """An admin's client."""
    return sign_in("admin")

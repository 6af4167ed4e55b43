"""Fixtures that every part shares: settings in a temporary home, a real SQLite database, the whole app."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.database import Database


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of an installation in a temporary folder, with the small deterministic encoder."""
    return Settings(home=tmp_path / "home", encoder="hashing")


@pytest.fixture
def app(settings: Settings) -> Iterator[Kbsearch]:
    """A whole kbsearch with an empty, current database."""
    kbsearch = Kbsearch(settings)
    kbsearch.database.upgrade()
    yield kbsearch
    kbsearch.database.close()


@pytest.fixture
def database(app: Kbsearch) -> Database:
    """The database of `app`."""
    return app.database

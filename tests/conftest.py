"""Fixtures that every part shares: settings in a temporary home, a real database, the whole app."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.database import Database
from tests import postgresql

# The same tree gives the same result, and a busy machine is no fault: neither an example's time nor that of
# drawing it is asserted.  `HYPOTHESIS_PROFILE=explore` draws others at each run.
hypothesis.settings.register_profile(
    "explore", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow]
)
hypothesis.settings.register_profile(
    "steady", hypothesis.settings.get_profile("explore"), derandomize=True, database=None
)
hypothesis.settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))


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


@pytest.fixture(scope="session")
def postgresql_url() -> Iterator[str]:
    """URL of a real PostgreSQL server that lives as long as the test run."""
    with postgresql.server() as url:
        yield url


@pytest.fixture
def empty_postgresql(postgresql_url: str) -> str:
    """URL of a PostgreSQL database without any table."""
    from sqlalchemy import create_engine

    engine = create_engine(postgresql_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP SCHEMA public CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public")
    engine.dispose()
    return postgresql_url

"""Connections, transactions and the schema: the only place that knows SQLite from other databases."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import (
    ArgumentError,
    DatabaseError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
)
from sqlalchemy.orm import Session, sessionmaker

from kbsearch.errors import ConfigurationError, DiskFull, StorageUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

BUSY_SECONDS = 10
"""How long a SQLite connection waits for another writer before it gives up."""

_WITHOUT_WAITING = text("SET LOCAL synchronous_commit TO off")

CACHE_KIB = 16_000
"""Pages that each SQLite connection keeps, in KiB: with SQLite's own 2 MB, counting large tables crawls."""


class Database:
    """One database: sessions for reading and for writing, and its schema.

    Writers of SQLite take the write lock when they begin (``BEGIN IMMEDIATE``): a transaction that reads
    first and writes later would fail at once, without waiting, if another one wrote in between.
    """

    def __init__(self, url: str, *, busy_seconds: float = BUSY_SECONDS) -> None:
        self.engine = _engine(url, busy_seconds)
        self._busy_seconds = busy_seconds
        self._reading = sessionmaker(self.engine, expire_on_commit=False)
        self._writing = sessionmaker(
            self.engine.execution_options(kbsearch_writes=True), expire_on_commit=False
        )

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A session that sees one consistent state and is never committed."""
        with self._translated(), self._reading() as session:
            yield session

    @contextmanager
    def writing(self, *, patience: float | None = None, lasting: bool = True) -> Iterator[Session]:
        """A session that is committed at the end, or rolled back whole when an error leaves it.

        Args:
            patience: seconds that SQLite waits for another writer, if not as long as usual.
            lasting: whether the commit waits for the disk.  One that does not outlives a killed process
                all the same; a power cut may take it back, whole.

        Raises:
            StorageUnavailable: the database is locked, full, read-only or unreachable.
        """
        with self._translated(), self._writing() as session, session.begin():
            seconds = self._busy_seconds if patience is None else patience
            session.connection(execution_options={"kbsearch_patience": seconds, "kbsearch_lasting": lasting})
            if not lasting and self.engine.dialect.name == "postgresql":
                session.execute(_WITHOUT_WAITING)
            yield session

    def upgrade(self, revision: str = "head") -> None:
        """Bring the schema up to ``revision``, the newest migration; creates it in an empty database.

        Raises:
            StorageUnavailable: the database cannot be reached or written, or a newer kbsearch made it.
        """
        from alembic import command
        from alembic.util import CommandError

        try:
            with (
                self._translated(),
                self.engine.execution_options(kbsearch_writes=True).begin() as connection,
            ):
                config = _alembic_config()
                config.attributes["connection"] = connection
                command.upgrade(config, revision)
        except CommandError as error:
            raise StorageUnavailable(
                "The database was made by another, probably newer version of kbsearch: {reason}.",
                remedy="Install that version; this one leaves the database as it is.",
                reason=str(error),
            ) from error

    def is_current(self) -> bool:
        """Whether the schema is the one that this version of kbsearch expects."""
        from alembic.migration import MigrationContext
        from alembic.script import ScriptDirectory

        with self._translated(), self.engine.connect() as connection:
            current = MigrationContext.configure(connection).get_current_revision()
        return current == ScriptDirectory.from_config(_alembic_config()).get_current_head()

    @property
    def file(self) -> Path | None:
        """The file of a SQLite database; None of a database on a server."""
        url = self.engine.url
        return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    def copy_to(self, path: Path) -> None:
        """Write a SQLite database as it is now, without what was deleted from it, into the new file ``path``.

        Others go on reading and writing meanwhile.

        Raises:
            StorageUnavailable: the database cannot be read or is damaged, or the copy cannot be written.
        """
        with self._translated(), self.engine.connect() as connection:
            outside = connection.execution_options(isolation_level="AUTOCOMMIT", kbsearch_outside=True)
            outside.exec_driver_sql("VACUUM INTO ?", (str(path),))

    def damage(self) -> str:
        """What SQLite finds wrong with its file, "" when it is sound; reads all of it."""
        with self._translated(), self.engine.connect() as connection:
            found: str = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
        return "" if found == "ok" else found

    def _translated(self) -> AbstractContextManager[None]:
        url = self.engine.url
        return _translated(
            url.database or "" if url.get_backend_name() == "sqlite" else url.render_as_string()
        )

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def in_use(file: Path) -> bool:
    """Whether another program has the SQLite database ``file`` open; if not, its log is taken into it.

    A damaged file is nobody's.
    """
    with closing(sqlite3.connect(file, timeout=0)) as connection:
        try:
            # Leaving the write-ahead log takes a lock that no other connection, however idle, lets one have.
            connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            return "locked" in str(error)
        except sqlite3.DatabaseError:
            return False
    return False


def _alembic_config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    return config


def _engine(url: str, busy_seconds: float) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() != "sqlite":
            return create_engine(parsed, pool_pre_ping=True)
        if parsed.database and parsed.database != ":memory:":
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, connect_args={"timeout": busy_seconds})
    except OSError as error:
        raise ConfigurationError(
            "The folder of the database cannot be made: {reason}.",
            remedy="Name a folder that can be written in KBSEARCH_HOME or KBSEARCH_DATABASE_URL.",
            reason=str(error),
        ) from error
    except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
        raise ConfigurationError(
            "The database URL cannot be used: {reason}.",
            remedy="Check KBSEARCH_DATABASE_URL, for example sqlite:///kbsearch.db or "
            "postgresql+psycopg://user@host/name (needs `pip install kbsearch[postgresql]`).",
            reason=str(error).splitlines()[0],
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # SQLAlchemy's "begin" event begins, not the driver
    pragmas = ("journal_mode=WAL", "foreign_keys=ON", "synchronous=FULL", "temp_store=MEMORY")
    for pragma in (*pragmas, f"cache_size=-{CACHE_KIB}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("kbsearch_outside"):  # VACUUM refuses to run in a transaction
        return
    if "kbsearch_patience" in options:
        connection.exec_driver_sql(f"PRAGMA busy_timeout={int(1000 * options['kbsearch_patience'])}")
        connection.exec_driver_sql(
            f"PRAGMA synchronous={'FULL' if options['kbsearch_lasting'] else 'NORMAL'}"
        )
    connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("kbsearch_writes") else "BEGIN")


@contextmanager
def _translated(database: str) -> Iterator[None]:
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise _unavailable(error, database) from error
    except DBAPIError as error:
        # SQLite tells of a damaged file by the class itself; its subclasses are about statements.
        undefined = getattr(error.orig, "sqlstate", None) in _UNDEFINED
        if error.connection_invalidated or type(error) is DatabaseError or undefined:
            raise _unavailable(error, database) from error
        raise


_OLDER_SCHEMA = ("no such table", "no such column", "has no column", "does not exist")
"""What SQLite and PostgreSQL say when a newer kbsearch meets a database that was not upgraded."""
_UNDEFINED = {"42P01", "42703"}
"""PostgreSQL's codes of a table and a column that is not there."""


_FULL = ("is full", "No space left")
"""What SQLite and PostgreSQL say when there is no room."""


def _unavailable(error: DBAPIError, database: str) -> StorageUnavailable:
    reason = str(error.orig).strip().splitlines()[0] if error.orig else "no answer"
    if "locked" in reason:
        remedy = "Another program is writing to it. Try again; if it lasts, stop that program."
    elif "not a database" in reason or "malformed" in reason:
        remedy = (
            "The file is damaged: restore a backup with `kbsearch restore`, or move it away and run "
            "`kbsearch init`."
        )
    elif any(sign in reason for sign in _FULL):
        return DiskFull(
            "The database did not do it: {reason}.",
            remedy="Free some disk space for {database}; nothing that was confirmed is lost.",
            reason=reason,
            database=database,
        )
    elif any(sign in reason for sign in _OLDER_SCHEMA):
        remedy = "Run `kbsearch init` to create or upgrade the database."
    else:
        remedy = "Check that the database is running and that its files can be written."
    return StorageUnavailable("The database did not do it: {reason}.", remedy=remedy, reason=reason)

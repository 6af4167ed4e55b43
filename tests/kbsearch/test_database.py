"""The database: transactions, durability, its errors, and migrations that equal the models."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import column, insert, select, table, text
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import ConfigurationError, Conflict, DiskFull, StorageUnavailable
from kbsearch.models import Base, Cluster, Course, Job, Question, Run
from kbsearch.services.intake import text_key


def question(number: int = 1, **values: object) -> Question:
    """A question that can be stored."""
    defaults: dict[str, object] = {
        "source": "test",
        "external_id": str(number),
        "text": "Как отменить коммит?",
        "text_key": "k",
        "asked_at": datetime(2026, 3, 1, tzinfo=UTC),
    }
    return Question(**(defaults | values))


def store_plainly(session: Session, keys: dict[str, str]) -> None:
    """Store questions by text and key, without the columns that an older schema has not."""
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    plain = {"source": "test", "state": "open", "asked_at": moment, "received_at": moment}
    plain |= dict.fromkeys(("author_key", "course_code", "lesson_code", "language"), "")
    rows = [plain | {"external_id": one, "text": one, "text_key": key} for one, key in keys.items()]
    columns = (column(name, Question.__table__.c[name].type) for name in rows[0])
    session.execute(insert(table("question", *columns)), rows)


def _store_and_fail(session: Session) -> None:
    session.add(question())
    session.flush()
    raise KeyError("stop")


def _store_past(session: Session, pages: int) -> None:
    session.execute(text(f"PRAGMA max_page_count={pages}"))  # SQLite's own way to a full disk
    session.add(question(text="я" * 1_000_000))


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """URL of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'k.db'}"
    empty: str = request.getfixturevalue("empty_postgresql")
    return empty


def test_migrations_from_empty_equal_the_models(url: str) -> None:
    database = Database(url)
    assert not database.is_current()
    database.upgrade()
    assert database.is_current()
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_upgrade_twice_keeps_what_is_stored(url: str) -> None:
    database = Database(url)
    database.upgrade()
    with database.writing() as session:
        session.add(question())
    database.upgrade()
    with database.reading() as session:
        assert session.scalars(select(Question.text)).all() == ["Как отменить коммит?"]
    database.close()


def test_jobs_of_the_first_schema_are_kept(url: str) -> None:
    database = Database(url)
    database.upgrade("0001")
    assert not database.is_current()
    row = "INSERT INTO job (kind, state, parameters, result, done, total, stage, error, created_at) "
    values = "VALUES ('import', 'failed', '{}', '{}', 0, 0, '', 'Too few.', '2026-03-01 00:00:00')"
    with database.writing() as session:
        session.execute(text(row + values))
    database.upgrade()
    with database.reading() as session:
        job = session.scalars(select(Job)).one()
    assert (job.error, job.failure) == ("Too few.", {})
    database.close()


def test_keys_of_texts_are_made_anew_where_their_signs_tell(url: str) -> None:
    database = Database(url)
    database.upgrade("0021")
    asked = ("Как поставить C++", "Как поставить C#", "Как поставить Python")
    old = {one: text_key(one.rstrip("+#")) for one in asked}
    with database.writing() as session:
        store_plainly(session, old)
    database.upgrade()
    with database.reading() as session:
        keys = {one.text: one.text_key for one in session.scalars(select(Question))}
    assert keys == {one: text_key(one) for one in asked}
    assert len(set(keys.values())) == len(asked)
    database.close()


def test_keys_of_texts_that_speak_of_other_signs_are_made_anew(url: str) -> None:
    database = Database(url)
    database.upgrade("0022")
    asked = ("Что значит &&", "Что значит ||", "Чем % лучше //", "Скидка 20 %")
    with database.writing() as session:
        store_plainly(session, dict.fromkeys(asked, "old"))
    database.upgrade()
    with database.reading() as session:
        keys = {one.text: one.text_key for one in session.scalars(select(Question))}
    assert keys == {one: text_key(one) for one in asked}
    database.close()


def test_names_that_clusters_took_lose_their_emoji_and_those_of_people_do_not(url: str) -> None:
    database = Database(url)
    database.upgrade("0019")
    names = {
        "Где ссылка 🙏🏽 ?": (False, "Где ссылка?"),
        "🔥 Наше имя 🔥": (True, "🔥 Наше имя 🔥"),
        "🤷": (False, "🤷"),
        "Нет  двойных пробелов": (False, "Нет  двойных пробелов"),
    }
    with database.writing() as session:
        run = Run(algorithm="leiden")
        session.add(run)
        session.flush()
        session.add_all(
            Cluster(label=label, label_pinned=pinned, first_run_id=run.id, last_run_id=run.id)
            for label, (pinned, _) in names.items()
        )
    database.upgrade()
    with database.reading() as session:
        labels = session.scalars(select(Cluster.label).order_by(Cluster.id)).all()
    assert labels == [wanted for _, wanted in names.values()]
    database.close()


def test_an_error_rolls_the_whole_transaction_back(url: str) -> None:
    database = Database(url)
    database.upgrade()
    with pytest.raises(KeyError), database.writing() as session:
        _store_and_fail(session)
    with database.reading() as session:
        assert session.scalars(select(Question)).all() == []
    database.close()


def test_questions_are_immutable_but_their_state_is_not(database: Database) -> None:
    with database.writing() as session:
        session.add(question())
    with database.writing() as session:
        session.scalars(select(Question)).one().state = "answered"  # type: ignore[assignment]
    with pytest.raises(Conflict, match="immutable"), database.writing() as session:
        session.scalars(select(Question)).one().text = "другое"


def test_times_come_back_aware_and_naive_ones_are_refused(database: Database) -> None:
    with database.writing() as session:
        session.add(question())
    with database.reading() as session:
        assert session.scalars(select(Question.asked_at)).one() == datetime(2026, 3, 1, tzinfo=UTC)
    with pytest.raises(Exception, match="time zone"), database.writing() as session:
        session.add(question(2, asked_at=datetime(2026, 3, 1)))  # the point of the test


def test_only_a_commit_that_need_not_last_does_not_wait_for_the_disk(url: str) -> None:
    database = Database(url)
    database.upgrade()
    question = "PRAGMA synchronous" if url.startswith("sqlite") else "SHOW synchronous_commit"
    seen = []
    for lasting in (True, False, True):
        with database.writing(lasting=lasting) as session:
            session.add(Course(code=f"c{len(seen)}", title="A course"))
            seen.append(session.scalar(text(question)))
    with database.reading() as session:
        codes = set(session.scalars(select(Course.code)))
    database.close()
    assert seen == ([2, 1, 2] if url.startswith("sqlite") else ["on", "off", "on"])
    assert codes == {"c0", "c1", "c2"}


def test_sqlite_uses_wal_and_enforces_foreign_keys(database: Database) -> None:
    with database.reading() as session:
        assert session.scalar(text("PRAGMA journal_mode")) == "wal"
        assert session.scalar(text("PRAGMA foreign_keys")) == 1


def test_a_locked_database_is_a_clear_error_and_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "k.db"
    database = Database(f"sqlite:///{path}", busy_seconds=0.05)
    database.upgrade()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StorageUnavailable, match="locked") as caught, database.writing() as session:
        session.add(question())
    assert "Another program" in caught.value.remedy
    other.execute("ROLLBACK")
    other.close()
    with database.writing() as session:
        session.add(question())
    with database.reading() as session:
        assert len(session.scalars(select(Question)).all()) == 1
    database.close()


def test_a_full_disk_is_a_clear_error_and_keeps_what_was_acknowledged(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'k.db'}")
    database.upgrade()
    with database.writing() as session:
        session.add(Course(code="kept", title="kept"))
        pages = session.scalar(text("PRAGMA page_count"))
    with pytest.raises(StorageUnavailable, match="full") as caught, database.writing() as session:
        _store_past(session, pages)
    assert isinstance(caught.value, DiskFull)
    assert f"disk space for {tmp_path / 'k.db'}" in caught.value.remedy
    with database.reading() as session:
        assert session.scalars(select(Course.code)).all() == ["kept"]
        assert session.scalars(select(Question)).all() == []
    database.close()


@pytest.mark.parametrize("url", ["nonsense", "no-such-engine://x", "sqlite:////proc/nope/k.db"])
def test_a_wrong_url_is_a_configuration_error(url: str) -> None:
    with pytest.raises(ConfigurationError, match="database"):
        Database(url)


def test_a_database_without_tables_tells_what_to_do(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'k.db'}")
    with pytest.raises(StorageUnavailable) as caught, database.reading() as session:
        session.scalars(select(Question)).all()
    assert "kbsearch init" in caught.value.remedy
    database.close()


def test_a_database_of_an_older_version_says_how_to_upgrade_it(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path}/kbsearch.db")
    database.upgrade()
    with database.writing() as session:
        session.execute(text("ALTER TABLE question RENAME COLUMN received_at TO taken_at"))
    with pytest.raises(StorageUnavailable, match="no such column") as caught, database.reading() as session:
        session.scalars(select(Question)).all()
    assert "kbsearch init" in caught.value.remedy
    with pytest.raises(StorageUnavailable) as caught, database.writing() as session:
        session.add(question())
    assert "kbsearch init" in caught.value.remedy
    database.close()


@pytest.mark.parametrize("kept", [0, 5_000])
def test_a_damaged_file_is_a_clear_error(tmp_path: Path, kept: int) -> None:
    path = tmp_path / "kbsearch.db"
    database = Database(f"sqlite:///{path}")
    database.upgrade()
    database.close()
    path.write_bytes(path.read_bytes()[:kept] + b"\x07damaged" * 8_000)
    with pytest.raises(StorageUnavailable, match=r"not a database|malformed") as caught:
        Database(f"sqlite:///{path}").upgrade()
    assert "backup" in caught.value.remedy


def test_a_folder_that_cannot_be_made_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError) as caught:
        Database(f"sqlite:///{tmp_path}/file/kbsearch.db")
    assert "KBSEARCH_HOME" in caught.value.remedy


def test_questions_of_before_changed_when_they_came(url: str) -> None:
    database = Database(url)
    database.upgrade("0026")
    with database.writing() as session:
        store_plainly(session, {"Как сдать": "key"})
    database.upgrade()
    with database.reading() as session:
        assert session.scalar(select(Question.updated_at)) == datetime(2026, 3, 1, tzinfo=UTC)
    database.close()

"""Backups and what is made of them: real databases, real archives, broken ones too."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import zipfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import ConfigurationError, Conflict, KbsearchError, StorageUnavailable, UnreadableFile
from kbsearch.importers.records import IncomingQuestion
from kbsearch.models import Base, Question
from kbsearch.services.backup_archive import DATABASE, FORMAT, MANIFEST
from kbsearch.services.backups import back_up, restore

Rows = dict[str, list[tuple[object, ...]]]
ASKED = "Как сдать домашку по индексам?"


def ask(app: Kbsearch, text: str) -> None:
    app.questions.receive_many([IncomingQuestion(text, external_id=text, author="Мария")])


def rows(database: Database) -> Rows:
    """Every row of every table."""
    with database.reading() as session:
        return {
            table.name: sorted(map(tuple, session.execute(select(table))), key=repr)
            for table in Base.metadata.sorted_tables
        }


def rows_of(file: Path) -> Rows:
    with closing(Database(f"sqlite:///{file}")) as database:
        return rows(database)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Settings:
    """Settings of an installation that is not there yet."""
    return Settings(home=tmp_path / "elsewhere", encoder="hashing")


@pytest.fixture
def archive(app: Kbsearch, tmp_path: Path) -> Path:
    """A backup of `app` with a question in it."""
    ask(app, ASKED)
    back_up(app.database, app.settings, tmp_path / "backup.zip")
    return tmp_path / "backup.zip"


def test_a_backup_brings_back_every_row_and_key(app: Kbsearch, archive: Path, elsewhere: Settings) -> None:
    restored = restore(archive, elsewhere)
    assert rows_of(elsewhere.home / "kbsearch.db") == rows(app.database)
    assert restored.manifest.questions == 1
    assert restored.put_aside == ()
    kept = elsewhere.home / "author_key"
    assert kept.read_text() == (app.settings.home / "author_key").read_text()
    assert kept.stat().st_mode & 0o777 == archive.stat().st_mode & 0o777 == 0o600


def test_what_is_restored_is_found_and_knows_its_authors(archive: Path, elsewhere: Settings) -> None:
    restore(archive, elsewhere)
    app = Kbsearch(elsewhere)
    ask(app, "И ещё вопрос про индексы")
    app.maintenance.rebuild()
    assert app.search.search(ASKED).questions[0].question.text == ASKED
    with app.database.reading() as session:
        assert len(set(session.scalars(select(Question.author_key)))) == 1
    app.database.close()


def test_a_backup_is_one_state_while_others_write(
    app: Kbsearch, archive: Path, tmp_path: Path, elsewhere: Settings
) -> None:
    before, later = rows(app.database), tmp_path / "later.zip"
    with app.database.writing() as session:
        session.execute(delete(Question))
        back_up(app.database, app.settings, later)
    restore(later, elsewhere)
    assert rows_of(elsewhere.home / "kbsearch.db") == before
    assert rows(app.database)["question"] == []


def test_what_was_deleted_is_in_no_backup(app: Kbsearch, archive: Path, tmp_path: Path) -> None:
    secret = "Пароль от кабинета фикус".encode()
    ask(app, secret.decode())
    with app.database.writing() as session:
        session.execute(delete(Question))
    app.database.close()
    back_up(app.database, app.settings, tmp_path / "later.zip")
    with zipfile.ZipFile(tmp_path / "later.zip") as opened:
        assert secret not in opened.read(DATABASE)


def test_a_file_that_is_there_is_replaced_only_when_asked(app: Kbsearch, archive: Path) -> None:
    with pytest.raises(Conflict, match="there already"):
        back_up(app.database, app.settings, archive)
    ask(app, "Ещё один вопрос")
    assert back_up(app.database, app.settings, archive, replace=True).questions == 2


def test_a_file_that_is_no_backup_is_never_replaced(app: Kbsearch, tmp_path: Path) -> None:
    precious = tmp_path / "thesis.zip"
    precious.write_text("my thesis")
    with pytest.raises(Conflict, match="no backup"):
        back_up(app.database, app.settings, precious, replace=True)
    assert precious.read_text() == "my thesis"


def test_a_database_that_is_there_is_put_aside_only_when_asked(archive: Path, elsewhere: Settings) -> None:
    restore(archive, elsewhere)
    present = elsewhere.home / "kbsearch.db"
    with closing(Database(elsewhere.url)) as database, database.writing() as session:
        session.execute(delete(Question))
    emptied = rows_of(present)
    with pytest.raises(Conflict, match="a database already"):
        restore(archive, elsewhere)
    (aside,) = restore(archive, elsewhere, replace=True).put_aside
    assert rows_of(aside) == emptied
    assert len(rows_of(present)["question"]) == 1


def test_a_database_that_a_program_has_open_is_left_alone(app: Kbsearch, archive: Path) -> None:
    before = rows(app.database)  # from now on the pool keeps an idle connection
    with pytest.raises(Conflict, match="has the database open"):
        restore(archive, app.settings, replace=True)
    assert rows(app.database) == before


def test_a_damaged_database_is_replaced(app: Kbsearch, archive: Path) -> None:
    before = rows(app.database)
    app.database.close()
    (app.settings.home / "kbsearch.db").write_bytes(b"no database" * 1_000)
    with pytest.raises(StorageUnavailable):
        back_up(app.database, app.settings, archive, replace=True)
    app.database.close()
    assert restore(archive, app.settings, replace=True).put_aside
    assert rows(app.database) == before


def test_an_older_database_is_upgraded(tmp_path: Path, elsewhere: Settings) -> None:
    old = Settings(home=tmp_path / "old", encoder="hashing")
    with closing(Database(old.url)) as database:
        database.upgrade("0020")
        back_up(database, old, tmp_path / "old.zip")
    restore(tmp_path / "old.zip", elsewhere)
    with closing(Database(elsewhere.url)) as database:
        assert database.is_current()


def rewritten(archive: Path, member: str, content: bytes | None) -> Path:
    """``archive`` with another ``member``, or without it."""
    changed = archive.with_name("changed.zip")
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            if name != member:
                new.writestr(name, old.read(name))
        if content is not None:
            new.writestr(member, content)
    return changed


def test_what_a_newer_version_made_is_refused(archive: Path, elsewhere: Settings, tmp_path: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        text = opened.read(MANIFEST).decode()
        (tmp_path / "newer.db").write_bytes(opened.read(DATABASE))
    with pytest.raises(UnreadableFile, match="newer kbsearch"):
        restore(rewritten(archive, MANIFEST, text.replace(f": {FORMAT},", ": 99,", 1).encode()), elsewhere)
    with closing(sqlite3.connect(tmp_path / "newer.db")) as connection, connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StorageUnavailable, match="newer version"):
        restore(rewritten(archive, DATABASE, (tmp_path / "newer.db").read_bytes()), elsewhere)
    assert not (elsewhere.home / "kbsearch.db").exists()


@pytest.mark.parametrize("content", [None, b"", b"no database" * 1_000])
def test_an_archive_without_a_sound_database_is_refused(
    content: bytes | None, archive: Path, elsewhere: Settings
) -> None:
    with pytest.raises(KbsearchError):
        restore(rewritten(archive, DATABASE, content), elsewhere)
    assert not (elsewhere.home / "kbsearch.db").exists()


@hypothesis_settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 1), at_the_end=st.booleans(), flip=st.integers(1, 255))
def test_a_flipped_byte_is_told_or_changes_nothing(
    archive: Path, tmp_path: Path, share: float, at_the_end: bool, flip: int
) -> None:
    broken = bytearray(archive.read_bytes())
    first = len(broken) - 400 if at_the_end else 0  # the list of members lies there
    place = first + int(share * (len(broken) - 1 - first))
    broken[place] ^= flip
    flipped = tmp_path / "flipped.zip"
    flipped.write_bytes(broken)
    home = tmp_path / f"home-{place}-{len(list(tmp_path.iterdir()))}"
    try:
        restore(flipped, Settings(home=home, encoder="hashing"))
    except (UnreadableFile, StorageUnavailable):
        assert not (home / "kbsearch.db").exists()
    else:
        assert len(rows_of(home / "kbsearch.db")["question"]) == 1


FULL = """
import resource, sys
from pathlib import Path
from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import StorageUnavailable
from kbsearch.services.backups import back_up, restore

home, archive, elsewhere = map(Path, sys.argv[1:])
settings = Settings(home=home, encoder="hashing")
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, -1))  # the system itself refuses longer files
for action in (
    lambda: back_up(Database(settings.url), settings, archive.with_name("second.zip")),
    lambda: restore(archive, Settings(home=elsewhere, encoder="hashing")),
):
    try:
        action()
    except StorageUnavailable as error:
        print(bool(error.message and error.remedy))
"""


def test_a_full_disk_leaves_nothing_half_written(
    app: Kbsearch, archive: Path, tmp_path: Path, elsewhere: Settings
) -> None:
    app.database.close()
    before = sorted(tmp_path.iterdir())
    places = [str(app.settings.home), str(archive), str(elsewhere.home)]
    result = subprocess.run(
        [sys.executable, "-c", FULL, *places], capture_output=True, text=True, check=False
    )
    assert result.stdout == "True\nTrue\n", result.stderr
    assert sorted(tmp_path.iterdir()) == sorted([*before, elsewhere.home])
    assert list(elsewhere.home.iterdir()) == []


def test_what_a_killed_backup_left_goes_with_the_next_one(app: Kbsearch, tmp_path: Path) -> None:
    left, at_work = tmp_path / ".kbsearch-scratch-left", tmp_path / ".kbsearch-scratch-at-work"
    for folder in (left, at_work):
        folder.mkdir()
        (folder / DATABASE).write_bytes(b"all that was asked")
    os.utime(left, (0, 0))
    back_up(app.database, app.settings, tmp_path / "backup.zip")
    assert at_work.exists()
    assert not left.exists()


def test_databases_on_a_server_have_backups_of_their_own(app: Kbsearch, empty_postgresql: str) -> None:
    settings = Settings(home=app.settings.home, encoder="hashing", database_url=empty_postgresql)
    with closing(Database(empty_postgresql)) as database, pytest.raises(ConfigurationError) as error:
        back_up(database, settings, app.settings.home / "backup.zip")
    assert "pg_dump" in error.value.remedy

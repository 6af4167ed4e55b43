"""Backups of an installation, and an installation made of one again.

A backup is all that cannot be derived.  Indexes can, and uploaded files hold unmasked personal data and go
soon: neither is in it.
"""

from __future__ import annotations

import os
import shutil
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import func, select

from kbsearch import __version__
from kbsearch.config import Settings
from kbsearch.database import Database, in_use
from kbsearch.durable import sync_folder
from kbsearch.errors import ConfigurationError, Conflict, StorageUnavailable, UnreadableFile
from kbsearch.models import Case, Question
from kbsearch.ports import Progress, silent
from kbsearch.services.backup_archive import (
    DATABASE,
    FORMAT,
    KEYS,
    Manifest,
    damaged,
    extract,
    read_manifest,
    scratch,
    write_archive,
)

DERIVED = ("cases", "questions")
"""Folders of the index that belong to one state of the database; what lies beside them is kept by text."""


@dataclass(frozen=True, slots=True)
class Restored:
    """``put_aside``: the files that were there before, as they are called now."""

    manifest: Manifest
    put_aside: tuple[Path, ...]


def back_up(
    database: Database,
    settings: Settings,
    target: Path,
    progress: Progress = silent,
    *,
    replace: bool = False,
) -> Manifest:
    """Write ``database`` and the keys to the archive ``target``, whole or not at all; others go on working.

    Only its owner may read it.  ``replace`` lets it take the place of another archive.

    Raises:
        ConfigurationError: the database is not SQLite.
        Conflict: there is such a file and it is not to be replaced, or is no archive of ours.
        StorageUnavailable: the database cannot be read or is damaged, or the archive cannot be written.
    """
    _file_of(database)
    _require_free(target, replace)
    with scratch(target) as folder:
        copied, draft = folder / DATABASE, folder / "archive"
        database.copy_to(copied)
        manifest = _manifest_of(copied, settings.home)
        write_archive(draft, manifest, copied, settings.home, progress)
        os.replace(draft, target)
        sync_folder(target.parent)
    return manifest


def restore(
    archive: Path, settings: Settings, progress: Progress = silent, *, replace: bool = False
) -> Restored:
    """Make the database and the keys of ``settings`` those of ``archive``, brought up to this version.

    With ``replace`` the files that are there are put aside, never deleted.  The index is gone afterwards and
    has to be rebuilt.  Nothing is touched before the archive has been read whole and found sound.

    Raises:
        ConfigurationError: the settings name a database that is not SQLite.
        UnreadableFile: ``archive`` is no backup, is damaged, or a newer kbsearch made it.
        Conflict: there is a database and it is not to be replaced, or a program has it open.
        StorageUnavailable: the disk refuses, or a newer kbsearch made the database.
    """
    manifest = read_manifest(archive)
    with closing(Database(settings.url)) as present:
        target = _file_of(present)
    _require_unused(target, replace)
    with scratch(target) as folder:
        extract(archive, manifest, folder, progress)
        with closing(Database(_url(folder / DATABASE))) as fresh:
            if fault := fresh.damage():
                raise damaged(archive, fault)
            fresh.upgrade()
            if _counts(fresh) != (manifest.questions, manifest.cases):
                raise damaged(archive, "the database in it is not the one that was put in")
        put_aside = _put_in_place(folder, target, settings.home)
    for name in DERIVED:
        shutil.rmtree(settings.index_dir / name, ignore_errors=True)
    return Restored(manifest, put_aside)


def _manifest_of(copied: Path, home: Path) -> Manifest:
    with closing(Database(_url(copied))) as copy:
        if fault := copy.damage():
            raise StorageUnavailable(
                "The database is damaged: {reason}.",
                remedy="No backup was written; keep the earlier ones. `kbsearch restore` brings one back.",
                reason=fault,
            )
        questions, cases = _counts(copy)
    keys = tuple(name for name in KEYS if (home / name).is_file())
    return Manifest(FORMAT, __version__, datetime.now(UTC), questions, cases, keys)


def _counts(database: Database) -> tuple[int, int]:
    with database.reading() as session:
        questions = session.scalar(select(func.count()).select_from(Question)) or 0
        return questions, session.scalar(select(func.count()).select_from(Case)) or 0


def _put_in_place(folder: Path, target: Path, home: Path) -> tuple[Path, ...]:
    """Move what lies in ``folder`` to its places; returns where what lay there is now."""
    home.mkdir(parents=True, exist_ok=True)
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    # A damaged database may have left its log; that of a sound one was taken into it.
    logs = [target.with_name(f"{target.name}-{end}") for end in ("wal", "shm")]
    moved = [_moved_aside(log, stamp) for log in logs if log.exists()]
    for name in (*KEYS, DATABASE):
        place = target if name == DATABASE else home / name
        if not (folder / name).exists():
            continue
        if place.exists() and not (name in KEYS and place.read_bytes() == (folder / name).read_bytes()):
            moved.append(_moved_aside(place, stamp))
        shutil.move(folder / name, place)
        sync_folder(place.parent)
    return tuple(moved)


def _moved_aside(place: Path, stamp: str) -> Path:
    return place.rename(place.with_name(f"{place.name}.before-{stamp}"))


def _require_free(target: Path, replace: bool) -> None:
    if not target.exists():
        return
    if not replace:
        raise Conflict(
            "{path} is there already.", remedy="Name another file, or add --replace.", path=str(target)
        )
    try:
        read_manifest(target)
    except UnreadableFile as error:
        raise Conflict(
            "{path} is no backup, so it is not replaced.", remedy="Name another file.", path=str(target)
        ) from error


def _require_unused(target: Path, replace: bool) -> None:
    if not target.exists():
        return
    if not replace:
        raise Conflict(
            "There is a database already: {path}.",
            remedy="Restore into another KBSEARCH_HOME, or add --replace: what is there is put aside.",
            path=str(target),
        )
    if in_use(target):
        raise Conflict(
            "A program has the database open: {path}.",
            remedy="Stop `kbsearch serve` and `kbsearch worker` first.",
            path=str(target),
        )


def _file_of(database: Database) -> Path:
    if database.file is None:
        raise ConfigurationError(
            "This is for SQLite, and the database is on a server.",
            remedy="Use `pg_dump` and `pg_restore`, and copy author_key and secret_key of the home folder.",
        )
    return database.file


def _url(file: Path) -> str:
    return f"sqlite:///{file.absolute()}"

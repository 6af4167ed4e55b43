"""The archive of a backup: a ZIP of the database, of the keys, and of a manifest that says what they are."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

from kbsearch import __version__
from kbsearch.errors import StorageUnavailable, UnreadableFile
from kbsearch.importers.zip_archives import open_archive, pieces
from kbsearch.ports import Progress

FORMAT = 1
DATABASE = "kbsearch.db"
MANIFEST = "manifest.json"
KEYS = ("author_key", "secret_key")
"""Files of the home folder that nothing could make again; names in the archive, too."""
OWNER_ONLY = 0o600
_CHUNK = 1_000_000
_SCRATCH = ".kbsearch-scratch-"
_LEFT_SECONDS = 24 * 3600
"""Nothing writes an archive for so long."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What an archive holds; ``keys``: those of `KEYS` that lay in the home folder."""

    format: int
    kbsearch: str
    created_at: datetime
    questions: int
    cases: int
    keys: tuple[str, ...]


def write_archive(path: Path, manifest: Manifest, database: Path, home: Path, progress: Progress) -> None:
    """Write ``database`` and the keys of ``home`` to the new file ``path``, which only the owner may read.

    It is on the disk afterwards.

    Raises:
        OSError: the disk refuses.
    """
    with path.open("xb") as file:
        os.fchmod(file.fileno(), OWNER_ONLY)
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(MANIFEST, TypeAdapter(Manifest).dump_json(manifest, indent=2))
            for key in manifest.keys:
                archive.write(home / key, key)
            with database.open("rb") as source, archive.open(DATABASE, "w", force_zip64=True) as out:
                parts = iter(lambda: source.read(_CHUNK), b"")
                _copy(parts, out, database.stat().st_size, "backup", progress)
        file.flush()
        os.fsync(file.fileno())


def read_manifest(path: Path) -> Manifest:
    """What the archive at ``path`` holds.

    Raises:
        UnreadableFile: it is not there, is no archive of ours, or a newer kbsearch made it.
    """
    with _opened(path) as archive:
        try:
            manifest = TypeAdapter(Manifest).validate_json(
                b"".join(pieces(archive, archive.getinfo(MANIFEST)))
            )
        except (KeyError, ValidationError, UnreadableFile) as error:
            raise _no_backup(path) from error
    if manifest.format > FORMAT:
        raise UnreadableFile(
            "{path} was made by a newer kbsearch ({version}).",
            remedy="Install that version; this one is {ours}.",
            path=str(path),
            version=manifest.kbsearch,
            ours=__version__,
        )
    return manifest


def extract(path: Path, manifest: Manifest, folder: Path, progress: Progress) -> None:
    """Put the database and the keys of the archive at ``path`` into ``folder``, and on the disk.

    Raises:
        UnreadableFile: something is missing or damaged.
        OSError: the disk refuses.
    """
    with _opened(path) as archive:
        for name in (DATABASE, *(key for key in KEYS if key in manifest.keys)):
            try:
                member = archive.getinfo(name)
            except KeyError as error:
                raise damaged(path, f"{name} is missing") from error
            with (folder / name).open("xb") as out:
                if name in KEYS:
                    os.fchmod(out.fileno(), OWNER_ONLY)
                try:
                    _copy(pieces(archive, member), out, member.file_size, "restore", progress)
                except UnreadableFile as error:
                    raise damaged(path, f"{name}: {error.message}") from error
                out.flush()
                os.fsync(out.fileno())


@contextmanager
def scratch(beside: Path) -> Iterator[Path]:
    """A private folder on the disk of ``beside``, which goes afterwards; after a kill, with the next one.

    Raises:
        StorageUnavailable: the disk refuses, here or inside of the block.
    """
    try:
        beside.parent.mkdir(parents=True, exist_ok=True)
        _remove_left(beside.parent)
        with tempfile.TemporaryDirectory(dir=beside.parent, prefix=_SCRATCH) as folder:
            yield Path(folder)
    except OSError as error:
        raise StorageUnavailable(
            "{path} cannot be written: {reason}.",
            remedy="Check that the folder can be written and has room for the database twice.",
            path=str(beside),
            reason=error.strerror or str(error),
        ) from error


def _remove_left(parent: Path) -> None:
    """Remove scratch folders whose owners were killed: they hold a whole database."""
    for folder in parent.glob(f"{_SCRATCH}*"):
        if time.time() - folder.stat().st_mtime > _LEFT_SECONDS:
            shutil.rmtree(folder)


def damaged(path: Path, reason: str) -> UnreadableFile:
    """The error that the archive at ``path`` is damaged."""
    return UnreadableFile(
        "{path} is damaged: {reason}.", remedy="Take an earlier backup.", path=str(path), reason=reason
    )


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    try:
        archive = open_archive(path)
    except UnreadableFile as error:
        raise _no_backup(path) from error
    except OSError as error:
        raise UnreadableFile(
            "{path} cannot be read: {reason}.",
            remedy="Check its name, and that you may read it.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    with archive:
        yield archive


def _copy(parts: Iterable[bytes], out: IO[bytes], size: int, stage: str, progress: Progress) -> None:
    done = 0
    for part in parts:
        out.write(part)
        done += len(part)
        progress(done, size, stage)


def _no_backup(path: Path) -> UnreadableFile:
    return UnreadableFile(
        "{path} is no backup of kbsearch.", remedy="`kbsearch backup` makes one.", path=str(path)
    )

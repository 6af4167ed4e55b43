"""ZIP archives: opened, and their members read, with what makes that fail told from faults of our own.

What zipfile raises is caught around its own calls alone: a RuntimeError of a reader is no damaged archive.
"""

from __future__ import annotations

import lzma
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from kbsearch.errors import UnreadableFile

_CHUNK = 1_000_000
_LOCKED = 1
"""The flag of a member that is locked with a password."""
_DAMAGED = (zipfile.BadZipFile, EOFError, UnicodeDecodeError)
_UNPACKING = (*_DAMAGED, OSError, zlib.error, lzma.LZMAError)
"""What reading a damaged member raises; OSError is that of bzip2, and of a place before the file begins."""
_UNPACK = "Unpack the archive and import the folder."


def is_archive(path: Path) -> bool:
    """Whether ``path`` is a ZIP archive that is whole enough to be opened."""
    return path.is_file() and zipfile.is_zipfile(path)


def open_archive(path: Path) -> zipfile.ZipFile:
    """The archive at ``path``; close it.

    Raises:
        UnreadableFile: it is none, or its list of members is damaged.
        OSError: the file is not there, or may not be read.
    """
    try:
        return zipfile.ZipFile(path)
    except _DAMAGED as error:
        raise unreadable(path, _damaged()) from error
    except NotImplementedError as error:  # zipfile's own word for a version or a method that it does not know
        raise unreadable(path, _unknown()) from error


def check_opens(path: Path, archive: zipfile.ZipFile, members: Sequence[zipfile.ZipInfo]) -> None:
    """Refuse an archive none of whose ``members`` can be opened; nothing is unpacked.

    Raises:
        UnreadableFile: as said, with the reason of the first.
    """
    faults: list[UnreadableFile] = []
    for member in members:
        try:
            _opened(archive, member).close()
            return
        except UnreadableFile as error:
            faults.append(error)
    if faults:
        raise unreadable(path, faults[0])


def pieces(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Iterator[bytes]:
    """What ``member`` holds, unpacked piece by piece, and no more of it than the size that is declared.

    Raises:
        UnreadableFile: it is damaged, locked with a password, or packed by a method that is not known.  The
            message is the reason alone, without a name, as for a row that is skipped.
    """
    with _opened(archive, member) as file:
        while piece := _piece(file):
            yield piece


def unreadable(path: Path, fault: UnreadableFile) -> UnreadableFile:
    """The error that the archive at ``path`` cannot be read, for the ``fault`` of a member."""
    return UnreadableFile(
        "{path} is no ZIP archive that can be read: {fault}.",
        remedy=fault.remedy_template,
        path=str(path),
        fault=fault.template,
    )


def _opened(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> IO[bytes]:
    if member.flag_bits & _LOCKED:
        raise UnreadableFile("it is locked with a password", remedy=_UNPACK)
    try:
        return archive.open(member)
    except _UNPACKING as error:
        raise _damaged() from error
    except RuntimeError as error:  # NotImplementedError is one: of the method, or of a missing library for it
        raise _unknown() from error


def _piece(file: IO[bytes]) -> bytes:
    try:
        return file.read(_CHUNK)
    except _UNPACKING as error:
        raise _damaged() from error


def _damaged() -> UnreadableFile:
    return UnreadableFile("it is damaged", remedy="Copy the archive once more, or export it again.")


def _unknown() -> UnreadableFile:
    return UnreadableFile("it is packed by a method that is not known", remedy=_UNPACK)

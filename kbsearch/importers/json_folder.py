"""JSON files of a folder or a ZIP archive, read one by one; an archive is never unpacked to the disk."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from kbsearch.errors import InvalidInput, TooLarge, UnreadableFile
from kbsearch.importers.text_lines import check_encoding
from kbsearch.importers.zip_archives import check_opens, open_archive, pieces

MOST_BYTES = 512_000_000
"""Bytes of all files together once they are unpacked, as of one JSON file that is loaded whole."""

MOST_FILES = 100_000
MOST_RATIO = 200
FREE_OF_RATIO = 20_000_000
"""Below so many unpacked bytes the ratio does not matter: files of like messages pack very well."""

_FOREIGN = "__MACOSX"


@dataclass(frozen=True, slots=True)
class JsonFile:
    """A file by its ``path`` from the top of the folder; ``read`` gives what it holds.

    ``within``: the folder that holds all files, and is left out of the paths; "" for none.
    """

    path: PurePosixPath
    read: Callable[[], Any]
    within: str = ""


@contextmanager
def json_files(path: Path, encoding: str = "auto") -> Iterator[Sequence[JsonFile]]:
    """The JSON files of the folder or archive at ``path`` in order of their paths, while it is open.

    A single folder that holds all is left out of the paths; hidden files are left alone.  Reading a file
    raises InvalidInput, without its name, when it is no JSON; UnreadableFile when it cannot be unpacked.

    Raises:
        UnreadableFile: the archive is damaged, all of it is encrypted, or it has paths that lead out of it.
        TooLarge: it would unpack to far more than it should.
    """
    codec = "utf-8-sig" if encoding == "auto" else check_encoding(encoding)
    if path.is_dir():
        yield _below_one_folder(list(_of_folder(path, codec)))
        return
    with open_archive(path) as archive:
        yield _below_one_folder(_of_archive(path, archive, codec))


def _of_folder(folder: Path, codec: str) -> Iterator[JsonFile]:
    total = 0
    for file in sorted(folder.rglob("*.json")):
        name = PurePosixPath(file.relative_to(folder).as_posix())
        if _is_hidden(name) or file.is_symlink() or not file.is_file():
            continue
        total += file.stat().st_size
        if total > MOST_BYTES:
            raise _too_large(folder, total)
        yield JsonFile(name, lambda file=file: _parsed(file.read_bytes(), codec))  # type: ignore[misc]


def _of_archive(path: Path, archive: zipfile.ZipFile, codec: str) -> list[JsonFile]:
    members = [member for member in archive.infolist() if not member.is_dir()]
    _check_sizes(path, members)
    named = {member: _path_of(member, path) for member in sorted(members, key=lambda one: one.filename)}
    wanted = [one for one, name in named.items() if name.suffix.lower() == ".json" and not _is_hidden(name)]
    check_opens(path, archive, wanted)
    return [
        JsonFile(named[one], lambda one=one: _parsed(b"".join(pieces(archive, one)), codec))  # type: ignore[misc]
        for one in wanted
    ]


def _path_of(member: zipfile.ZipInfo, path: Path) -> PurePosixPath:
    name = PurePosixPath(member.filename.replace("\\", "/"))
    if name.is_absolute() or ".." in name.parts or ":" in "".join(name.parts[:1]):
        raise UnreadableFile(
            "{path} has a file that would lie outside of it: {name}.",
            remedy="No program exports such archives: export it again.",
            path=str(path),
            name=member.filename[:200],
        )
    return name


def _check_sizes(path: Path, members: Sequence[zipfile.ZipInfo]) -> None:
    total = sum(member.file_size for member in members if member.filename.lower().endswith(".json"))
    packed = max(path.stat().st_size, 1)
    too_dense = total > FREE_OF_RATIO and total > MOST_RATIO * packed
    if total > MOST_BYTES or len(members) > MOST_FILES or too_dense:
        raise _too_large(path, total, len(members))


def _too_large(path: Path, total: int, files: int = 0) -> TooLarge:
    return TooLarge(
        "{path} would unpack to {unpacked} MB in {entries} files: that is too much." if files
        else "{path} holds {unpacked} MB of JSON: that is too much.",
        remedy="Export a shorter period, or fewer channels or topics at a time.",
        path=str(path),
        unpacked=total // 1_000_000,
        entries=files,
    )  # fmt: skip


def _is_hidden(name: PurePosixPath) -> bool:
    return any(part.startswith(".") or part == _FOREIGN for part in name.parts)


def _below_one_folder(files: list[JsonFile]) -> list[JsonFile]:
    """``files`` without the folder that all of them lie in, if there is one."""
    tops = {file.path.parts[0] for file in files}
    if len(tops) != 1 or not all(len(file.path.parts) > 1 for file in files):
        return files
    [top] = tops
    inner = [JsonFile(file.path.relative_to(top), file.read, top) for file in files]
    return _below_one_folder(inner)


def _parsed(content: bytes, codec: str) -> Any:
    try:
        return json.loads(content.decode(codec).lstrip("\ufeff"), strict=False)
    except RecursionError as error:
        raise InvalidInput("it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise InvalidInput(
            "it is not {encoding}", remedy="Save it as UTF-8.", encoding=codec.removesuffix("-sig")
        ) from error
    except ValueError as error:
        raise InvalidInput("it is not JSON: {reason}", reason=str(error)[:200]) from error

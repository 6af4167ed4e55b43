"""Damaged, locked and strange archives: a member costs itself, an archive that gives nothing is refused."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.importers.json_folder import json_files
from kbsearch.services.imports import ImportOptions, ImportReport

LOCAL, LISTED = b"PK\x03\x04", b"PK\x01\x02"
"""What the header of a member, and its entry in the list at the end, begin with."""


def asked(number: int) -> list[dict[str, Any]]:
    text = f"Как сдать работу номер {number}?"
    return [{"type": "message", "user": f"U{number}", "text": text, "ts": f"179083{number}000.000100"}]


def topic(number: int) -> dict[str, Any]:
    post = {"id": number, "post_number": 1, "cooked": f"<p>Как сдать {number}?</p>", "user_id": number}
    posts = [post | {"created_at": "2026-10-01T07:00:00Z"}]
    return {"id": number, "title": "Сдача", "post_stream": {"posts": posts, "stream": [number]}}


EXPORTS: dict[str, dict[str, Any]] = {
    "slack": {f"git/2026-10-0{number}.json": asked(number) for number in (1, 2, 3)},
    "discourse": {f"{number}.json": topic(number) for number in (1, 2, 3)},
}


def packed(path: Path, kind: str, method: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in EXPORTS[kind].items():
            archive.writestr(name, json.dumps(data, ensure_ascii=False))
    return path


def with_headers(path: Path, name: str, change: Callable[[bytearray, int, int], None]) -> None:
    """Have ``change`` alter both headers of the member; it gets where each and its flags begin."""
    content = bytearray(path.read_bytes())
    for sign, flags in ((LOCAL, 6), (LISTED, 8)):
        at = content.find(sign)
        while name.encode() not in content[at : at + 100]:
            at = content.find(sign, at + 1)
        change(content, at, at + flags)
    path.write_bytes(content)


def locked(path: Path, name: str) -> None:
    def change(content: bytearray, _: int, flags: int) -> None:
        content[flags] |= 1

    with_headers(path, name, change)


def packed_strangely(path: Path, name: str) -> None:
    def change(content: bytearray, _: int, flags: int) -> None:
        content[flags + 2] = 9  # Deflate64, which Windows takes for large files

    with_headers(path, name, change)


def of_another_sum(path: Path, name: str) -> None:
    def change(content: bytearray, _: int, flags: int) -> None:
        content[flags + 8] ^= 255

    with_headers(path, name, change)


def overwritten(path: Path, name: str) -> None:
    """Zeros in the middle of what is packed: no decompressor makes sense of it."""
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(name)
    content = bytearray(path.read_bytes())
    start = member.header_offset + 30 + len(name.encode())
    content[start : start + member.compress_size] = b"\xff" * member.compress_size
    path.write_bytes(content)


def of_another_name(path: Path, name: str) -> None:
    with zipfile.ZipFile(path) as archive:
        at = archive.getinfo(name).header_offset + 30
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)


DAMAGE = {
    locked: ("it is locked with a password", "Unpack the archive"),
    packed_strangely: ("it is packed by a method that is not known", "Unpack the archive"),
    of_another_sum: ("it is damaged", "Copy the archive once more"),
    overwritten: ("it is damaged", "Copy the archive once more"),
    of_another_name: ("it is damaged", "Copy the archive once more"),
}


def refused(app: Kbsearch, path: Path, words: str, **options: Any) -> UnreadableFile:
    with pytest.raises(UnreadableFile, match=words) as caught:
        app.imports.run(path, ImportOptions(**options))
    assert path.name in caught.value.message
    assert caught.value.remedy
    assert app.questions.latest() == []
    return caught.value


def taken(app: Kbsearch, path: Path, **options: Any) -> ImportReport:
    return app.imports.run(path, ImportOptions(**options))


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda one: one.__name__)
def test_a_member_that_cannot_be_read_costs_itself(
    app: Kbsearch, tmp_path: Path, kind: str, damage: Callable[[Path, str], None]
) -> None:
    path = packed(tmp_path / "export.zip", kind)
    [_, name, _] = EXPORTS[kind]
    damage(path, name)
    reason, remedy = DAMAGE[damage]
    report = taken(app, path)
    assert report.taken == {"questions_new": 2}
    [skipped] = report.skipped
    assert (skipped.place, skipped.reason) == (Path(name).name, reason)
    assert skipped.remedy.startswith(remedy)


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("damage", DAMAGE, ids=lambda one: one.__name__)
def test_all_or_nothing_takes_nothing_when_a_member_cannot_be_read(
    app: Kbsearch, tmp_path: Path, kind: str, damage: Callable[[Path, str], None]
) -> None:
    path = packed(tmp_path / "export.zip", kind)
    [*_, name] = EXPORTS[kind]
    damage(path, name)
    with pytest.raises(InvalidInput, match=f"{Path(name).name}: it is .*. Nothing was taken"):
        taken(app, path, on_error="stop")
    assert app.questions.latest() == []


@pytest.mark.parametrize("told", ["auto", "told"])
@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("damage", [locked, packed_strangely], ids=lambda one: one.__name__)
def test_an_archive_that_cannot_be_opened_at_all_is_refused(
    app: Kbsearch, tmp_path: Path, kind: str, damage: Callable[[Path, str], None], told: str
) -> None:
    path = packed(tmp_path / "export.zip", kind)
    for name in EXPORTS[kind]:
        damage(path, name)
    reason, remedy = DAMAGE[damage]
    error = refused(app, path, reason, format=kind if told == "told" else "auto")
    assert error.remedy.startswith(remedy)


@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize(
    "method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA]
)
def test_an_archive_all_of_which_is_damaged_is_refused_as_such(
    app: Kbsearch, tmp_path: Path, kind: str, method: int
) -> None:
    path = packed(tmp_path / "export.zip", kind, method)
    for name in EXPORTS[kind]:
        overwritten(path, name)
    refused(app, path, "no ZIP archive that can be read: it is damaged")


def cut_off(content: bytes) -> bytes:
    return content[:-30]


def without_the_end_of_its_list(content: bytes) -> bytes:
    """The list of members ends in the middle of an entry, and the end of the archive says so."""
    last, end = content.rindex(LISTED), content.rindex(b"PK\x05\x06")
    kept = bytearray(content[: last + 20] + content[end:])
    size = int.from_bytes(content[end + 12 : end + 16], "little") - (end - last - 20)
    at = last + 20 + 12
    kept[at : at + 4] = size.to_bytes(4, "little")
    return bytes(kept)


def with_a_name_in_no_encoding(content: bytes) -> bytes:
    """A name that is said to be UTF-8 and is not."""
    changed, at = bytearray(content), content.index(LISTED)
    changed[at + 9] |= 8
    changed[at + 46] = 255
    return bytes(changed)


def of_a_later_version(content: bytes) -> bytes:
    changed, at = bytearray(content), content.index(LISTED)
    changed[at + 6] = 250
    return bytes(changed)


BREAKS = [cut_off, without_the_end_of_its_list, with_a_name_in_no_encoding, of_a_later_version]


@pytest.mark.parametrize("told", ["auto", "told"])
@pytest.mark.parametrize("kind", EXPORTS)
@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: one.__name__)
def test_an_archive_whose_list_is_damaged_is_refused(
    app: Kbsearch, tmp_path: Path, kind: str, broken: Callable[[bytes], bytes], told: str
) -> None:
    path = packed(tmp_path / "export.zip", kind)
    path.write_bytes(broken(path.read_bytes()))
    refused(app, path, "no ZIP archive that can be read", format=kind if told == "told" else "auto")


def workbook(path: Path) -> Path:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["id", "text"])
    book.active.append([1, "Как сдать работу?"])
    book.save(path)
    return path


@pytest.mark.parametrize("damage", DAMAGE, ids=lambda one: one.__name__)
def test_a_workbook_with_a_damaged_member_is_refused(
    app: Kbsearch, tmp_path: Path, damage: Callable[[Path, str], None]
) -> None:
    path = workbook(tmp_path / "q.xlsx")
    damage(path, "xl/worksheets/sheet1.xml")
    refused(app, path, "no XLSX workbook, or it is damaged")


@pytest.mark.parametrize("broken", BREAKS, ids=lambda one: one.__name__)
def test_a_workbook_whose_list_is_damaged_is_refused(
    app: Kbsearch, tmp_path: Path, broken: Callable[[bytes], bytes]
) -> None:
    path = workbook(tmp_path / "q.xlsx")
    path.write_bytes(broken(path.read_bytes()))
    refused(app, path, "no XLSX workbook, or it is damaged")


def test_a_workbook_that_is_not_there_is_not_called_damaged(app: Kbsearch, tmp_path: Path) -> None:
    refused(app, tmp_path / "nowhere.xlsx", "cannot be read: No such file", format="xlsx")


def test_a_fault_of_our_own_is_not_called_a_damaged_archive(tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", "slack")

    def read_and_fail() -> None:
        with json_files(path) as files:
            files[0].read()
            raise RuntimeError("a fault of a reader")

    with pytest.raises(RuntimeError, match="a fault of a reader"):
        read_and_fail()


def test_a_member_named_by_a_dot_is_passed_over(app: Kbsearch, tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", "slack")
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(".", "x")
    assert taken(app, path).taken == {"questions_new": 3}

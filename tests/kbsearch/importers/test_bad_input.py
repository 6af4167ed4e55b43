"""Files that are broken or hostile: a clear error each, nothing lost, nothing half stored."""

from __future__ import annotations

import json
import random
import tracemalloc
import zipfile
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.services.imports import ImportOptions, ImportReport


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def taken(app: Kbsearch, path: Path, **options: str) -> ImportReport:
    return app.imports.run(path, ImportOptions(**options))  # type: ignore[arg-type]


def reasons(report: ImportReport) -> dict[str, str]:
    return {row.place: row.reason.format(**row.details) for row in report.skipped}


def refused(app: Kbsearch, path: Path, words: str, **options: str) -> None:
    """The file is refused with a message that names it and a remedy, and nothing is stored."""
    with pytest.raises(InvalidInput, match=words) as caught:
        taken(app, path, **options)
    assert path.name in caught.value.message
    assert caught.value.remedy
    assert app.questions.latest() == []


def test_a_line_of_50_mb_is_passed_over_in_bounded_memory(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    with path.open("w", encoding="utf-8") as file:
        file.write("id,text\n1,первый\n2,")
        for _ in range(50):
            file.write("x" * 1_000_000)
        file.write("\n3,последний\n")
    tracemalloc.start()
    report = taken(app, path)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert report.taken == {"questions_new": 2}
    assert reasons(report) == {"line 3": "the line is longer than 1000000 characters"}
    assert peak < 40_000_000


@pytest.mark.parametrize("name", ["q.csv", "q.jsonl"])
def test_a_file_of_one_endless_line(app: Kbsearch, tmp_path: Path, name: str) -> None:
    path = written(tmp_path, name, "x" * 3_000_000)
    if name == "q.csv":
        refused(app, path, "longer than 1000000")
    else:
        assert reasons(taken(app, path)) == {"line 1": "the line is longer than 1000000 characters"}


def test_windows_1251_declared_as_utf8(app: Kbsearch, tmp_path: Path) -> None:
    content = "id,text\n1,почему?\n2,why?\n".encode("cp1251")
    report = taken(app, written(tmp_path, "q.csv", content), encoding="utf-8")
    assert reasons(report) == {"line 2": "the line is not utf-8"}
    assert report.taken == {"questions_new": 1}
    header = written(tmp_path, "h.csv", "номер,вопрос\n1,why\n".encode("cp1251"))
    with pytest.raises(UnreadableFile, match="line 1: the line is not utf-8") as caught:
        taken(app, header, encoding="utf-8")
    assert "--encoding" in caught.value.remedy


@pytest.mark.parametrize("encoding", ["cp1251", "koi8-r", "cp866", "mac-cyrillic"])
def test_old_cyrillic_encodings_are_told_apart(app: Kbsearch, tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "chat.csv"
    path.write_bytes("Сообщение;Курс\nКак перенести срок сдачи задания?;python\n".encode(encoding))
    preview = app.imports.preview(path, ImportOptions())
    assert preview.encoding == encoding
    assert preview.sample[0].fields["text"] == "Как перенести срок сдачи задания?"


def test_a_missing_column_is_told_with_those_there_are(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "chat.csv"
    path.write_bytes("Номер;Что спросили;Дата\n1;Где сертификат?;01.11.2026\n".encode("cp1251"))
    with pytest.raises(InvalidInput) as caught:
        app.imports.run(path, ImportOptions())
    assert "Номер, Что спросили, Дата" in caught.value.remedy
    assert app.imports.run(path, ImportOptions(mapping={"text": "2"})).taken["questions_new"] == 1


def test_one_broken_byte_does_not_change_the_encoding_of_the_rest(app: Kbsearch, tmp_path: Path) -> None:
    lines = ["text", *(f"почему не работает номер {n}?" for n in range(50))]
    content = "\n".join(lines).encode() + b"\nbroken \xff byte\n"
    report = taken(app, written(tmp_path, "q.csv", content))
    assert report.taken == {"questions_new": 50}
    assert reasons(report) == {"line 52": "the line is not utf-8"}


def test_random_bytes(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, "q.csv", b"\x07" + random.Random(1).randbytes(50_000))  # noqa: S311
    refused(app, path, "no text file|neither UTF-8")


@pytest.mark.parametrize("name", ["q.csv", "q.jsonl", "q.txt", "q.md"])
def test_utf_16_that_is_cut_off(app: Kbsearch, tmp_path: Path, name: str) -> None:
    rows = "text\nкак?\n" if name != "q.jsonl" else '{"text": "как?"}\n'
    path = written(tmp_path, name, rows.encode("utf-16") + b"\x3f")
    report = taken(app, path)
    assert report.skipped_count == 1
    if name != "q.md":
        assert report.taken == {"questions_new": 1}
        assert reasons(report)[f"line {rows.count(chr(10)) + 1}"] == "the file is not utf-16 from here on"


def test_an_unknown_encoding(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, "q.csv", "text\nкак?\n")
    with pytest.raises(InvalidInput, match="no encoding 'latin-99'"):
        taken(app, path, encoding="latin-99")
    with pytest.raises(InvalidInput, match="no encoding 'base64'"):
        taken(app, path, encoding="base64")


@pytest.mark.parametrize("content", [b"", b"\xef\xbb\xbf", b"\n \r\n\t"])
@pytest.mark.parametrize("name", ["q.csv", "q.jsonl", "q.json", "q.md"])
def test_an_empty_file(app: Kbsearch, tmp_path: Path, name: str, content: bytes) -> None:
    path = written(tmp_path, name, content)
    refused(app, path, "is empty", format="csv" if name == "q.md" else "auto")


def test_a_header_alone_takes_nothing(app: Kbsearch, tmp_path: Path) -> None:
    report = taken(app, written(tmp_path, "q.csv", "id,text\n"))
    assert not report.anything
    assert report.skipped_count == 0


def test_texts_at_and_over_the_edge(app: Kbsearch, tmp_path: Path) -> None:
    rows = ["id,text", '1,"   "', f"2,{'я' * 900_000}", "3,a\x00b\x01😀", "4,👩‍👩‍👧‍👦"]
    report = taken(app, written(tmp_path, "q.csv", "\n".join(rows)))
    found = reasons(report)
    assert found["line 2"] == "there is no text"
    assert "900000" in found["line 3"] or "too long" in found["line 3"]
    assert {question.text for question in app.questions.latest()} == {"ab😀", "👩‍👩‍👧‍👦"}


def test_a_zip_bomb_as_a_workbook(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as file:
            for _ in range(400):
                file.write(b"\0" * 1_000_000)
    assert path.stat().st_size < 1_000_000
    refused(app, path, "would unpack to 400 MB")


def test_a_workbook_of_very_many_parts(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "many.xlsx"
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(2_500):
            archive.writestr(f"xl/{number}.xml", "")
    refused(app, path, "2500 parts")


@pytest.mark.parametrize("content", [b"id,text\n1,how?\n", b"PK\x03\x04 cut off", b""])
def test_a_workbook_that_is_none(app: Kbsearch, tmp_path: Path, content: bytes) -> None:
    refused(app, written(tmp_path, "q.xlsx", content), "no XLSX workbook")


def test_a_zip_that_is_no_workbook(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "q.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "hello")
    refused(app, path, "kind: ZIP")


def test_a_workbook_whose_xml_names_entities(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "xxe.xlsx"
    xml = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/hostname">]><workbook>&e;</workbook>'
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("[Content_Types].xml", xml)
        archive.writestr("xl/workbook.xml", xml)
    refused(app, path, "no XLSX workbook")


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"%PDF-1.7", "kind: PDF"),
        (b"\xd0\xcf\x11\xe0", "kind: .xls"),
        (b"\x1f\x8b\x08", "kind: gzip"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><table>", "kind: HTML"),
        (b'<?xml version="1.0"?><quiz>', "kind: HTML"),
    ],
)
def test_files_of_other_kinds(app: Kbsearch, tmp_path: Path, head: bytes, words: str) -> None:
    refused(app, written(tmp_path, "q.csv", head + b"\x00" * 100), words)


def test_a_chat_of_telegram_as_a_web_page_is_to_be_exported_again(app: Kbsearch, tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile) as caught:
        taken(app, written(tmp_path, "messages.html", b"<!DOCTYPE html>\n<html><head></head></html>"))
    assert "Telegram again, in the format JSON" in caught.value.remedy


def test_messages_of_another_chat_are_no_telegram_export(app: Kbsearch, tmp_path: Path) -> None:
    message = {"id": "77", "timestamp": "2026-10-01T10:00:00+03:00", "content": "Как сдать работу?"}
    path = written(
        tmp_path, "channel.json", json.dumps({"channel": {"id": "2"}, "messages": [message]}).encode()
    )
    assert app.imports.run(path, ImportOptions()).taken == {"questions_new": 1}
    with pytest.raises(InvalidInput, match="not a Telegram export"):
        app.imports.run(path, ImportOptions(format="telegram"))


def test_a_file_that_is_not_there(app: Kbsearch, tmp_path: Path) -> None:
    refused(app, tmp_path / "nowhere.csv", "cannot be read")


def test_a_folder_given_as_a_file(app: Kbsearch, tmp_path: Path) -> None:
    (tmp_path / "data.csv").mkdir()
    with pytest.raises(InvalidInput, match="is a folder"):
        taken(app, tmp_path / "data.csv", format="csv")


@pytest.mark.parametrize(
    "content", ['{"a": ', '{"text": "как', '["x"', "[" * 200_000, '{"id": ' + "1" * 5000 + "}"]
)
def test_json_that_is_cut_off_or_too_deep(app: Kbsearch, tmp_path: Path, content: str) -> None:
    refused(app, written(tmp_path, "q.json", content), "not whole JSON")


def test_json_of_something_else(app: Kbsearch, tmp_path: Path) -> None:
    refused(app, written(tmp_path, "q.json", '"text"'), "not an array of objects")
    refused(app, written(tmp_path, "t.json", '{"a": 1}'), "not a Telegram export", format="telegram")
    refused(app, written(tmp_path, "o.json", '{"a": 1}'), "not an outline", format="outline")


def test_a_year_that_is_far_ahead_costs_its_row_only(app: Kbsearch, tmp_path: Path) -> None:
    report = taken(app, written(tmp_path, "q.csv", "text,date\nа,2999-10-01\nб,2026-02-01\n"))
    assert "2999-10-01" in reasons(report)["line 2"]
    assert [question.text for question in app.questions.latest()] == ["б"]


def test_invalid_dates_cost_their_rows_only(app: Kbsearch, tmp_path: Path) -> None:
    rows = "text,date\nа,2026-02-30\nб,01.02.2026\nв,0001-01-01\n"
    report = taken(app, written(tmp_path, "q.csv", rows))
    assert "2026-02-30" in reasons(report)["line 2"]
    assert "б" in {question.text for question in app.questions.latest()}

"""Evaluation sets taken in as a knowledge base: cases, questions, and which case answers each question."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kbsearch.errors import UnreadableFile
from kbsearch.importers.json_file import open_json_lines
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingCase, IncomingQuestion, Record


def is_evaluation_set(folder: Path) -> bool:
    """Whether ``folder`` holds a set."""
    return (folder / "questions.jsonl").is_file() or (folder / "cases.jsonl").is_file()


def open_evaluation_set(folder: Path, options: ImportOptions) -> Source:
    """The set in ``folder``: questions get the source "evalset:NAME", cases slugs that begin with NAME.

    Raises:
        UnreadableFile: a file is empty or broken.
    """
    name = folder.resolve().name
    source = options.source or f"evalset:{name}"[:100]
    meter = Meter()
    answers = _answers(folder / "relevant.csv")

    def records() -> Iterator[Record]:
        for record in _records(folder / "cases.jsonl", replace(options, kind="cases"), meter):
            yield _case(record, name)
        wanted = replace(options, kind="questions", source=source)
        for record in _records(folder / "questions.jsonl", wanted, meter):
            yield _question(record, name, answers)

    return Source("evalset", records, meter)


def _records(path: Path, options: ImportOptions, meter: Meter) -> Iterator[Record]:
    if not path.is_file():
        return
    source = open_json_lines(path, options)
    before = meter.done
    for record in source.records():
        meter.done, meter.total = before + source.meter.done, before + source.meter.total
        place = f"{path.name}, {record.place}"
        yield replace(record, place=place)


def _case(record: Record, name: str) -> Record:
    if isinstance(record, IncomingCase):
        state = record.state if record.answer else "draft"
        return replace(record, slug=f"{name}-{record.slug}" if record.slug else "", state=state)
    return record


def _question(record: Record, name: str, answers: dict[str, str]) -> Record:
    if isinstance(record, IncomingQuestion) and record.external_id in answers:
        return replace(record, answered_by=f"{name}-{answers[record.external_id]}")
    return record


def _answers(path: Path) -> dict[str, str]:
    """The first relevant case of each question."""
    if not path.is_file():
        return {}
    found: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.DictReader(file)
        if not {"question_id", "case_id"} <= set(reader.fieldnames or ()):
            raise UnreadableFile(
                "{path} has no columns question_id and case_id.", remedy="Check the set.", path=str(path)
            )
        for row in reader:
            found.setdefault(row["question_id"] or "", row["case_id"] or "")
    return found

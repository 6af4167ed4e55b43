"""Evaluation sets taken in as a knowledge base: cases, questions, and which case answers each question."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from kbsearch.errors import UnreadableFile
from kbsearch.importers.json_file import open_json_lines
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingCase, IncomingQuestion, Record, Skipped

Pair = tuple[int, str, str]
FILES = frozenset(("cases.jsonl", "questions.jsonl", "relevant.csv", "README.md"))
"""What belongs to a set."""


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
    pairs = _pairs(folder / "relevant.csv")
    answers = {question: case for _, question, case in reversed(pairs)}  # the first case of each

    def records() -> Iterator[Record]:
        cases: set[str] = set()
        questions: set[str] = set()
        for record in _records(folder / "cases.jsonl", replace(options, kind="cases"), meter):
            if isinstance(record, IncomingCase):
                cases.add(record.slug)
            yield _case(record, name)
        wanted = replace(options, kind="questions", source=source)
        for record in _records(folder / "questions.jsonl", wanted, meter):
            if isinstance(record, IncomingQuestion):
                questions.add(record.external_id)
            yield _question(record, name, answers)
        yield from _stray(pairs, cases, questions)

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


def _stray(pairs: list[Pair], cases: set[str], questions: set[str]) -> Iterator[Skipped]:
    """Pairs of what the set has not.  Cases without a file of theirs may have been imported before."""
    for line, question, case in pairs:
        if questions and question not in questions:
            yield Skipped(f"relevant.csv, line {line}", "the set has no such question")
        elif cases and case not in cases:
            yield Skipped(f"relevant.csv, line {line}", "the set has no such case")


def _pairs(path: Path) -> list[Pair]:
    """Line, question and case of each pair."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
        reader = csv.DictReader(file)
        if not {"question_id", "case_id"} <= set(reader.fieldnames or ()):
            raise UnreadableFile(
                "{path} has no columns question_id and case_id.", remedy="Check the set.", path=str(path)
            )
        return [(reader.line_num, row["question_id"] or "", row["case_id"] or "") for row in reader]

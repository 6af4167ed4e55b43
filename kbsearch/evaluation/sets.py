"""Reads labelled sets: `cases.jsonl`, `questions.jsonl` and `relevant.csv`, or the sample school."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from kbsearch.errors import UnreadableFile
from kbsearch.importers.sample_school import read_truth

TEXT = "text"
SET = "An evaluation set is a folder with questions.jsonl and, for matching, cases.jsonl and relevant.csv."
ROWS = "Each line is a JSON object with at least id and text (questions) or id and title (cases)."
PAIRS = "The first line is question_id,case_id; each other one is a pair of their ids."
NOTHING = frozenset({"", "nan", "none", "null"})
"""What stands in a column that has no value, as programs write it."""


@dataclass(frozen=True, slots=True)
class LabelledCase:
    """A case of a matching set."""

    id: str
    title: str
    variants: tuple[str, ...]
    answer: str
    course: str
    tags: tuple[str, ...]
    lessons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LabelledQuestion:
    """A question; ``label`` is its true cluster where the set tells it, "" elsewhere.

    ``asks``: False for small talk, None where the set does not tell.
    """

    id: str
    text: str
    course: str = ""
    label: str = ""
    lesson: str = ""
    asks: bool | None = None


@dataclass(frozen=True, slots=True)
class MatchingSet:
    """Cases, questions, and the case ids that answer each question id (none: nothing answers it)."""

    name: str
    cases: tuple[LabelledCase, ...]
    questions: tuple[LabelledQuestion, ...]
    relevant: dict[str, frozenset[str]]


def read_matching_set(folder: Path, asked: str = TEXT) -> MatchingSet:
    """The matching set in ``folder``.

    ``asked``: the column that holds what is asked; questions that have nothing there are left out.  A folder
    with labelled questions and no cases gives `by_label`.

    Raises:
        UnreadableFile: a file is missing, a line is broken, or nothing can be measured: there are no cases,
            no questions, or no question has a right case; the message names the place.
    """
    labelled = _read(folder, asked)
    _require_pairs(labelled, folder, asked)
    return labelled


def oddities(labelled: MatchingSet, asked: str = TEXT) -> tuple[str, ...]:
    """What is odd in ``labelled`` and moves its figures: ids that stand twice, and pairs of unknown ids."""
    cases, questions = ([one.id for one in part] for part in (labelled.cases, labelled.questions))
    named = {case for ids in labelled.relevant.values() for case in ids}
    counted = (
        ("case ids that stand more than once: the last case of an id counts", len(cases) - len(set(cases))),
        ("question ids that stand more than once: each is asked", len(questions) - len(set(questions))),
        ("cases named by pairs that the set has not", len(named - set(cases))),
        (
            "questions named by pairs that the set has not",
            len(labelled.relevant.keys() - set(questions)) if asked == TEXT else 0,
        ),
    )
    return tuple(f"{words}: {count}" for words, count in counted if count)


def _read(folder: Path, asked: str) -> MatchingSet:
    if (folder / "truth.csv").is_file():
        return _sample_school(folder)
    if not (folder / "cases.jsonl").exists() and (folder / "questions.jsonl").exists():
        return by_label(folder.name, read_questions(folder), read_questions(folder, asked))
    cases = tuple(
        LabelledCase(
            id=str(row["id"]),
            title=str(row["title"]),
            variants=_texts(row.get("variants")),
            answer=str(row.get("answer") or ""),
            course=str(row.get("course") or ""),
            tags=_texts(row.get("tags")),
            lessons=_texts(row.get("lessons")),
        )
        for row in _rows(folder / "cases.jsonl", ("id", "title"))
    )
    relevant: defaultdict[str, set[str]] = defaultdict(set)
    for question_id, case_id in _pairs(folder / "relevant.csv"):
        relevant[question_id].add(case_id)
    questions = read_questions(folder, asked)
    return MatchingSet(folder.name, cases, questions, {key: frozenset(ids) for key, ids in relevant.items()})


def _require_pairs(labelled: MatchingSet, folder: Path, asked: str) -> None:
    """A set without a single question that has a right case would give figures of nothing."""
    known = {case.id for case in labelled.cases}
    if not known:
        reason = "there are no cases"
    elif not labelled.questions:
        reason = "there are no questions" if asked == TEXT else f"no question has a column {asked}"
    elif any(labelled.relevant.get(question.id, frozenset()) & known for question in labelled.questions):
        return
    else:
        reason = "no question has a right case: the ids of relevant.csv are not those of questions and cases"
    raise UnreadableFile(
        "The set {path} cannot be measured: {reason}.", remedy=SET, path=str(folder), reason=reason
    )


def by_label(
    name: str, written: Sequence[LabelledQuestion], asked: Sequence[LabelledQuestion]
) -> MatchingSet:
    """A set in which each label is a case, worded by every other of its questions as they are ``written``.

    The first one is its title, further ones its variants; what is left is asked, as it stands in ``asked``,
    in another language, say.  Questions that lack either are left out.
    """
    said = {question.id: question for question in asked}
    of_label: defaultdict[str, list[LabelledQuestion]] = defaultdict(list)
    for question in written:
        if question.label and question.id in said:
            of_label[question.label].append(question)
    cases = tuple(
        LabelledCase(label, some[0].text, tuple(one.text for one in some[2::2]), "", "", ())
        for label, some in of_label.items()
    )
    questions = tuple(said[one.id] for some in of_label.values() for one in some[1::2])
    return MatchingSet(name, cases, questions, {one.id: frozenset([one.label]) for one in questions})


def read_questions(folder: Path, asked: str = TEXT) -> tuple[LabelledQuestion, ...]:
    """The questions of the set in ``folder``, with labels where it has them.

    ``asked``: the column that holds what is asked; questions without it are left out.

    Raises:
        UnreadableFile: as `read_matching_set`.
    """
    return tuple(
        LabelledQuestion(
            id=str(row["id"]),
            text=str(row[asked]),
            course=str(row.get("course") or ""),
            label=str(row.get("label") or ""),
            lesson=str(row.get("lesson") or ""),
        )
        for row in _rows(folder / "questions.jsonl", ("id", TEXT))
        if asked == TEXT or str(row.get(asked) or "").lower() not in NOTHING
    )


def _sample_school(folder: Path) -> MatchingSet:
    """The sample school as a set: cases in Markdown, and `truth.csv` in the place of `relevant.csv`."""
    truth = read_truth(folder)
    questions = tuple(
        replace(question, label=truth[question.id].topic, asks=truth[question.id].is_question)
        for question in read_questions(folder)
        if question.id in truth
    )
    relevant = {one.question_id: frozenset([one.case_slug]) for one in truth.values() if one.case_slug}
    cases = tuple(_markdown_case(path) for path in sorted((folder / "cases").glob("*.md")))
    return MatchingSet(folder.name, cases, questions, relevant)


def _markdown_case(path: Path) -> LabelledCase:
    import frontmatter

    with _opened(path) as file:
        page = frontmatter.load(file)
    head: dict[str, Any] = page.metadata
    return LabelledCase(
        id=str(head["id"]),
        title=str(head["title"]),
        variants=tuple(head.get("variants") or ()),
        answer=page.content,
        course=str(head.get("course") or ""),
        tags=tuple(head.get("tags") or ()),
        lessons=tuple(head.get("lessons") or ()),
    )


def _texts(value: Any) -> tuple[str, ...]:
    """A list of texts, or one text that stands for itself."""
    if value is None or value == "":
        return ()
    return tuple(map(str, value)) if isinstance(value, list) else (str(value),)


def _pairs(path: Path) -> Iterator[tuple[str, str]]:
    for number, pair in _numbered(path, csv.DictReader, 2):
        if not pair.get("question_id") or not pair.get("case_id"):
            raise _broken(path, number, "no question_id or no case_id", PAIRS)
        yield pair["question_id"], pair["case_id"]


def _numbered(path: Path, rows: Callable[[Any], Iterable[Any]], first: int) -> Iterator[tuple[int, Any]]:
    """The ``rows`` of a file with their numbers, counted from ``first``."""
    number = first - 1
    with _opened(path) as file:
        try:
            for number, row in enumerate(rows(file), first):
                yield number, row
        except (UnicodeDecodeError, csv.Error) as error:
            raise _broken(path, number + 1, "not text in UTF-8", "Save the file in UTF-8.") from error


def _opened(path: Path) -> Any:
    try:
        return path.open(encoding="utf-8-sig", newline="")
    except OSError as error:
        raise UnreadableFile(
            "{path} cannot be read: {reason}.",
            remedy=SET,
            path=str(path),
            reason=error.strerror or str(error),
        ) from error


def _rows(path: Path, needed: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for number, line in _numbered(path, iter, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as error:
            raise _broken(path, number, "not JSON") from error
        if not isinstance(row, dict):
            raise _broken(path, number, "not a JSON object")
        if missing := [name for name in needed if row.get(name) is None]:
            raise _broken(path, number, f"no {', '.join(missing)}")
        yield row


def _broken(path: Path, number: int, reason: str, remedy: str = ROWS) -> UnreadableFile:
    return UnreadableFile(
        "{path}, line {line}: {reason}.",
        remedy=remedy,
        path=str(path),
        line=number,
        reason=reason,
    )

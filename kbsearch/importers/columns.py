"""Columns of a table and the fields they hold, found by their headers in Russian and English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kbsearch.errors import InvalidInput
from kbsearch.importers.options import Kind

_HEADERS = """
text: text, question, вопрос, текст вопроса, текст, сообщение, message, question text, body, текст сообщения
text: содержание, вопрос студента, вопрос ученика, content, utterance, query
title: title, заголовок, название, subject, тема, name
answer: answer, ответ, reply, ответ наставника, ответ куратора, ответ ментора, решение, response, текст ответа
answer: solution, answer text, mentor answer, mentor reply
author: author, автор, студент, student, user, пользователь, имя, ученик, from, кто, фио, username
author: userfullname, user id, userid, author id, student id, от кого, логин, email, student name, who
answer_author: mentor, наставник, куратор, ментор, автор ответа, answered by, кто ответил
course: course, курс, course id, course code, программа, поток, код курса
lesson: lesson, урок, lesson id, lesson code, занятие, модуль, module, код урока
asked_at: asked at, date, дата, created at, created, дата вопроса, time, время, timestamp, дата и время
asked_at: datetime, когда, дата создания, asked, sent at, дата сообщения, when, date asked, asked on
asked_at: date and time, date created, created on, submitted at, received at
id: id, external id, №, номер, ид, question id, message id, номер вопроса, ticket id, ticket no
id: ticket №, ticket number, ticket, номер обращения, номер заявки
language: language, lang, язык
variants: variants, варианты, формулировки, phrasings, aliases, вопросы, questions
lessons: lessons, уроки
tags: tags, теги, метки, ключевые слова, keywords
slug: slug
state: state, status, состояние, статус
replies: replies, answers, ответы
students: students, enrolment, enrollment, active students, студентов, учеников, число студентов, зачислено
students: количество студентов, активных студентов, студенты
week: week, неделя, week start, начало недели
"""


def _fields() -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for line in _HEADERS.strip().splitlines():
        field, headers = line.split(": ")
        found[field] = (*found.get(field, ()), *headers.split(", "))
    return found


FIELDS = _fields()
"""Each field and the headers it is known by, likeliest first, lower-cased with spaces."""

_APART = re.compile(r"[\s_\-.:]+")


def map_columns(columns: Sequence[str], told: Mapping[str, str]) -> dict[str, str]:
    """Which column holds each field: as ``told`` (by name or number from 1), the others by their headers.

    A field that is told as "" has none, whatever the headers say.

    Raises:
        InvalidInput: ``told`` names an unknown field or a column that is not there.
    """
    mapping = {field: _column(columns, field, name) for field, name in told.items() if name}
    by_header = {_normal(column): column for column in reversed(columns) if column}
    for field, headers in FIELDS.items():
        taken = set(mapping.values())
        found = (by_header[header] for header in headers if header in by_header)
        column = next((column for column in found if column not in taken), None)
        if field not in told and column is not None:
            mapping[field] = column
    return mapping


def kind_of(mapping: Mapping[str, str], kind: Kind, columns: Sequence[str]) -> Kind:
    """Whether the rows of a table with ``columns`` are questions, cases or enrolments.

    Cases have a title and an answer, or only variants besides; enrolments have students and no text.

    Raises:
        InvalidInput: a column that is needed is not known.
    """
    if kind == "auto":
        cases = (
            "title" in mapping and "answer" in mapping and ("text" not in mapping or "variants" in mapping)
        )
        enrolments = "students" in mapping and not {"text", "title", "answer"} & mapping.keys()
        kind = "cases" if cases else "enrolments" if enrolments else "questions"
    if kind == "questions" and "text" not in mapping:
        raise _missing("text", "questions", columns)
    if kind == "cases" and not {"title", "text"} & mapping.keys():
        raise _missing("title", "cases", columns)
    if kind == "enrolments":
        _check_enrolments(mapping, columns)
    return kind


def _check_enrolments(mapping: Mapping[str, str], columns: Sequence[str]) -> None:
    if "students" not in mapping:
        raise _missing("students", "enrolments", columns)
    if not {"week", "asked_at"} & mapping.keys():
        raise _missing("week", "enrolments", columns)


def _missing(field: str, kind: str, columns: Sequence[str]) -> InvalidInput:
    return InvalidInput(
        "No column is known to hold the {field} of {kind}.",
        remedy="Say which of these it is (in a command: --map {field}=COLUMN): {columns}.",
        field=field,
        kind=kind,
        columns=", ".join(column for column in columns[:30] if column),
    )


def _column(columns: Sequence[str], field: str, name: str) -> str:
    if field not in FIELDS:
        raise InvalidInput(
            "There is no field '{field}' to map a column to.",
            remedy="Use one of: {known}.",
            field=field[:50],
            known=", ".join(FIELDS),
        )
    if name in columns:
        return name
    if name.isdecimal() and 1 <= int(name) <= len(columns):
        return columns[int(name) - 1]
    same = [column for column in columns if _normal(column) == _normal(name)]
    if same:
        return same[0]
    raise InvalidInput(
        "There is no column '{name}' for the field {field}.",
        remedy="The columns are: {columns}.",
        name=name[:100],
        field=field,
        columns=", ".join(columns[:30]),
    )


def recognised(cells: Iterable[str], told: Mapping[str, str] | None = None) -> int:
    """How many of ``cells`` are headers of known fields, or columns that a person ``told`` by name."""
    known = {header for headers in FIELDS.values() for header in headers}
    known |= {_normal(name) for name in (told or {}).values() if name and not name.isdecimal()}
    return sum(_normal(cell) in known for cell in cells)


def numbered_columns(count: int) -> tuple[str, ...]:
    """Names of ``count`` columns without a header."""
    return unique_columns([""] * count)


def unique_columns(cells: Sequence[str]) -> tuple[str, ...]:
    """Headers as names of columns: blank ones are numbered, repeated ones get their number."""
    names: list[str] = []
    for number, cell in enumerate(cells, 1):
        name = cell.strip().lstrip("\ufeff") or f"column {number}"
        names.append(f"{name} ({number})" if name in names else name)
    return tuple(names)


def _normal(header: str) -> str:
    return _APART.sub(" ", header.strip().lower().replace("ё", "е")).strip()

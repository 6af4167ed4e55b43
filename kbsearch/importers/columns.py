"""Columns of a table and the fields they hold, found by their headers in Russian and English."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

from kbsearch.errors import InvalidInput
from kbsearch.importers.options import Kind

_HEADERS = """
text: text, question, вопрос, текст вопроса, текст, сообщение, message, question text, body, текст сообщения
text: содержание, вопрос студента, вопрос ученика, content, utterance, query
text: текст обращения, текст заявки, вопрос пользователя, вопрос клиента, первое сообщение, first message
text: message text, message body, question body, ticket description, issue description, problem description
text: описание обращения, описание заявки, описание проблемы
title: title, заголовок, название, subject, тема, name
title: тема обращения, тема заявки, тема письма, тема вопроса, ticket subject, topic title, question title
title: тема сообщения, заголовок вопроса, message subject, issue summary, краткое описание, summary
answer: answer, ответ, reply, ответ наставника, ответ куратора, ответ ментора, решение, response, текст ответа
answer: solution, answer text, mentor answer, mentor reply
answer: ответ оператора, ответ поддержки, ответ преподавателя, ответ эксперта, ответ тьютора
answer: ответ специалиста, reply text, response text, agent reply, teacher answer, tutor answer
answer: лучший ответ, best answer
author: author, автор, студент, student, user, пользователь, имя, ученик, from, кто, фио, username
author: userfullname, user id, userid, author id, student id, от кого, логин, email, student name, who
author: requester, requester name, reporter, customer, customer name, заявитель, клиент, имя клиента
author: отправитель, слушатель, обучающийся, имя студента, имя ученика, sender, asked by, posted by, sent by
author: full name, полное имя, learner, participant, участник, id пользователя, id ученика, id студента
author: requester id, requester email, customer email, email address, электронная почта, почта, e mail
author: адрес электронной почты
answer_author: mentor, наставник, куратор, ментор, автор ответа, answered by, кто ответил
answer_author: replied by, reply author, ответил, отвечающий
course: course, курс, course id, course code, программа, поток, код курса
course: course name, course title, название курса, тренинг, название тренинга
lesson: lesson, урок, lesson id, lesson code, занятие, модуль, module, код урока
lesson: lesson name, lesson title, название урока, название занятия, module name, название модуля
asked_at: asked at, date, дата, created at, created, дата вопроса, time, время, timestamp, дата и время
asked_at: datetime, когда, дата создания, asked, sent at, дата сообщения, when, date asked, asked on
asked_at: date and time, date created, created on, submitted at, received at
asked_at: opened, opened at, opened on, date opened, created time, created date, creation date, creation time
asked_at: timecreated, time created, date sent, date submitted, submitted on, posted at, posted on
asked_at: date posted, отметка времени, создан, создана, создано, время создания, дата открытия
asked_at: дата обращения, дата заявки, дата отправки, дата поступления, время вопроса, время сообщения
asked_at: время обращения, date/time, дата/время
asked_at: requested, requested at, completion time, время завершения, start time, время начала
id: id, external id, №, номер, ид, question id, message id, номер вопроса, ticket id, ticket no
id: ticket №, ticket number, ticket, номер обращения, номер заявки
id: issue key, issue id, request id, номер запроса, номер тикета, id обращения, id заявки, id запроса
id: id тикета, id вопроса, id сообщения, case number, post id, номер сообщения
language: language, lang, язык
variants: variants, варианты, формулировки, phrasings, aliases, вопросы, questions
lessons: lessons, уроки
tags: tags, теги, метки, ключевые слова, keywords, labels, тэги
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

_DESCRIPTION = ("description", "описание", "preview")
"""What a ticket says; of anything else it may be a note about it."""
_OF_TICKETS = {
    "requester", "requester name", "requester id", "submitter id", "customer name", "customer email",
    "reporter", "issue key", "issue id", "ticket id", "ticket number",
    "ticket no", "ticket №", "заявитель", "номер обращения", "номер заявки", "номер запроса", "номер тикета",
    "id обращения", "id заявки", "id запроса", "id тикета",
}  # fmt: skip
"""Headers that only tables of tickets have."""

_HEADINGS = {
    "title", "заголовок", "заголовок вопроса", "question title", "topic title", "ticket subject",
    "issue summary", "message subject", "тема обращения", "тема заявки", "тема письма", "тема вопроса",
    "тема сообщения", "краткое описание",
}  # fmt: skip
"""What stands above the text of a question, whatever the table."""
_SUBJECTS = {"subject", "тема", "summary"}
"""What does in a table of tickets, or beside the body of a message; elsewhere it is one that is taught, or a
note."""
_BODIES = {
    "description", "описание", "body", "message", "message body", "сообщение", "текст сообщения", "content",
    "содержание", "текст обращения", "текст заявки", "ticket description", "issue description",
    "описание обращения", "описание заявки", "описание проблемы", "первое сообщение", "first message",
}  # fmt: skip

_ASKED_FOR = re.compile(
    r"\b(?:ваши?|свой|опишите|напишите|задайте|какой|your|describe|ask|enter|write)\b.*"
    r"\b(?:вопрос\w*|проблем\w*|questions?|problems?)\b"
)
"""What forms call the field of the question ("Опишите ваш вопрос", "What is your question?")."""

_APART = re.compile(r"[\s_\-.:]+|(?<=[a-z])(?=[A-Z])")
"""What stands between the words of a header: ``createdAt`` has two."""


def map_columns(columns: Sequence[str], told: Mapping[str, str], kind: Kind = "auto") -> dict[str, str]:
    """Which column holds each field: as ``told`` (by name or number from 1), the others by their headers.

    A field that is told as "" has none, whatever the headers say.  Of questions the title is a subject that
    stands above the text; ``kind``: what the rows are.

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
    described = next((by_header[name] for name in _DESCRIPTION if name in by_header), "")
    if described and "text" not in mapping.keys() | told.keys() and by_header.keys() & _OF_TICKETS:
        mapping["text"] = described
    asked = [by_header[name] for name in by_header if _ASKED_FOR.search(name)]
    free = [column for column in asked if column not in mapping.values()]
    if len(free) == 1 and not {"text", "title", "answer"} & (mapping.keys() - {"title"} | told.keys()):
        mapping["text"] = free[0]
    if "title" in mapping and "title" not in told and not _are_cases(mapping, kind):
        _take_subject(mapping, by_header, told)
    return mapping


def _take_subject(mapping: dict[str, str], by_header: Mapping[str, str], told: Mapping[str, str]) -> None:
    """Have the title of questions be their subject, or none: a name is somebody's, "Math" is taught."""
    given = mapping.pop("title")
    if _normal(given) == "name" and not {"author"} & (mapping.keys() | told.keys()):
        mapping["author"] = given
    if "text" not in mapping:
        return
    of_messages = by_header.keys() & _OF_TICKETS or _normal(mapping["text"]) in _BODIES
    wanted = [header for header in FIELDS["title"] if header in _HEADINGS]
    wanted += [header for header in FIELDS["title"] if of_messages and header in _SUBJECTS]
    free = [by_header[header] for header in wanted if header in by_header]
    subject = next((column for column in free if column not in mapping.values()), None)
    if subject is not None:
        mapping["title"] = subject


def _are_cases(mapping: Mapping[str, str], kind: Kind) -> bool:
    if kind != "auto":
        return kind != "questions"
    return "title" in mapping and ("text" not in mapping or {"answer", "variants"} <= mapping.keys())


def kind_of(mapping: Mapping[str, str], kind: Kind, columns: Sequence[str]) -> Kind:
    """Whether the rows of a table with ``columns`` are questions, cases or enrolments.

    Cases have a title and an answer, or only variants besides; enrolments have students and no text.

    Raises:
        InvalidInput: a column that is needed is not known.
    """
    if kind == "auto":
        cases = "answer" in mapping and _are_cases(mapping, kind)
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
    return _APART.sub(" ", header.strip()).lower().replace("ё", "е").strip()

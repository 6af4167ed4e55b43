"""How imports and their files read in the language of the page."""

from __future__ import annotations

import re
from collections.abc import Mapping

from kbsearch.models import Import
from web.ui.texts import gettext, ngettext

_PLACE = re.compile(r"(line|row|message|entry|course|topic|post) (\d+)")
_UPLOADED = re.compile(r"upload(?:\.\w+)?")
_PLACES = re.compile(r"lines (\d+)–(\d+)")


def place(text: str) -> str:
    """Where a record stands in its file: "line 7", "lines 7–9", "message 1234"; others stay as they are."""
    if text == "the rest":
        return gettext("the rest of the file")
    if several := _PLACES.fullmatch(text):
        return gettext("lines %(first)s–%(last)s", first=several[1], last=several[2])
    within, apart, rest = text.rpartition(", ")
    if apart and _PLACE.fullmatch(rest):
        return f"{within}, {place(rest)}"
    found = _PLACE.fullmatch(text)
    if found is None:
        # The name by which an uploaded file is kept means nothing to who sent it.
        return gettext("the file") if _UPLOADED.fullmatch(text) else text
    number = found[2]
    return {
        "line": gettext("line %(number)s", number=number),
        "row": gettext("row %(number)s", number=number),
        "message": gettext("message %(number)s", number=number),
        "entry": gettext("entry %(number)s", number=number),
        "course": gettext("course %(number)s", number=number),
        "topic": gettext("topic %(number)s", number=number),
        "post": gettext("post %(number)s", number=number),
    }[found[1]]


def header(place_of_it: str) -> str:
    """Which row holds the names of the columns."""
    if not place_of_it:
        return gettext("Headers: none, the first row is data")
    return gettext("Headers: %(place)s", place=place(place_of_it))


def source(name: str) -> str:
    """Where a question came from: the name that an import or a program gave, or the form of the page."""
    return gettext("typed in") if name == "form" else name


def taken(name: str) -> str:
    """What an import counted."""
    names = {
        "questions_new": gettext("new questions"),
        "questions_known": gettext("known questions"),
        "questions": gettext("questions"),
        "cases_new": gettext("new cases"),
        "cases_changed": gettext("changed cases"),
        "cases_same": gettext("unchanged cases"),
        "cases": gettext("cases"),
        "courses": gettext("courses"),
        "enrolments": gettext("weeks of enrolment"),
        "replies": gettext("replies"),
        "skipped": gettext("skipped"),
    }
    return names.get(name, name)


def file(record: Import) -> str:
    """What was imported: the name of the file, else the number of the import."""
    return record.name or gettext("Import %(number)s", number=record.id)


def brought(counts: Mapping[str, int]) -> str:
    """What was new in an import."""
    parts = [
        ngettext("%(num)d question", "%(num)d questions", counts.get("questions_new", 0)),
        ngettext("%(num)d case", "%(num)d cases", counts.get("cases_new", 0)),
        ngettext("%(num)d changed case", "%(num)d changed cases", counts.get("cases_changed", 0)),
        ngettext("%(num)d course", "%(num)d courses", counts.get("courses", 0)),
        ngettext("%(num)d week of enrolment", "%(num)d weeks of enrolment", counts.get("enrolments", 0)),
    ]
    names = ("questions_new", "cases_new", "cases_changed", "courses", "enrolments")
    told = [part for name, part in zip(names, parts, strict=True) if counts.get(name)]
    return ", ".join(told) or gettext("nothing new")


def state(name: str) -> str:
    """Where an import stands."""
    names = {
        "running": gettext("at work"),
        "done": gettext("done"),
        "failed": gettext("broken off"),
        "undone": gettext("undone"),
    }
    return names.get(name, name)


def work(name: str) -> str:
    """What people did with questions, for which these stay when their import is undone."""
    names = {
        "answered": gettext("answered, dismissed or opened again"),
        "judged": gettext("judged"),
        "linked": gettext("linked as repeats, or parted"),
        "phrasing": gettext("phrasings of cases"),
        "clustered": gettext("put into their cluster by people"),
    }
    return names.get(name, name)


def kept(reason: str, import_id: int | str | None) -> str:
    """Why a course or its enrolments stay as they are when an import that told them is undone."""
    names = {
        "later": gettext("told anew since by import %(number)s", number=import_id),
        "changed": gettext("changed since"),
        "lesson": gettext("a lesson of before belongs to another course now"),
    }
    return names.get(reason, reason)


def kept_weeks(import_id: int | str, count: int) -> str:
    """Weeks of enrolment that stay as they are; ``import_id``: 0 when no import changed them."""
    weeks = ngettext("%(num)d week of enrolment", "%(num)d weeks of enrolment", count)
    return f"{weeks}: {kept('later' if int(import_id) else 'changed', import_id)}"


def unknown(kind: str, name: str) -> str:
    """A course or lesson that no outline has, or a lesson elsewhere."""
    if kind == "course":
        return gettext("course “%(name)s”", name=name)
    return gettext("lesson “%(name)s”", name=name)


def shared_ids(count: int) -> str:
    """Rows that have the id of an earlier row and say something else."""
    return ngettext(
        "%(num)d row has the id of an earlier row and another text: only the first of an id is taken.",
        "%(num)d rows have the id of an earlier row and another text: only the first of an id is taken.",
        count,
    )


def masked(kind: str) -> str:
    """A kind of personal data."""
    names = {
        "email": gettext("e-mails"),
        "phone": gettext("phones"),
        "name": gettext("names"),
        "link": gettext("links"),
        "card": gettext("cards"),
        "document": gettext("documents"),
        "secret": gettext("secrets"),
    }
    return names.get(kind, kind)


def file_format(name: str) -> str:
    """A kind of file."""
    names = {
        "auto": gettext("found by itself"),
        "csv": "CSV",
        "xlsx": "XLSX",
        "jsonl": "JSONL",
        "telegram": gettext("Telegram export"),
        "slack": gettext("Slack export"),
        "whatsapp": gettext("WhatsApp chat"),
        "discourse": gettext("Discourse topics"),
        "stackexchange": gettext("Stack Exchange dump"),
        "glossary": gettext("Moodle glossary"),
        "markdown": gettext("Markdown cases"),
        "evalset": gettext("evaluation set"),
        "json": "JSON",
        "stepik": "Stepik",
        "edx": "Open edX",
        "canvas": "Canvas",
        "discord": "Discord",
        "vk": gettext("VK messages"),
        "intercom": "Intercom",
        "outline": gettext("course outline"),
    }
    return names.get(name, name)


def column(name: str) -> str:
    """A field that a column can hold."""
    names = {
        "text": gettext("Question"),
        "title": gettext("Title of a case, subject of a question"),
        "answer": gettext("Answer"),
        "variants": gettext("Phrasings"),
        "author": gettext("Author"),
        "answer_author": gettext("Who answered"),
        "course": gettext("Course"),
        "lesson": gettext("Lesson"),
        "tags": gettext("Tags"),
        "asked_at": gettext("Date"),
        "id": gettext("Number in the source"),
        "state": gettext("State"),
        "language": gettext("Language"),
        "week": gettext("Week"),
        "students": gettext("Students"),
    }
    return names.get(name, name)

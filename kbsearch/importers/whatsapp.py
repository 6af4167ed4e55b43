"""Chats that WhatsApp exports as text: messages become questions with the replies they got.

A line begins a message as the telephone writes dates (``02.03.2026, 18:20 - Name: text`` on Android,
``[3/2/26, 6:20:11 PM] Name: text`` on iPhones); all others continue it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kbsearch.errors import InvalidInput
from kbsearch.importers.chat_threads import Bursts, Folder, Thread
from kbsearch.importers.dates import month_first, read_date
from kbsearch.importers.options import ImportOptions, Meter, Source, source_name
from kbsearch.importers.records import IncomingQuestion, Record, Skipped
from kbsearch.importers.telegram_messages import Message
from kbsearch.importers.text_lines import check_encoding, read_lines, tell_encoding

_BEGINS = re.compile(
    r"[\u200e\u200f]*\[?(?P<day>\d{1,4}[./-]\d{1,2}[./-]\d{2,4}),?\s"
    r"(?P<time>\d{1,2}:\d\d(?::\d\d)?(?:\s?[AaPp]\.?\s?[Mm]\.?)?)"
    r"(?:\]\s|\s[-–]\s)(?P<rest>.*)",
    re.DOTALL,
)
_SPOKEN = re.compile(r"(?P<name>[^:\n]{1,80}):\s(?P<text>.*)", re.DOTALL)
_OF_A_HALF_DAY = re.compile(r"\d{1,2}/\d{1,2}/\d\d, \d{1,2}:\d\d(?::\d\d)?\s[AP]M")
"""How telephones of the United States write moments, where no day of the chat tells."""
_MENTION = re.compile("@(?:\u2068[^\u2069\n]*\u2069|\\+?\\d{8,15})")
_EDITED = re.compile(r"[\u200e\s]*<(?:This message was edited|Сообщение изменено)>\s*$", re.IGNORECASE)
_MEDIA = re.compile(
    r"\u200e?(?:<(?:Media omitted|Без медиафайлов|Медиафайл опущен|Файл пропущен)>"
    r"|<(?:attached|прикреплено|вложение): [^>\n]*>"
    r"|[\w .()-]+\.\w{2,5} \((?:file attached|файл добавлен)\))",
    re.IGNORECASE,
)
_DELETED = re.compile(
    r"[\u200e\s]*(?:this message was deleted|you deleted this message|(?:данное|это) сообщение удалено"
    r"|вы удалили (?:данное|это) сообщение|null)\.?\s*",
    re.IGNORECASE,
)
_MARK = "\u200e"
"""Stands before what iPhones write by themselves."""
_LOOKED_AT = 5
"""Lines that are not blank, one of which begins the first message."""


@dataclass(slots=True)
class _Raw:
    """A message as it is written, with the number of its first line."""

    number: int
    day: str
    time: str
    rest: str


def is_whatsapp(lines: Iterable[str]) -> bool:
    """Whether ``lines``, the first of a file that are not blank, are those of a chat of WhatsApp."""
    return any(_BEGINS.match(line) for line in islice(lines, _LOOKED_AT))


def open_whatsapp(path: Path, options: ImportOptions) -> Source:
    """The chat in the text file at ``path``.

    Raises:
        UnreadableFile: it is empty or no text.
    """
    encoding = tell_encoding(path) if options.encoding == "auto" else check_encoding(options.encoding)
    meter = Meter()
    swapped = _month_first(path, encoding)

    def records() -> Iterator[Record]:
        folder, bursts = Folder(options.mentors), Bursts()
        for item in _raws(path, encoding, meter):
            message = item if isinstance(item, Skipped) else _message(item, swapped)
            if isinstance(message, Skipped):
                yield message
            else:
                bursts.add(message)
        yield from folder.add_all(bursts.all)
        for thread in folder.threads:
            yield _question(thread, source_name(path, options), folder, options)

    return Source("whatsapp", records, meter, encoding, month_first=swapped)


def _month_first(path: Path, encoding: str) -> bool:
    """Whether the month comes first: as a day tells, else as telephones do that write 6:20 PM."""
    raws = [raw for raw in _raws(path, encoding, Meter()) if isinstance(raw, _Raw)]
    if month_first(raw.day for raw in raws):
        return True
    certain = any(int(raw.day.partition("/")[0]) > 12 for raw in raws if "/" in raw.day[:3])  # noqa: PLR2004
    return not certain and all(_OF_A_HALF_DAY.fullmatch(f"{raw.day}, {_plain(raw.time)}") for raw in raws)


def _raws(path: Path, encoding: str, meter: Meter) -> Iterator[_Raw | Skipped]:
    """Messages of the file in their order; lines that cannot be read, and those before the first message."""
    raw: _Raw | None = None
    for line in read_lines(path, encoding, meter):
        if line.flaw is not None:
            yield line.flaw.at(f"line {line.number}")
        elif begun := _BEGINS.match(line.text.lstrip("\ufeff")):
            if raw is not None:
                yield raw
            raw = _Raw(line.number, begun["day"], begun["time"], begun["rest"])
        elif raw is not None:
            raw.rest += line.text
        elif line.text.strip("\ufeff \t\r\n"):
            yield Skipped(f"line {line.number}", "it belongs to no message")
    if raw is not None:
        yield raw


def _message(raw: _Raw, swapped: bool) -> Message | Skipped:
    place = f"line {raw.number}"
    spoken = _SPOKEN.fullmatch(raw.rest)
    if spoken is None:
        return Skipped(place, "a service message", harmless=True)
    said = spoken["text"]
    if _DELETED.fullmatch(said):
        return Skipped(place, "a deleted post", harmless=True)
    text = _MENTION.sub("[name]", _MEDIA.sub("", _EDITED.sub("", said))).strip()
    if not text or text.startswith(_MARK):
        return Skipped(place, "a message without text (picture, sticker, file)", harmless=True)
    try:
        sent_at = read_date(f"{raw.day} {_plain(raw.time)}", month_first=swapped)
    except InvalidInput as error:
        return Skipped.because(place, error)
    if sent_at is None:
        return Skipped(place, "the message has no date")
    name = spoken["name"].strip("\u200e\u200f\u202a\u202c\u2068\u2069~ \u202f\xa0")
    return Message(raw.number, name, name, text.replace(_MARK, ""), sent_at, 0, 0, place)


def _plain(time: str) -> str:
    return re.sub(r"[\u202f\xa0 ]+", " ", time)


def _question(thread: Thread, source: str, folder: Folder, options: ImportOptions) -> IncomingQuestion:
    asked = thread.question
    return IncomingQuestion(
        text=asked.text,
        source=source,
        author=asked.author,
        course=options.course,
        asked_at=asked.first.sent_at,
        replies=folder.replies_to(thread),
        place=asked.place,
    )

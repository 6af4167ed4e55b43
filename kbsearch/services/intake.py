"""What happens to a question between its source and its row: cleaned, checked, masked, fingerprinted."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from kbsearch.config import Settings
from kbsearch.errors import InvalidInput, TooLarge
from kbsearch.importers.records import IncomingQuestion, IncomingReply
from kbsearch.models import utc_now
from kbsearch.privacy.masking import mask
from kbsearch.privacy.pseudonyms import author_key
from kbsearch.text.language import detect_language
from kbsearch.text.wording import plain_wording

LONGEST_CODE = 100
LONGEST_EXTERNAL_ID = 200

EARLIEST = date(2000, 1, 1)
"""No school's questions, courses and weeks go further back: an older day is a slip, or stands for none."""
AHEAD = timedelta(days=366)
"""A question asked later than this from now has a slip in its year; a swapped day is let through."""

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufeff\ufffe\uffff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_LINE_END = re.compile("\r\n?|\u2028|\u2029")


@dataclass(frozen=True, slots=True)
class PreparedReply:
    """A reply ready to be stored."""

    text: str
    author_key: str
    by_mentor: bool
    accepted: bool
    replied_at: datetime | None


@dataclass(frozen=True, slots=True)
class PreparedQuestion:
    """A question ready to be stored: nothing in it tells who asked.

    ``masked`` counts what was masked by kind.  ``case_id`` is the case that is known to answer it.
    ``former_id``, ``former_key``: the id and the key that it had when subjects were left out, "" for none.
    """

    source: str
    external_id: str
    text: str
    text_key: str
    author_key: str
    course: str
    lesson: str
    language: str
    asked_at: datetime
    replies: tuple[PreparedReply, ...]
    masked: Counter[str]
    case_id: int | None = None
    former_id: str = ""
    former_key: str = ""

    @property
    def answered(self) -> bool:
        """Whether a case, a mentor or a reply that the asker accepted has answered it."""
        return self.case_id is not None or any(reply.by_mentor or reply.accepted for reply in self.replies)


def clean(text: str) -> str:
    """``text`` in NFC, with plain line ends and without control characters, half characters and margins."""
    if not text:
        return ""
    if not text.isprintable():
        text = _CONTROL.sub("", _SURROGATE.sub("\ufffd", _LINE_END.sub("\n", text)))
    return unicodedata.normalize("NFC", text).strip()


def text_key(text: str) -> str:
    """A hash of the words of ``text`` in order: equal for texts that differ in greetings, case, ё and signs.

    A text of signs alone is hashed as it is.
    """
    return hashlib.sha256((plain_wording(text) or text).encode("utf-8", "replace")).hexdigest()


def prepare(incoming: IncomingQuestion, settings: Settings, key: str) -> PreparedQuestion:
    """``incoming`` cleaned, checked, masked and with its author hashed under ``key``.

    Raises:
        InvalidInput: there is no text, a code is too long, or it is asked more than a year from now.
        TooLarge: the text or a reply is over ``max_question_chars``.
    """
    found: Counter[str] = Counter()
    text = _checked_text(incoming.text, incoming.place, "text", settings.max_question_chars, found)
    return PreparedQuestion(
        source=_code(incoming.source or "import", "source", incoming.place),
        external_id=_external_id(incoming, incoming.text),
        text=text,
        text_key=text_key(text),
        author_key=author_key(clean(incoming.author), key),
        course=_code(incoming.course, "course", incoming.place),
        lesson=_code(incoming.lesson, "lesson", incoming.place),
        language=clean(incoming.language).lower()[:8] or detect_language(text),
        asked_at=_asked_at(incoming, settings),
        replies=tuple(
            _prepared_reply(reply, (incoming.place, f"replies.{number}.text"), settings, key, found)
            for number, reply in enumerate(incoming.replies)
            if clean(reply.text)
        ),
        masked=found,
        former_id=_external_id(incoming, incoming.body) if incoming.body else "",
        former_key=text_key(mask(clean(incoming.body)).text) if incoming.body else "",
    )


def _prepared_reply(
    reply: IncomingReply, where: tuple[str, str], settings: Settings, key: str, found: Counter[str]
) -> PreparedReply:
    return PreparedReply(
        text=_checked_text(reply.text, *where, settings.max_question_chars, found),
        author_key=author_key(clean(reply.author), key),
        by_mentor=reply.by_mentor,
        accepted=reply.accepted,
        replied_at=_aware(reply.replied_at, settings),
    )


def _checked_text(text: str, place: str, field: str, longest: int, found: Counter[str]) -> str:
    if len(text) > longest:
        raise TooLarge(
            placed("The text has {length} characters; at most {longest} are taken.", place),
            remedy="Shorten it, or raise KBSEARCH_MAX_QUESTION_CHARS.",
            length=len(text),
            longest=longest,
            field=field,
            place=place,
        )
    masked = mask(clean(text))
    if not masked.text:
        raise InvalidInput(
            placed("There is no text.", place),
            remedy="A question needs at least one character.",
            field=field,
            place=place,
        )
    found.update(masked.found)
    return masked.text


def _code(value: str, name: str, place: str) -> str:
    code = clean(value)
    if len(code) > LONGEST_CODE:
        raise InvalidInput(
            placed("The {name} has {length} characters; at most {longest} are taken.", place),
            remedy="Use a shorter code.",
            name=name,
            length=len(code),
            longest=LONGEST_CODE,
            place=place,
        )
    return code


def _external_id(incoming: IncomingQuestion, text: str) -> str:
    """The source's id, or a hash of the content with ``text`` (or of an id that is too long)."""
    given = clean(incoming.external_id)
    if given and len(given) <= LONGEST_EXTERNAL_ID:
        return given
    asked = incoming.asked_at.isoformat() if incoming.asked_at else ""
    content = given or "\0".join((clean(text), clean(incoming.author), asked))
    return "sha256:" + hashlib.sha256(content.encode("utf-8", "replace")).hexdigest()


def _asked_at(incoming: IncomingQuestion, settings: Settings) -> datetime:
    moment = _aware(incoming.asked_at, settings)
    if incoming.asked_at is None or moment is None:
        return utc_now()
    check_day(incoming.asked_at.date(), incoming.place)
    return moment


def check_day(day: date, place: str = "", ahead: timedelta = AHEAD) -> None:
    """Refuse a day with a slip in its year: before `EARLIEST`, or later than ``ahead`` from now.

    Raises:
        InvalidInput: it is one; with ``place``, where it stands, if that is given.
    """
    late = day > (utc_now() + ahead).date()
    if late or day < EARLIEST:
        raise InvalidInput(
            placed(
                "The date {moment} lies in the future."
                if late
                else "The date {moment} lies too far in the past.",
                place,
            ),
            remedy="Check its year.",
            moment=day.isoformat(),
            place=place,
        )


def _aware(moment: datetime | None, settings: Settings) -> datetime | None:
    """``moment`` in UTC; a naive one is in the school's time zone."""
    if moment is None:
        return None
    zoned = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(settings.timezone))
    try:
        return zoned.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput(
            "The date {moment} is out of range.", remedy="Check its year.", moment=str(moment)
        ) from error


def placed(template: str, place: str) -> str:
    """The template of an error, behind where it stands when that is given."""
    return "{place}: " + template if place else template

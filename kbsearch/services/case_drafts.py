"""What a person writes into a case: cleaning, limits and snapshots of it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from kbsearch.errors import InvalidInput, TooLarge
from kbsearch.models import Case, CaseState
from kbsearch.text.language import detect_language
from kbsearch.text.slugs import is_slug

MIN_TITLE, MAX_TITLE = 3, 300
MAX_ANSWER = 100_000
MAX_VARIANTS, MAX_VARIANT = 100, 2_000
MAX_WORDS, MAX_WORD = 50, 100
"""Most tags or lessons of a case, and the longest of them."""

CONTENT = ("title", "answer", "variants", "course", "lessons", "tags", "language")
"""The parts of a snapshot that a person writes; ``state`` is the other one."""

LONGEST_LANGUAGE = 8
_SURROGATE = re.compile("[\ud800-\udfff]")
"""Halves of characters, which no database takes."""
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class CaseDraft:
    """The content of a case.  ``language`` "" is detected, ``slug`` "" is made from the title."""

    title: str
    answer: str
    variants: tuple[str, ...] = ()
    course: str = ""
    lessons: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    language: str = ""
    slug: str = ""


def cleaned(draft: CaseDraft) -> CaseDraft:
    """``draft`` without control characters, blank or repeated entries, checked against the limits.

    Raises:
        InvalidInput: the title is too short or too long, or a slug or course is no name.
        TooLarge: the answer, a variant or a list is over its limit.
    """
    title = " ".join(_CONTROL.sub(" ", _SURROGATE.sub("\ufffd", draft.title)).split())
    answer = _plain(draft.answer)
    clean = CaseDraft(
        title=title,
        answer=answer,
        variants=_distinct(draft.variants, but=title),
        course=_plain(draft.course),
        lessons=_distinct(draft.lessons),
        tags=_distinct(draft.tags),
        language=_plain(draft.language).lower()[:LONGEST_LANGUAGE] or detect_language(f"{title}\n{answer}"),
        slug=draft.slug.strip(),
    )
    _check_title(clean)
    _check_sizes(clean)
    return clean


def check_live(draft: CaseDraft, state: CaseState) -> None:
    """Refuse to show students a case that does not answer.

    Raises:
        InvalidInput: ``state`` is shown to students and the answer is empty.
    """
    if state in (CaseState.PUBLISHED, CaseState.NEEDS_CHECK) and not draft.answer:
        raise InvalidInput(
            "The case '{title}' has no answer, so it cannot be published.",
            remedy="Write the answer, or keep the case as a draft.",
            title=draft.title,
        )


def draft_of(case: Case) -> CaseDraft:
    """The content of ``case``, whose variants must be loaded."""
    return CaseDraft(
        title=case.title,
        answer=case.answer,
        variants=tuple(variant.text for variant in case.variants),
        course=case.course_code,
        lessons=tuple(case.lessons),
        tags=tuple(case.tags),
        language=case.language,
    )


def snapshot_of(draft: CaseDraft, state: CaseState) -> dict[str, Any]:
    """What a revision keeps: the content and the state."""
    return {
        "title": draft.title,
        "answer": draft.answer,
        "variants": list(draft.variants),
        "course": draft.course,
        "lessons": list(draft.lessons),
        "tags": list(draft.tags),
        "language": draft.language,
        "state": str(state),
    }


def draft_from_snapshot(snapshot: dict[str, Any]) -> CaseDraft:
    """The content that a revision kept."""
    lists: dict[str, Any] = {name: tuple(snapshot.get(name, ())) for name in ("variants", "lessons", "tags")}
    texts: dict[str, Any] = {
        name: snapshot.get(name, "") for name in ("title", "answer", "course", "language")
    }
    return CaseDraft(**texts, **lists)


def with_variant(draft: CaseDraft, text: str) -> CaseDraft:
    """``draft`` with one more phrasing."""
    return replace(draft, variants=(*draft.variants, text))


def _distinct(entries: Iterable[str], *, but: str = "") -> tuple[str, ...]:
    """``entries`` without blanks, repeats and ``but``, told apart without case and spaces, in order."""
    kept: dict[str, str] = {}
    for entry in entries:
        text = _plain(entry)
        kept.setdefault(_key(text), text)
    return tuple(text for key, text in kept.items() if key and key != _key(but))


def _plain(text: str) -> str:
    """``text`` with plain line ends and without control characters, half characters and margins."""
    return _CONTROL.sub("", _SURROGATE.sub("\ufffd", text.replace("\r\n", "\n"))).strip()


def _key(text: str) -> str:
    return " ".join(text.casefold().split())


def _check_title(draft: CaseDraft) -> None:
    if not MIN_TITLE <= len(draft.title) <= MAX_TITLE:
        raise InvalidInput(
            "The title has {length} characters; it must have {least} to {most}.",
            remedy="Write the question in a short line, as a student would ask it.",
            field="title",
            length=len(draft.title),
            least=MIN_TITLE,
            most=MAX_TITLE,
        )
    if draft.slug and not is_slug(draft.slug):
        raise InvalidInput(
            "'{slug}' cannot be the short name of a case.",
            remedy="Use Latin letters, digits, hyphens, dots and underscores.",
            field="slug",
            slug=draft.slug[:100],
        )


def _check_sizes(draft: CaseDraft) -> None:
    _at_most("answer", len(draft.answer), MAX_ANSWER, "characters")
    _at_most("variants", len(draft.variants), MAX_VARIANTS, "entries")
    _at_most("variants", max(map(len, draft.variants), default=0), MAX_VARIANT, "characters in one entry")
    _at_most("course", len(draft.course), MAX_WORD, "characters")
    for name, entries in (("lessons", draft.lessons), ("tags", draft.tags)):
        _at_most(name, len(entries), MAX_WORDS, "entries")
        _at_most(name, max(map(len, entries), default=0), MAX_WORD, "characters in one entry")


def _at_most(field: str, size: int, limit: int, unit: str) -> None:
    if size > limit:
        raise TooLarge(
            "The field '{part}' has {size} {unit}; the limit is {limit}.",
            remedy="Shorten it, or split the case into several.",
            field=field,
            part=field,
            size=size,
            limit=limit,
            unit=unit,
        )

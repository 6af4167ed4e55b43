"""How pairs read in the language of the page: repeats, reasons for not being found, words in common."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from flask import Flask

from web.reasons import ReasonLike
from web.ui import words
from web.ui.context import school
from web.ui.marking import mark_words
from web.ui.texts import gettext, ngettext


class ExcludedLike(Protocol):
    """A filter that keeps a case out."""

    @property
    def kind(self) -> str:
        """state, course or language."""

    @property
    def wanted(self) -> str:
        """What the question wants."""

    @property
    def actual(self) -> str:
        """What the case has."""


def install(app: Flask) -> None:
    """Teach the templates of ``app``."""
    app.jinja_env.filters.update(
        times_asked=times_asked,
        verdict_text=verdict_text,
        retriever_name=retriever_name,
        excluded_text=excluded_text,
        mark_words=mark_words,
        shared_terms=shared_terms,
    )


def times_asked(count: int) -> str:
    """How often a question was asked."""
    return ngettext("asked %(num)d time", "asked %(num)d times", count)


def verdict_text(verdict: str) -> str:
    """What became of a case that somebody expected."""
    return {
        "found": gettext("It is found: a suggestion shows it."),
        "too_unlikely": gettext("It is among the first, but nothing is likely enough to be suggested."),
        "far_down": gettext("Other cases come before it."),
        "not_among_candidates": gettext("Neither by words nor by meaning is it among the best."),
        "filtered": gettext("A filter keeps it out; the figures are those without the filter."),
        "not_indexed": gettext("The index does not hold it yet: wait a moment."),
        "no_words": gettext("The question has no word to search for."),
    }[verdict]


def retriever_name(name: str) -> str:
    """What a retriever compares."""
    names = {
        "text": gettext("words"),
        "pieces": gettext("pieces of words"),
        "vector": gettext("meaning"),
        "second": gettext("meaning, as the second encoder reads it"),
    }
    return names.get(name, name)


def excluded_text(excluded: ExcludedLike) -> str:
    """Why a filter keeps a case out."""
    if excluded.kind == "state":
        state = words.case_state(excluded.actual)
        return gettext("Only published cases are found; this one is: %(state)s.", state=state)
    if excluded.kind == "course":
        course, wanted = school().course(excluded.actual), school().course(excluded.wanted)
        return gettext(
            "It belongs to the course “%(course)s”, the question to “%(wanted)s”.",
            course=course,
            wanted=wanted,
        )
    language, wanted = words.language(excluded.actual), words.language(excluded.wanted)
    return gettext(
        "Its language is %(language)s; %(wanted)s was asked for.", language=language, wanted=wanted
    )


def shared_terms(reasons: Iterable[ReasonLike]) -> str:
    """The words that a match has in common with what was asked, as its reasons tell them."""
    return ", ".join(str(reason.details["terms"]) for reason in reasons if reason.kind == "shared_terms")

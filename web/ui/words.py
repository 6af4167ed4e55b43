"""How the domain's values read in the language of the page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from flask_babel import format_date, format_percent, format_timedelta, get_locale
from markupsafe import Markup

from kbsearch.errors import KbsearchError, fill
from kbsearch.models import (
    CaseState,
    GoldenSource,
    Job,
    JobState,
    QuestionState,
    Role,
    utc_now,
)
from web.errors import spoken
from web.reasons import ReasonLike
from web.ui.texts import gettext, ngettext

ALMOST_CERTAIN, LIKELY, POSSIBLE = 0.9, 0.7, 0.4
"""From these probabilities on a match is called so."""

LEAST = 0.01
"""Smaller probabilities are not told apart."""


def likelihood(probability: float) -> str:
    """A probability in words."""
    if probability >= ALMOST_CERTAIN:
        return gettext("almost certain")
    if probability >= LIKELY:
        return gettext("likely")
    return gettext("possible") if probability >= POSSIBLE else gettext("doubtful")


def percent(probability: float) -> str:
    """A probability in per cent; one that is all but nothing is not called nothing."""
    least = format_percent(max(probability, LEAST))
    return f"< {least}" if probability < LEAST else str(least)


def likelihood_tone(probability: float) -> str:
    """The colour of a probability."""
    if probability >= LIKELY:
        return "good"
    return "warn" if probability >= POSSIBLE else "none"


def case_state(state: str) -> str:
    """The name of a case's state."""
    return {
        CaseState.DRAFT: gettext("draft"),
        CaseState.IN_REVIEW: gettext("in review"),
        CaseState.PUBLISHED: gettext("published"),
        CaseState.NEEDS_CHECK: gettext("needs check"),
        CaseState.ARCHIVED: gettext("archived"),
    }[CaseState(state)]


def case_step(state: str) -> str:
    """The name of the step that brings a case to ``state``."""
    return {
        CaseState.DRAFT: gettext("Back to draft"),
        CaseState.IN_REVIEW: gettext("Send to review"),
        CaseState.PUBLISHED: gettext("Publish"),
        CaseState.NEEDS_CHECK: gettext("Needs a check"),
        CaseState.ARCHIVED: gettext("Archive"),
    }[CaseState(state)]


def question_state(state: str) -> str:
    """The name of a question's state."""
    return {
        QuestionState.OPEN: gettext("open"),
        QuestionState.ANSWERED: gettext("answered"),
        QuestionState.DISMISSED: gettext("dismissed"),
    }[QuestionState(state)]


def job_state(state: str) -> str:
    """The name of a job's state."""
    return {
        JobState.WAITING: gettext("waiting"),
        JobState.RUNNING: gettext("running"),
        JobState.DONE: gettext("done"),
        JobState.FAILED: gettext("failed"),
        JobState.CANCELLED: gettext("cancelled"),
    }[JobState(state)]


def job_kind(kind: str) -> str:
    """The name of a kind of job."""
    names = {
        "import": gettext("Import"),
        "cluster": gettext("Finding clusters"),
        "rebuild": gettext("Rebuilding the index"),
        "measure": gettext("Measuring quality"),
        "learn": gettext("Learning from feedback"),
        "coverage": gettext("Asking what covers the clusters"),
        "accept": gettext("Accepting what the run proposes"),
        "undo": gettext("Undoing an import"),
    }
    return names.get(kind, kind)


def golden_source(name: str) -> str:
    """Where a golden pair comes from."""
    return {
        GoldenSource.FEEDBACK: gettext("from feedback"),
        GoldenSource.ANSWERED: gettext("answered by the case"),
        GoldenSource.ADDED: gettext("added by hand"),
    }[GoldenSource(name)]


def role(name: str) -> str:
    """The name of a role."""
    return {
        Role.MENTOR: gettext("mentor"),
        Role.METHODOLOGIST: gettext("methodologist"),
        Role.ADMIN: gettext("admin"),
    }[Role(name)]


def field_name(name: str) -> str:
    """The name of a part of a case."""
    return {
        "title": gettext("Title"),
        "answer": gettext("Answer"),
        "variants": gettext("Phrasings"),
        "course": gettext("Course"),
        "lessons": gettext("Lessons"),
        "tags": gettext("Tags"),
        "language": gettext("Language"),
        "state": gettext("State"),
    }.get(name, name)


def language(code: str) -> str:
    """The name of a language that questions are asked in."""
    return {"ru": gettext("Russian"), "en": gettext("English")}.get(code, gettext("any language"))


def questions(count: int) -> str:
    """A number of questions."""
    return ngettext("%(num)d question", "%(num)d questions", count)


def tongue(text: str) -> Markup:
    """The attribute ``lang`` of words that are in another language than the page, else nothing.

    Russian texts have English words in them, never the other way round.
    """
    letters = [sign for sign in text.lower() if sign.isalpha()]
    code = "ru" if any("а" <= sign <= "ё" for sign in letters) else "en"
    return Markup(f' lang="{code}"' if letters and code != str(get_locale()) else "")  # noqa: S704  # ours


def rows(count: int) -> str:
    """A number of rows of a file."""
    return ngettext("%(num)d row", "%(num)d rows", count)


def ago(moment: datetime) -> str:
    """How long ago ``moment`` was."""
    return str(format_timedelta(moment - utc_now(), add_direction=True))


def day(moment: str) -> str:
    """The day of a moment in ISO 8601, in the time zone of the page."""
    return str(format_date(datetime.fromisoformat(moment), "medium"))


def reason(found: ReasonLike, titles: Callable[[str], str] = str) -> str:
    """Why a case was found; ``titles`` gives the titles of courses and lessons."""
    values = {name: _listed(value) for name, value in found.details.items()}
    named = {name: titles(str(value)) for name, value in values.items() if name in {"course", "lesson"}}
    return fill(gettext(found.text), values | named)


def template(text: str, details: Mapping[str, object]) -> str:
    """An English template of the domain, translated and filled."""
    return spoken(text, details)


def sentence(text: str, details: Mapping[str, object]) -> str:
    """As `template`, as a whole sentence: why a row is skipped is told in a few words or by an error."""
    said = spoken(text, details).strip()
    return said[:1].upper() + said[1:] + ("" if said.endswith((".", "!", "?", "…")) else ".")


def error(problem: KbsearchError) -> str:
    """What went wrong and what to do, as one text."""
    said = template(problem.template, problem.details)
    remedy = template(problem.remedy_template, problem.details) if problem.remedy_template else ""
    return f"{said} {remedy}".strip()


def failure(job: Job) -> str:
    """Why a job failed; in English when it was kept as text alone."""
    kept = job.failure
    if not kept:
        return job.error
    return error(KbsearchError(kept["message"], remedy=kept["remedy"], **kept["details"]))


def _listed(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value


def scope(name: str) -> str:
    """What a token may do."""
    named = {"read": gettext("read"), "write": gettext("write"), "edit": gettext("edit clusters")}
    return named.get(name, name)


def told_by(scope_name: str) -> str:
    """Whose judged questions told from which probability on to answer."""
    kind, _, code = scope_name.partition(":")
    if kind == "course":
        return gettext("by the judged questions of this course")
    if kind == "language":
        return gettext("by the judged questions in this language: %(name)s", name=language(code))
    return gettext("by all judged questions together")


def lexicon_origin(name: str) -> str:
    """Where an entry of the lexicon comes from."""
    named = {
        "own": gettext("added"),
        "changed": gettext("changed from what came"),
        "off": gettext("switched off"),
    }
    return named.get(name, name)


def step(kind: str) -> str:
    """What was done to understand a question."""
    named = {
        "quote": gettext("What others said left out"),
        "chatter": gettext("Greetings left out"),
        "traceback": gettext("Traceback cut to its error"),
        "layout": gettext("Keyboard layout turned"),
        "transliteration": gettext("Back to Cyrillic"),
        "typo": gettext("Typo"),
        "lexicon": gettext("Lexicon"),
        "asking": gettext("What asks"),
    }
    return named.get(kind, kind)

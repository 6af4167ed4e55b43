"""Why a case was matched, in parts that a reader can check: words, the nearest part, course and lesson."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from textwrap import shorten
from typing import Any

from kbsearch.matching.matcher import MatchResult, RankedCase
from kbsearch.matching.queries import MAX_CHARS
from kbsearch.matching.rarity import Rarity
from kbsearch.models import Case
from kbsearch.ports import Part, TextQuery
from kbsearch.text.common_words import is_everywhere
from kbsearch.text.passages import passages
from kbsearch.text.quotes import without_quotes
from kbsearch.text.words import Word, stem, words, words_once

MAX_TERMS = 6
COMMON = 0.25
"""A word in more than this share of the cases is no reason."""
SHORTEST = 2
MAX_PAIRS = 3
NEAR_WORTH = 0.25
"""From this worth on a near word convinces a reader."""
EXCERPT = 160
"""Characters of a passage that are told."""
NEAR = 0.4
"""From this likeness on the nearest part is worth telling."""

_NEAREST: dict[Part, tuple[str, str]] = {
    "title": ("nearest_title", "Its title means nearly the same"),
    "variant": ("nearest_variant", "A phrasing of it means nearly the same"),
    "answer": ("nearest_answer", "Its answer is about the same"),
    "passage": ("nearest_passage", "Its answer says: {passage}"),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """One reason.  ``text`` is an English `str.format` template, filled from ``details``.

    kinds: same_words, shared_terms {terms, spans: half-open [start, end) in the text that was matched},
    near_words {pairs: words of the text and of the case that mean about the same},
    nearest_title, nearest_variant, nearest_answer {likeness: cosine in [-1, 1]},
    nearest_passage {likeness, passage: the part of the answer, shortened},
    course {course}, lesson {lesson}, text_only, faint (nothing of all that).
    """

    kind: str
    text: str
    details: dict[str, object] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """For JSON; ``details`` are not copied."""
        return {"kind": self.kind, "text": self.text, "details": self.details}


_SAME_WORDS = Reason("same_words", "Its title or a phrasing of it has the very same words")


def told_in_same_words(some: Iterable[Reason]) -> bool:
    """Whether ``some`` say that a case is worded in the very words of the question."""
    return _SAME_WORDS in some


def reason_from(stored: Mapping[str, Any]) -> Reason:
    """The reason that `Reason.as_dict` wrote."""
    return Reason(stored["kind"], stored["text"], dict(stored["details"]))


def reasons(
    result: MatchResult,
    ranked: RankedCase,
    case: Case,
    rarity: Rarity,
    *,
    text: str,
    course: str,
    lesson: str,
) -> tuple[Reason, ...]:
    """Why ``case`` was matched to ``text``, the strongest kind first."""
    found = [
        _SAME_WORDS if ranked.same_words else None,
        _shared(result, text, case, rarity),
        _near_words(result, ranked, rarity),
        None if ranked.same_words else _nearest(ranked, case),
        Reason("lesson", "It belongs to the same lesson: {lesson}", {"lesson": lesson})
        if lesson and lesson in case.lessons
        else None,
        Reason("course", "It belongs to the same course: {course}", {"course": course})
        if course and course == case.course_code
        else None,
        Reason("text_only", "Found by its words alone: the encoder is out of reach")
        if result.degraded
        else None,
    ]
    told = tuple(reason for reason in found if reason)
    return told or (Reason("faint", "No single sign is strong: all together it comes nearest"),)


def _shared(result: MatchResult, text: str, case: Case, rarity: Rarity) -> Reason | None:
    asked = text[:MAX_CHARS]
    said = _said(without_quotes(asked), result.query.text)
    theirs = _forms_in(case, said)
    shares = zip(rarity.shares([said[one] for one in theirs]), theirs, strict=True)
    telling = [(share, one) for share, one in shares if not is_everywhere(said[one])]
    rare = sorted((share, one) for share, one in telling if share <= COMMON)[:MAX_TERMS]
    if not rare:
        return None
    shared = [one for _, one in rare]
    details: dict[str, object] = {
        "terms": ", ".join(theirs[one] for one in shared),
        "spans": _spans(words(asked), shared),
    }
    return Reason("shared_terms", "Shared words: {terms}", details)


@lru_cache(maxsize=64)
def _said(*sources: str) -> Mapping[str, str]:
    """The stems of ``sources``, each with the first form in which it stands there; kept for the next case."""
    said: dict[str, str] = {}
    for source in sources:
        for word in words(source):
            form = source[word.start : word.end]
            if len(form) >= SHORTEST:
                said.setdefault(word.stem, form)
    return said


def _near_words(result: MatchResult, ranked: RankedCase, rarity: Rarity) -> Reason | None:
    found = rarity.index.near_words(TextQuery(result.query.text, soft=True), ranked.case_id, NEAR_WORTH)
    telling = [one for one in found if not is_everywhere(one.asked) and not is_everywhere(one.found)]
    if not telling:
        return None
    best = sorted(telling, key=lambda one: -one.worth)[:MAX_PAIRS]
    pairs = ", ".join(f"{one.asked} ~ {one.found}" for one in best)
    return Reason("near_words", "Words of about the same meaning: {pairs}", {"pairs": pairs})


def _forms_in(case: Case, wanted: Collection[str]) -> dict[str, str]:
    """Each of the stems ``wanted`` that the case has → the first form that it has of it, lower-cased."""
    forms: dict[str, str] = {}
    for part in (case.title, *(variant.text for variant in case.variants), case.answer):
        for form in words_once(part):
            if (found := stem(form)) in wanted and found not in forms:
                forms[found] = form.lower()
    return forms


def _spans(asked: Sequence[Word], shared: list[str]) -> list[list[int]]:
    return [[word.start, word.end] for one in shared for word in asked if word.stem == one]


def _nearest(ranked: RankedCase, case: Case) -> Reason | None:
    if ranked.part not in _NEAREST or ranked.likeness < NEAR:
        return None
    details: dict[str, object] = {"likeness": round(ranked.likeness, 3)}
    if ranked.part == "passage":
        said = passages(case.answer)
        if ranked.ordinal >= len(said):  # the answer was changed and is not indexed yet
            return Reason(*_NEAREST["answer"], details)
        details["passage"] = shorten(" ".join(said[ranked.ordinal].split()), EXCERPT, placeholder=" …")
    kind, text = _NEAREST[ranked.part]
    return Reason(kind, text, details)

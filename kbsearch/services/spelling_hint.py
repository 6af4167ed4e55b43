"""The spelling hint of a search: "did you mean …"."""

from __future__ import annotations

from kbsearch.ports import SearchBackend
from kbsearch.text.words import words

MAX_SPELLED = 200
"""Longer texts are not typed into a search field, so nobody wants their spelling."""


def better_spelling(written: str, cases: SearchBackend, questions: SearchBackend) -> str | None:
    """``written`` in a better spelling, when neither ``cases`` nor past ``questions`` know it as it is."""
    if len(written) > MAX_SPELLED:
        return None
    hint = cases.did_you_mean(written)
    if not hint or questions.did_you_mean(written) is None:
        return None
    kept = _with_asked_words(written, hint, questions)
    return kept if kept != written else None


def _with_asked_words(written: str, hint: str, questions: SearchBackend) -> str:
    """``hint`` with the words of ``written`` that no case has but past ``questions`` know."""
    before, after = words(written), words(hint)
    if len(before) != len(after):
        return hint
    known = questions.documents_with([word.stem for word in before])
    pieces, end = [], 0
    for old, new, asked in zip(before, after, known, strict=True):
        if asked and new.start >= end:
            pieces += [hint[end : new.start], written[old.start : old.end]]
            end = new.end
    return "".join([*pieces, hint[end:]])

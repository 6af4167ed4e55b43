"""Past questions asked again of today's cases, without the phrasings that they themselves became."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from kbsearch.matching.matcher import Matcher
from kbsearch.matching.model import MatchingModel
from kbsearch.models import LIVE_STATES, Case, Variant
from kbsearch.ports import Embedder, SearchBackend
from kbsearch.services.intake import text_key

FOLDS = 4
"""So many indexes are made; each lacks the phrasings that a quarter of the questions became."""

Source = tuple[str, int | None]
"""Key of a question's words, and its id where it has one: whose phrasings must not be there."""
T = TypeVar("T")


class Bench(Protocol):
    """Makes indexes of cases away from the live one."""

    @property
    def embedder(self) -> Embedder:
        """The encoder of its indexes; it remembers what it encoded."""

    def index(self, cases: Sequence[Case]) -> AbstractContextManager[SearchBackend]:
        """An index of ``cases`` until the end of the block."""


def live_cases(session: Session) -> list[Case]:
    """All cases that students are shown, with their variants."""
    query = select(Case).options(selectinload(Case.variants)).where(Case.state.in_(LIVE_STATES))
    return list(session.scalars(query.order_by(Case.id)))


def matchers(
    bench: Bench,
    cases: Sequence[Case],
    questions: Sequence[T],
    source: Callable[[T], Source],
    model: MatchingModel,
) -> Iterator[tuple[Matcher, list[T]]]:
    """Matchers over ``cases``, each with the questions that it may be asked; every question comes once.

    A question must find its case by the words of others, as a new question would: a phrasing that it became
    would give the answer away.
    """
    variants = {variant for case in cases for variant in _sources(case)}
    parts: defaultdict[int, list[T]] = defaultdict(list)
    for question in questions:
        key, question_id = source(question)
        own = key in variants or (question_id is not None and question_id in variants)
        parts[int(key[:8], 16) % FOLDS if own else -1].append(question)
    for part in sorted(parts):
        some = parts[part]
        gone = {name for question in some for name in source(question) if name is not None}
        with bench.index([_without(case, gone) for case in cases] if part >= 0 else cases) as index:
            yield Matcher(index, bench.embedder, model), some


def own_wording(variant: Variant, sources: set[str | int]) -> bool:
    """Whether the phrasing is the wording of one of the questions in ``sources`` (keys and ids)."""
    return variant.question_id in sources or text_key(variant.text) in sources


def _sources(case: Case) -> Iterator[str | int]:
    for variant in case.variants:
        yield text_key(variant.text)
        if variant.question_id is not None:
            yield variant.question_id


def _without(case: Case, gone: set[str | int]) -> Case:
    """A copy of ``case`` that no session knows, without the phrasings of ``gone``."""
    kept = [variant.text for variant in case.variants if not own_wording(variant, gone)]
    return Case(
        id=case.id,
        title=case.title,
        answer=case.answer,
        variants=[Variant(text=text) for text in kept],
        course_code=case.course_code,
        lessons=list(case.lessons),
        tags=list(case.tags),
        language=case.language,
        state=case.state,
    )

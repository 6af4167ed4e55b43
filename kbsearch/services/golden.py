"""The golden set: questions with the cases that truly answer them, grown from what people judged."""

from __future__ import annotations

import csv
import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import InvalidInput, NotFound, UnreadableFile
from kbsearch.evaluation.quality import Asked
from kbsearch.models import LIVE_STATES, Case, GoldenPair, GoldenSource, Question, utc_now
from kbsearch.privacy.masking import mask
from kbsearch.services.intake import clean, text_key
from kbsearch.services.judgements import JudgedQuestion, gather
from kbsearch.services.replaying import live_cases, own_wording
from kbsearch.text.language import detect_language


@dataclass(frozen=True, slots=True)
class GoldenPage:
    """Some pairs with the titles of their cases, and how many there are."""

    pairs: list[GoldenPair]
    titles: dict[int, str]
    total: int


@dataclass(frozen=True, slots=True)
class GoldenQuestion:
    """A question as it is measured, and where its words come from."""

    asked: Asked
    key: str
    question_id: int | None


@dataclass(frozen=True, slots=True)
class Exported:
    """How much an export wrote."""

    cases: int
    questions: int
    pairs: int


class GoldenService:
    """Grows, mends, lists and exports the golden set."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def grow(self) -> int:
        """Take in what people settled on since; returns how many pairs are new.

        A pair that is disputed by now leaves the set; one that a person removed or added stays as it is.
        """
        with self._database.reading() as session:
            judged = gather(session)
        with self._database.writing() as session:
            return _grown(session, judged)

    def page(self, *, course: str = "", limit: int = 50, offset: int = 0) -> GoldenPage:
        """Pairs, newest first."""
        query = select(GoldenPair).where(GoldenPair.removed_at.is_(None))
        if course:
            query = query.where(GoldenPair.course_code == course)
        with self._database.reading() as session:
            total = session.scalar(select(func.count()).select_from(query.subquery())) or 0
            pairs = list(session.scalars(query.order_by(GoldenPair.id.desc()).limit(limit).offset(offset)))
            titles = _titles(session, [pair.case_id for pair in pairs])
        return GoldenPage(pairs, titles, total)

    def by_ids(self, ids: Iterable[int]) -> dict[int, GoldenPair]:
        """Pairs that are in the set, by id; others are left out."""
        query = select(GoldenPair).where(GoldenPair.id.in_(list(ids)), GoldenPair.removed_at.is_(None))
        with self._database.reading() as session:
            return {pair.id: pair for pair in session.scalars(query)}

    def add(
        self,
        case_id: int,
        *,
        text: str = "",
        question_id: int | None = None,
        person_id: int | None = None,
    ) -> GoldenPair:
        """Add a pair of a stored question, or of a ``text``, which is masked; a known one comes back.

        Raises:
            NotFound: there is no such question or case.
            InvalidInput: there is neither a text nor a question.
        """
        with self._database.writing() as session:
            pair = _pair_of(session, text, question_id)
            if session.get(Case, case_id) is None:
                raise NotFound("There is no case {id}.", remedy="It may have been deleted.", id=case_id)
            pair.case_id, pair.source, pair.person_id = case_id, GoldenSource.ADDED, person_id
            known = _known(session, pair.text_key, case_id)
            if known is not None:
                known.removed_at, known.source, known.person_id = None, pair.source, person_id
                return known
            session.add(pair)
        return pair

    def remove(self, pair_id: int, person_id: int | None = None) -> GoldenPair:
        """Take a pair out of the set; it does not come back by itself.

        Raises:
            NotFound: there is no such pair.
        """
        with self._database.writing() as session:
            pair = _existing(session, pair_id)
            pair.removed_at, pair.person_id = utc_now(), person_id
        return pair

    def restore(self, pair_id: int, person_id: int | None = None) -> GoldenPair:
        """Bring a removed pair back.

        Raises:
            NotFound: there is no such pair.
        """
        with self._database.writing() as session:
            pair = _existing(session, pair_id)
            pair.removed_at, pair.person_id, pair.source = None, person_id, GoldenSource.ADDED
        return pair

    def questions(self) -> list[GoldenQuestion]:
        """The set as it is measured: each wording of a course once, with all its live right cases."""
        with self._database.reading() as session:
            return golden_questions(session)

    def export(self, folder: Path) -> Exported:
        """Write the set and all live cases as an evaluation set.

        Phrasings that golden questions became are left out: they would give the answers away.

        Raises:
            UnreadableFile: the folder cannot be written.
        """
        with self._database.reading() as session:
            cases, asked = live_cases(session), golden_questions(session)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            return _written(folder, cases, asked)
        except OSError as error:
            raise UnreadableFile(
                "{path} cannot be written: {reason}.",
                remedy="Name another folder.",
                path=str(folder),
                reason=error.strerror or str(error),
            ) from error


def golden_questions(session: Session) -> list[GoldenQuestion]:
    """See `GoldenService.questions`."""
    query = select(GoldenPair).join(Case, Case.id == GoldenPair.case_id)
    query = query.where(GoldenPair.removed_at.is_(None), Case.state.in_(LIVE_STATES))
    groups: defaultdict[tuple[str, str], list[GoldenPair]] = defaultdict(list)
    for pair in session.scalars(query.order_by(GoldenPair.id)):
        groups[pair.text_key, pair.course_code].append(pair)
    return [_question(pairs) for pairs in groups.values()]


def _question(pairs: Sequence[GoldenPair]) -> GoldenQuestion:
    first = pairs[0]
    right = frozenset(pair.case_id for pair in pairs)
    asked = Asked(first.id, first.text, first.course_code, first.lesson_code, first.language, right)
    return GoldenQuestion(asked, first.text_key, first.question_id)


def _grown(session: Session, judged: Iterable[JudgedQuestion]) -> int:
    known = {(pair.text_key, pair.case_id): pair for pair in session.scalars(select(GoldenPair))}
    new = 0
    for question in judged:
        for case_id, weight in question.cases.items():
            pair = known.get((question.key, case_id))
            if pair is None and weight > 0 and (source := _source(question, case_id)):
                pair = _of_judged(question, case_id, source)
                known[question.key, case_id] = pair
                session.add(pair)
                new += 1
            elif pair is not None and weight <= 0 and pair.source != GoldenSource.ADDED:
                pair.removed_at = pair.removed_at or utc_now()
    return new


def _source(question: JudgedQuestion, case_id: int) -> GoldenSource | None:
    """Who confirmed the pair; None when nobody settled on it (it was copied, or a program said so)."""
    if question.confirmed.get(case_id):
        return GoldenSource.FEEDBACK
    return GoldenSource.ANSWERED if case_id in question.answered else None


def _of_judged(question: JudgedQuestion, case_id: int, source: GoldenSource) -> GoldenPair:
    return GoldenPair(
        text=question.text,
        text_key=question.key,
        course_code=question.course,
        lesson_code=question.lesson,
        language=question.language or detect_language(question.text),
        question_id=question.question_id,
        case_id=case_id,
        source=source,
    )


def _pair_of(session: Session, text: str, question_id: int | None) -> GoldenPair:
    if question_id is not None:
        question = session.get(Question, question_id)
        if question is None:
            raise NotFound("There is no question {id}.", remedy="It may have been deleted.", id=question_id)
        return GoldenPair(
            text=question.text,
            text_key=question.text_key,
            course_code=question.course_code,
            lesson_code=question.lesson_code,
            language=question.language,
            question_id=question.id,
        )
    masked = mask(clean(text)).text
    if not masked:
        raise InvalidInput("There is no text.", remedy="Write the question in a few words.")
    return GoldenPair(text=masked, text_key=text_key(masked), language=detect_language(masked))


def _known(session: Session, key: str, case_id: int) -> GoldenPair | None:
    query = select(GoldenPair).where(GoldenPair.text_key == key, GoldenPair.case_id == case_id)
    return session.scalar(query)


def _existing(session: Session, pair_id: int) -> GoldenPair:
    pair = session.get(GoldenPair, pair_id)
    if pair is None:
        raise NotFound("There is no golden pair {id}.", remedy="Open the page again.", id=pair_id)
    return pair


def _titles(session: Session, ids: Iterable[int]) -> dict[int, str]:
    rows = session.execute(select(Case.id, Case.title).where(Case.id.in_(list(ids))))
    return {row.id: row.title for row in rows}


def _written(folder: Path, cases: Sequence[Case], asked: Sequence[GoldenQuestion]) -> Exported:
    gone: set[str | int] = {one.key for one in asked}
    gone |= {one.question_id for one in asked if one.question_id is not None}
    slugs = {case.id: case.slug for case in cases}
    with (folder / "cases.jsonl").open("w", encoding="utf-8") as file:
        for case in cases:
            variants = [variant.text for variant in case.variants if not own_wording(variant, gone)]
            row = {
                "id": case.slug,
                "title": case.title,
                "variants": variants,
                "answer": case.answer,
                "course": case.course_code,
                "tags": list(case.tags),
                "lessons": list(case.lessons),
            }
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
    with (folder / "questions.jsonl").open("w", encoding="utf-8") as file:
        for one in asked:
            told = {"id": str(one.asked.id), "text": one.asked.text, "course": one.asked.course}
            told |= {"lesson": one.asked.lesson, "language": one.asked.language}
            file.write(json.dumps(told, ensure_ascii=False) + "\n")
    pairs = [(one.asked.id, slugs[case_id]) for one in asked for case_id in sorted(one.asked.right)]
    with (folder / "relevant.csv").open("w", encoding="utf-8", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(("question_id", "case_id"))
        rows.writerows(pairs)
    return Exported(len(cases), len(asked), len(pairs))

"""Coverage as the worker finds it: a sample of each cluster's questions asked of the matcher, and stored."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.insights.coverage import SAMPLE, Sampled, covered
from kbsearch.insights.lessons import IN_PROGRAMME, LessonMatch
from kbsearch.matching.matcher import LIVE, Matcher
from kbsearch.models import (
    Case,
    CaseState,
    Cluster,
    Colour,
    Coverage,
    CoverageSample,
    Membership,
    Question,
    Variant,
    utc_now,
)
from kbsearch.ports import Progress, silent
from kbsearch.services.active_matcher import ActiveMatcher
from kbsearch.services.first_matches import SHOWN_TO_ALL, FirstMatches, ask, first_of, kept_firsts
from kbsearch.services.lesson_matching import LessonMatching
from kbsearch.services.newest_run import newest_run

SAME = 0.02
"""A probability that moved by less has not changed."""
BATCH = 20
"""Clusters a transaction."""


class Occasion(StrEnum):
    """Why coverage is looked at again.

    *case*: only clusters whose exemplars match otherwise than before are asked whole.  *run*: all that is
    new.  *night*, *person*: everything.
    """

    CASE = "case"
    RUN = "run"
    NIGHT = "night"
    PERSON = "person"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of a cluster's sample."""

    id: int
    text: str
    course: str
    lesson: str
    language: str
    is_exemplar: bool


class CoverageService:
    """Asks and remembers."""

    def __init__(
        self,
        database: Database,
        active_matcher: ActiveMatcher,
        lessons: LessonMatching,
        first_matches: FirstMatches,
    ) -> None:
        self._database = database
        self._active = active_matcher
        self._lessons = lessons
        self._first_matches = first_matches

    def refresh(self, progress: Progress = silent, occasion: Occasion = Occasion.PERSON) -> dict[str, Any]:
        """Bring the coverage of the newest run's clusters up to date; returns what a job keeps.

        Raises:
            IndexUnavailable: the text index cannot be read.
            EncoderUnavailable: the encoder failed.
        """
        if occasion == Occasion.RUN:
            self._first_matches.refresh(progress)
        with self._database.reading() as session:
            run = newest_run(session)
            samples = _samples(session, run.id) if run else {}
            stored, fresh = _stored(session), self._fresh(session, samples, occasion)
            checked = set(session.scalars(select(Case.id).where(Case.state == CaseState.NEEDS_CHECK)))
        lessons = self._cluster_lessons(samples)
        done, clusters = 0, list(samples)
        for at in range(0, len(clusters), BATCH):
            found, in_check = {}, {}
            for each in clusters[at : at + BATCH]:
                progress(at, len(clusters), "asking what covers the clusters")
                found[each], new = self._asked(samples[each], stored.get(each, {}), fresh, occasion)
                in_check[each] = self._in_check(samples[each], found[each], checked)
                done += new
            with self._database.writing() as session:
                for each, sample in found.items():
                    _write(
                        session, each, sample, lessons.get(each), in_check=in_check[each], basis=self._basis
                    )
        inferred = self._tidied(clusters, occasion, progress)
        return {"clusters": len(clusters), "asked": done, "inferred": inferred, "occasion": str(occasion)}

    @property
    def _basis(self) -> str:
        return self._first_matches.basis()

    def _tidied(self, clusters: Sequence[int], occasion: Occasion, progress: Progress) -> int | None:
        """Forget clusters that are gone; infer lessons, unless only a case has changed."""
        with self._database.writing() as session:
            known = set(session.scalars(select(Coverage.cluster_id)))
            gone = known - set(clusters)
            session.execute(delete(Coverage).where(Coverage.cluster_id.in_(gone)))
            session.execute(delete(CoverageSample).where(CoverageSample.cluster_id.in_(gone)))
        if occasion == Occasion.CASE:
            return None
        return self._lessons.infer(self._lessons.prepare(), progress)

    def _fresh(
        self, session: Session, samples: Mapping[int, Sequence[Asked]], occasion: Occasion
    ) -> dict[int, Sampled]:
        """First matches that were kept for runs and need not be asked for after one, by question."""
        if occasion != Occasion.RUN:
            return {}
        ids = [one.id for some in samples.values() for one in some]
        kept = kept_firsts(session, ids, self._basis)
        return {each: Sampled(each, first.case_id, first.probability) for each, first in kept.items()}

    def _asked(
        self,
        sample: Sequence[Asked],
        stored: Mapping[int, tuple[str, Sampled]],
        fresh: Mapping[int, Sampled],
        occasion: Occasion,
    ) -> tuple[list[Sampled], int]:
        """First matches of ``sample``, and how many of them were asked for now."""
        matcher = self._active.get()
        basis = self._basis
        known = {each: one for each, (asked_of, one) in stored.items() if asked_of == basis}
        probes = {one.id: _first(matcher, one) for one in sample if one.is_exemplar and one.id not in fresh}
        moved = any(each in known and _differs(one, known[each]) for each, one in probes.items())
        if moved or occasion in (Occasion.NIGHT, Occasion.PERSON):
            known = {}
        found, count = [], len(probes)
        for one in sample:
            answer = fresh.get(one.id) or probes.get(one.id) or known.get(one.id)
            count += answer is None
            found.append(answer or _first(matcher, one))
        return found, count

    def _in_check(
        self, sample: Sequence[Asked], found: list[Sampled], checked: Collection[int]
    ) -> int | None:
        """The case of those that need a check (``checked``) that would cover a cluster, by its exemplars.

        Cases in this state are shown to mentors still, so that its gap is closed by checking.
        """
        if not checked or covered(found).colour == Colour.GREEN:
            return None
        matcher = self._active.get()
        verdict = covered([_first(matcher, one, LIVE) for one in sample if one.is_exemplar])
        return verdict.case_id if verdict.colour == Colour.GREEN and verdict.case_id in checked else None

    def _cluster_lessons(self, samples: Mapping[int, Sequence[Asked]]) -> dict[int, LessonMatch]:
        prepared = self._lessons.prepare()
        if prepared is None or not samples:
            return {}
        exemplars = [[(one.id, one.text) for one in some if one.is_exemplar] for some in samples.values()]
        matches = self._lessons.of_clusters(prepared, exemplars)
        return {each: match for each, match in zip(samples, matches, strict=True) if match is not None}


def _first(matcher: Matcher, asked: Asked, states: tuple[str, ...] = SHOWN_TO_ALL) -> Sampled:
    """The published case, or the one in ``states``, that comes first for a question."""
    first = first_of(ask(matcher, asked.text, asked.course, asked.lesson, states))
    return Sampled(asked.id, first.case_id, first.probability)


def _differs(one: Sampled, other: Sampled) -> bool:
    return one.case_id != other.case_id or abs(one.probability - other.probability) > SAME


def _samples(session: Session, run_id: int) -> dict[int, list[Asked]]:
    """Up to `SAMPLE` questions of each cluster: exemplars, then the strongest.

    Questions that stand as a phrasing in a case come last: they find it by their own words.
    """
    is_phrasing = Question.id.in_(select(Variant.question_id).where(Variant.question_id.is_not(None)))
    unranked = Membership.exemplar_rank.is_(None)
    order = (is_phrasing, unranked, Membership.exemplar_rank, Membership.strength.desc(), Question.id)
    place = func.row_number().over(partition_by=Membership.cluster_id, order_by=order)
    inner = (
        select(
            Membership.cluster_id,
            Question.id,
            Question.text,
            Question.course_code,
            Question.lesson_code,
            Question.language,
            Membership.exemplar_rank,
            place.label("place"),
        )
        .join(Question, Question.id == Membership.question_id)
        .where(Membership.run_id == run_id)
        .subquery()
    )
    query = select(inner).where(inner.c.place <= SAMPLE).order_by(inner.c.cluster_id, inner.c.place)
    found: defaultdict[int, list[Asked]] = defaultdict(list)
    for row in session.execute(query):
        exemplar = row.exemplar_rank is not None
        asked = Asked(row.id, row.text, row.course_code, row.lesson_code, row.language, exemplar)
        found[row.cluster_id].append(asked)
    return dict(found)


def _stored(session: Session) -> dict[int, dict[int, tuple[str, Sampled]]]:
    """What is known of each cluster's sample: what the first match rests on, and it, by question."""
    found: defaultdict[int, dict[int, tuple[str, Sampled]]] = defaultdict(dict)
    query = select(
        CoverageSample.cluster_id,
        CoverageSample.question_id,
        CoverageSample.case_id,
        CoverageSample.probability,
        CoverageSample.model_version,
    )
    for row in session.execute(query):
        sampled = Sampled(row.question_id, row.case_id, row.probability)
        found[row.cluster_id][row.question_id] = (row.model_version, sampled)
    return found


def _write(
    session: Session,
    cluster_id: int,
    sample: list[Sampled],
    lesson: LessonMatch | None,
    *,
    in_check: int | None,
    basis: str,
) -> None:
    if session.get(Cluster, cluster_id) is None:
        return
    ids = [one.question_id for one in sample]
    session.execute(
        delete(CoverageSample).where(
            (CoverageSample.cluster_id == cluster_id) | CoverageSample.question_id.in_(ids)
        )
    )
    living = set(session.scalars(select(Question.id).where(Question.id.in_(ids))))
    session.add_all(_rows(cluster_id, (one for one in sample if one.question_id in living), basis))
    verdict = covered(sample)
    row = session.get(Coverage, cluster_id) or Coverage(cluster_id=cluster_id)
    row.colour, row.sampled, row.sure = verdict.colour, verdict.sampled, verdict.sure
    row.same_case, row.case_id, row.in_check_id = verdict.same_case, verdict.case_id, in_check
    row.lesson_code = lesson.code if lesson else ""
    row.lesson_probability = lesson.probability if lesson else 0.0
    row.in_programme = lesson.probability >= IN_PROGRAMME if lesson else None
    row.model_version, row.checked_at = basis, utc_now()
    session.add(row)


def _rows(cluster_id: int, sample: Iterable[Sampled], basis: str) -> list[CoverageSample]:
    return [
        CoverageSample(
            question_id=one.question_id,
            cluster_id=cluster_id,
            case_id=one.case_id,
            probability=one.probability,
            model_version=basis,
        )
        for one in sample
    ]

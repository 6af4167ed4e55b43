"""One run of clustering over the questions of the school, from the index to stored clusters."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np
from sqlalchemy import case, select

from clustering.algorithms import make, strengths_of
from clustering.by_case import KEPT, case_of_each, grouped_by_case
from clustering.constraints import constrained
from clustering.labels import Description, describe
from clustering.neighbours import centred, together
from clustering.record import Finding, record
from clustering.theme_record import ThemesFound
from clustering.theme_words import found_themes
from kbsearch.database import Database
from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.queries import Query, prepare
from kbsearch.models import Question, QuestionState, Run, utc_now
from kbsearch.ports import Clusterer, Floats, Ints, Progress, SearchBackend, SecondVectors
from kbsearch.services.asides import AsideService
from kbsearch.services.current_run import current_run
from kbsearch.services.edit_rows import exemplars_of, places_of, standing_edits
from kbsearch.services.first_matches import First, FirstMatches, firsts_of, titles_of
from kbsearch.services.standing_edits import Standing

STEPS = 4
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, eq=False)
class _Material:
    """The questions to cluster: ids, asked, the lessons they were asked at and their languages, each (n,).

    ``vectors``: those of the index, (n, d).

    ``likeness``: rows (n, e) by which they are clustered, of all encoders, ``second`` among them if any.
    ``waiting`` are not indexed yet, ``small_talk`` of the others ask nothing and are set aside.
    ``newest``: the highest id of all.  ``firsts``: the cases that come first for them, with ``titles``.
    """

    ids: Ints
    asked: list[Query]
    lessons: list[str]
    languages: list[str]
    vectors: Floats
    likeness: Floats
    second: str
    waiting: frozenset[int]
    small_talk: int
    newest: int
    firsts: Mapping[int, First]
    titles: Mapping[int, str]


@dataclass(frozen=True, slots=True, eq=False)
class _Before:
    """What people demand, where questions and exemplars are now, and how fine the clusters are."""

    standing: Standing
    places: dict[int, int]
    exemplars: Mapping[int, Sequence[int]]
    resolution: float | None

    def initial(self, ids: Ints) -> Ints:
        """The cluster of each of ``ids`` as it is now, -1 for none."""
        return np.array([self.places.get(question, -1) for question in ids.tolist()], dtype=np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """Labels (n,), strengths (n,), clusters and themes in words, what was learned, what people fixed."""

    labels: Ints
    strengths: Floats
    described: dict[int, Description]
    themes: ThemesFound
    learned: dict[str, Any]
    fixed: dict[int, int]


class ClusterRunner:
    """Runs clustering and stores what it finds.

    Without ``first_matches`` it knows no cases.  ``second``: vectors of another encoder, which count as much
    as those of the index.
    """

    def __init__(
        self,
        database: Database,
        question_index: SearchBackend,
        first_matches: FirstMatches | None = None,
        second: SecondVectors | None = None,
    ) -> None:
        self._database = database
        self._index = question_index
        self._first_matches = first_matches
        self._second = second
        self._asides = AsideService(database, question_index)

    def run(
        self,
        progress: Progress,
        *,
        algorithm: str = "leiden",
        seed: int = 0,
        resolution: float | None = None,
        course: str = "",
        by_case: bool = True,
        accept: bool = True,
    ) -> int:
        """Cluster all questions that are indexed and not dismissed; returns the id of the run.

        Nothing is stored unless the whole run succeeds.  The same questions, seed and settings give the
        same clusters.  Whatever the algorithm finds is changed until all standing edits hold.

        Args:
            progress: told of each step.
            algorithm: a name that `clustering.algorithms.make` knows.
            seed: of everything drawn at random.
            resolution: granularity of Leiden; None finds it.
            course: only questions of this course; such runs have a lineage of their own.
            by_case: put together what one case answers.
            accept: replace the current clusters at once, instead of proposing what to change.

        Raises:
            InvalidInput: the algorithm or a setting is unknown.
            IndexUnavailable: the index cannot be read.
            StorageUnavailable: the database refuses.
        """
        make(algorithm, resolution=resolution)
        started, clock = utc_now(), perf_counter()
        progress(0, STEPS, "Reading questions")
        material = self._material(course, by_case=by_case, progress=progress)
        progress(1, STEPS, "Finding clusters")
        before = self._before(course)
        clusterer = _made(algorithm, material, before, seed=seed, resolution=resolution)
        outcome = _clustered(material, before, clusterer, seed, progress)
        progress(3, STEPS, "Storing clusters")
        asked = {"seed": seed, "resolution": resolution, "course": course}
        knew = {
            "by_case": by_case and self._first_matches is not None,
            "newest_question": material.newest,
            "second_encoder": material.second,
        }
        run = Run(
            course=course,
            algorithm=algorithm,
            parameters=asked | knew,
            quality={**_quality(material, outcome), "seconds": round(perf_counter() - clock, 2)},
            model_id=self._index.model_id,
            started_at=started,
        )
        run_id = record(self._database, run, _finding(material, outcome), accept=accept)
        progress(STEPS, STEPS, "Done")
        return run_id

    def _material(self, course: str, *, by_case: bool, progress: Progress) -> _Material:
        indexed, vectors = self._index.vectors()
        lesson = Question.course_code + "/" + Question.lesson_code
        query = select(
            Question.id,
            Question.text,
            Question.language,
            case((Question.lesson_code == "", ""), else_=lesson).label("lesson"),
        ).where(Question.state != QuestionState.DISMISSED)
        if course:
            query = query.where(Question.course_code == course)
        with self._database.reading() as session:
            rows = session.execute(query).all()
        everything = {row.id: row.text for row in rows}
        lessons = {row.id: row.lesson for row in rows}
        languages = {row.id: row.language for row in rows}
        known = np.array([question in everything for question in indexed.tolist()], dtype=bool)
        ids, vectors = indexed[known], vectors[known]
        waiting = frozenset(everything.keys() - set(ids.tolist()))
        aside = self._asides.judge_given(everything, ids, vectors)
        asking = np.array([question not in aside for question in ids.tolist()], dtype=bool)
        ids, vectors = ids[asking], vectors[asking]
        asked = [prepare(everything[question]) for question in ids.tolist()]
        told = [lessons[question] for question in ids.tolist()]
        spoken = [languages[question] for question in ids.tolist()]
        newest = max(everything, default=0)
        likeness, second = self._read_once_more(asked, vectors, progress)
        firsts, titles = self._cases(progress) if by_case else ({}, {})
        return _Material(
            ids, asked, told, spoken, vectors, likeness, second, waiting, len(aside), newest, firsts, titles
        )

    def _read_once_more(
        self, asked: Sequence[Query], vectors: Floats, progress: Progress
    ) -> tuple[Floats, str]:
        """Rows of both encoders' vectors and the id of the second; of the first one alone where it fails."""
        if self._second is None or not asked:
            return vectors, ""
        try:
            others = self._second.read([query.bare for query in asked], progress)
        except EncoderUnavailable as error:
            _log.warning("clusters are found without the second encoder: %s", error)
            return vectors, ""
        return together(vectors, others), self._second.model_id

    def _cases(self, progress: Progress) -> tuple[Mapping[int, First], Mapping[int, str]]:
        """The first cases of questions, and the titles of these cases."""
        if self._first_matches is None:
            return {}, {}
        self._first_matches.refresh(progress)
        with self._database.reading() as session:
            firsts = firsts_of(session, KEPT)
            return firsts, titles_of(session, {one.case_id for one in firsts.values() if one.case_id})

    def _before(self, course: str) -> _Before:
        with self._database.reading() as session:
            standing, base = standing_edits(session, course), current_run(session, course)
            if base is None:
                return _Before(standing, {}, {}, None)
            exemplars = exemplars_of(session, base.id, standing.kept)
            return _Before(standing, places_of(session, base.id), exemplars, base.quality.get("resolution"))


def _made(
    algorithm: str, material: _Material, before: _Before, *, seed: int, resolution: float | None
) -> Clusterer:
    """The clusterer ``algorithm``, told all that is known of the questions."""
    return make(
        algorithm,
        seed=seed,
        texts=[query.text for query in material.asked],
        lessons=material.lessons,
        languages=material.languages,
        initial=before.initial(material.ids),
        initial_resolution=before.resolution,
        resolution=resolution,
    )


def _clustered(
    material: _Material, before: _Before, clusterer: Clusterer, seed: int, progress: Progress
) -> _Outcome:
    n = len(material.ids)
    if n < 2:  # noqa: PLR2004  # nothing recurs in one question
        return _Outcome(
            np.full(n, -1, np.int64), np.zeros(n, np.float32), {}, ThemesFound(), {"by_case": 0.0}, {}
        )
    labels = np.asarray(clusterer.fit_predict(material.likeness), dtype=np.int64)
    strengths = strengths_of(clusterer, material.likeness, labels)
    words = [query.text for query in material.asked]
    laid = grouped_by_case(
        material.ids, words, labels, strengths, firsts=material.firsts, places=before.places
    )
    held = constrained(material.ids, laid.labels, before.places, before.standing, before.exemplars)
    by_people = held.placed & (held.labels >= 0)
    labels, strengths = held.labels, np.where(by_people, np.float32(1), laid.strengths).astype(np.float32)
    progress(2, STEPS, "Naming clusters")
    bare = [query.bare for query in material.asked]
    rows = centred(material.vectors)
    names = {label: material.titles[case] for label, case in case_of_each(labels, laid).items()}
    repaired = {row for row, query in enumerate(material.asked) if query.repaired}
    described = describe(bare, rows, labels, strengths, offered=names, repaired=repaired)
    titles = {label: each.label for label, each in described.items()}
    themes = found_themes(bare, rows, labels, seed, titles)
    learned = {
        name: round(value, 4)
        for name in ("resolution", "agreement")
        if isfinite(value := getattr(clusterer, f"{name}_", float("nan")))
    }
    learned["by_case"] = round(float((laid.cases >= 0).mean()), 4)
    return _Outcome(labels, strengths, described, themes, learned, held.fixed)


def _finding(material: _Material, outcome: _Outcome) -> Finding:
    """What is stored of the run."""
    return Finding(
        material.ids,
        outcome.labels,
        outcome.strengths,
        outcome.described,
        outcome.themes,
        fixed=outcome.fixed,
        newest=material.newest,
        waiting=material.waiting,
    )


def _quality(material: _Material, outcome: _Outcome) -> dict[str, Any]:
    inside = outcome.labels >= 0
    return {
        "questions": len(material.ids),
        "clusters": len(outcome.described),
        "themes": len(outcome.themes.words),
        "coverage": round(float(inside.mean()), 4) if len(inside) else 0.0,
        "mean_strength": round(float(outcome.strengths[inside].mean()), 4) if inside.any() else 0.0,
        "waiting": len(material.waiting),
        "small_talk": material.small_talk,
        **outcome.learned,
    }

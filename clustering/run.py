"""One run of clustering over the questions of the school, from the index to stored clusters."""

from __future__ import annotations

from dataclasses import dataclass
from math import isfinite
from time import perf_counter
from typing import Any

import numpy as np

from clustering.algorithms import Known, make, strengths_of
from clustering.before import Before, read_before
from clustering.by_case import ByCase, case_of_each, grouped_by_case
from clustering.constraints import constrained
from clustering.labels import Description, describe
from clustering.material import Material, MaterialReader
from clustering.neighbours import centred
from clustering.record import Finding, record
from clustering.theme_record import ThemesFound
from clustering.theme_words import found_themes
from kbsearch.database import Database
from kbsearch.models import Run, utc_now
from kbsearch.ports import Clusterer, Floats, Ints, Progress, SearchBackend, SecondVectors
from kbsearch.services.first_matches import FirstMatches

STEPS = 4


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
        self._reader = MaterialReader(database, question_index, first_matches, second)

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
        material = self._reader.read(course, by_case=by_case, progress=progress)
        progress(1, STEPS, "Finding clusters")
        before = read_before(self._database, course)
        clusterer = make(algorithm, _known(material, before), seed=seed, resolution=resolution)
        outcome = _clustered(material, before, clusterer, seed, progress)
        progress(3, STEPS, "Storing clusters")
        run = Run(
            course=course,
            algorithm=algorithm,
            parameters={"seed": seed, "resolution": resolution, "course": course} | _knew(material),
            quality=_quality(material, outcome) | {"seconds": round(perf_counter() - clock, 2)},
            model_id=self._index.model_id,
            started_at=started,
        )
        run_id = record(self._database, run, _finding(material, outcome), accept=accept)
        progress(STEPS, STEPS, "Done")
        return run_id


def _known(material: Material, before: Before) -> Known:
    """All that a clusterer can be told of the questions."""
    return Known(
        texts=[query.text for query in material.asked],
        lessons=material.lessons,
        languages=material.languages,
        initial=before.initial(material.ids),
        initial_resolutions=before.resolutions,
    )


def _clustered(
    material: Material, before: Before, clusterer: Clusterer, seed: int, progress: Progress
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
    strengths = np.where(by_people, np.float32(1), laid.strengths).astype(np.float32)
    progress(2, STEPS, "Naming clusters")
    described, themes = _named(material, held.labels, strengths, laid, seed)
    return _Outcome(held.labels, strengths, described, themes, _learned(clusterer, laid), held.fixed)


def _named(
    material: Material, labels: Ints, strengths: Floats, laid: ByCase, seed: int
) -> tuple[dict[int, Description], ThemesFound]:
    """The clusters and their themes in words; a cluster of one case has the case's title."""
    bare = [query.bare for query in material.asked]
    rows = centred(material.vectors)
    names = {label: material.titles[case] for label, case in case_of_each(labels, laid).items()}
    repaired = {row for row, query in enumerate(material.asked) if query.repaired}
    described = describe(bare, rows, labels, strengths, offered=names, repaired=repaired)
    titles = {label: each.label for label, each in described.items()}
    return described, found_themes(bare, rows, labels, seed, titles)


def _learned(clusterer: Clusterer, laid: ByCase) -> dict[str, Any]:
    """What the clusterer found out about the questions as a whole, and the share that cases placed."""
    learned: dict[str, Any] = {
        name: round(value, 4)
        for name in ("resolution", "agreement")
        if isfinite(value := getattr(clusterer, f"{name}_", float("nan")))
    }
    if parts := getattr(clusterer, "resolutions_", ()):
        learned["resolutions"] = [round(each, 4) for each in parts]
    return learned | {"by_case": round(float((laid.cases >= 0).mean()), 4)}


def _finding(material: Material, outcome: _Outcome) -> Finding:
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


def _knew(material: Material) -> dict[str, Any]:
    """What the run knew, as its parameters tell it."""
    return {
        "by_case": material.by_case,
        "newest_question": material.newest,
        "second_encoder": material.second,
    }


def _quality(material: Material, outcome: _Outcome) -> dict[str, Any]:
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

"""`kbsearch evaluate clustering`: measure clustering on a labelled set."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.options import ALGORITHM, AS_JSON, BY_CASE, LABELLED_SET, RESOLUTION, SEED
from kbsearch.cli.progress_bar import ProgressBar

if TYPE_CHECKING:
    from clustering.algorithms import Known
    from kbsearch.evaluation.clustering import ClusteringReport
    from kbsearch.evaluation.sets import LabelledQuestion, MatchingSet
    from kbsearch.ports import Clusterer, Embedder, Floats, Progress
    from kbsearch.services.first_matches import First

READ_AT_ONCE = 256
"""Questions that the second encoder reads before progress is told: a second's work."""


@click.command(
    "clustering",
    epilog="""\b
Examples:
  kbsearch evaluate clustering my-set
  kbsearch evaluate clustering my-set --algorithm hdbscan --json
  kbsearch evaluate clustering data/sample_school --no-by-case
""",
)
@LABELLED_SET
@AS_JSON
@ALGORITHM
@SEED
@RESOLUTION
@click.option("--encoder", default="", help="An encoder other than the one that is set.")
@BY_CASE
@click.option(
    "--drop-cases",
    default=0.0,
    type=click.FloatRange(0, 1, max_open=True),
    help="Remove this share of cases first.",
)
def command(  # noqa: PLR0917  # click passes options by name
    folder: Path,
    as_json: bool,
    algorithm: str,
    seed: int,
    resolution: float | None,
    encoder: str,
    by_case: bool,
    drop_cases: float,
) -> None:
    """Measure clustering on the labelled set in FOLDER, nothing being known of the labels.

    FOLDER holds questions.jsonl with a label in each row, a set for matching (a question that has no
    label is about the case that answers it), or is the sample school.  Lessons count where rows tell them.
    Questions in no cluster count as clusters of one.  The sample school tells what is small talk, so that
    it is set aside first, as a run does.  Where a set has cases, the questions that one case answers are
    put together.
    """
    from clustering.algorithms import make
    from clustering.by_case import WithCases
    from clustering.neighbours import together
    from indexer.embedders import open_embedder, open_second_embedder
    from kbsearch.config import load_settings
    from kbsearch.evaluation.matching import without_some

    make(algorithm, resolution=resolution)
    progress = ProgressBar(quiet=as_json)
    settings = load_settings(**({"encoder": encoder} if encoder else {}))
    labelled = _labelled(folder)
    embedder = open_embedder(settings.encoder)
    second = open_second_embedder(settings.second_encoder, settings.encoder)
    read = _read(labelled.questions, embedder)
    clusterer = make(algorithm, read.known, seed=seed, resolution=resolution)
    if by_case and labelled.cases:
        cases = without_some(labelled, drop_cases, seed)
        firsts = _first_cases(cases, read.asking, embedder, second, progress)
        clusterer = WithCases(clusterer, read.texts, firsts)
    likeness = read.vectors
    if second:
        likeness = together(likeness, _read_once_more(second, read.bare, progress))
    progress.close()
    report = _measured(clusterer, labelled.questions, likeness, read.aside)
    click.echo(json.dumps(_rounded(report)) if as_json else _table(report))


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    """What is read of n questions: ``bare`` (n,) with ``vectors`` (n, d), the places set ``aside``.

    ``asking`` are the others, ``texts`` what they ask, and ``known`` what a clusterer is told of them.
    """

    bare: list[str]
    vectors: Floats
    aside: Collection[int]
    asking: list[LabelledQuestion]
    texts: list[str]
    known: Known


def _read(questions: Sequence[LabelledQuestion], embedder: Embedder) -> _Read:
    from clustering.algorithms import Known
    from kbsearch.matching.queries import prepare
    from kbsearch.text.language import detect_language

    asked = [prepare(question.text) for question in questions]
    bare = [each.bare for each in asked]
    vectors = embedder.encode(bare, "passage")
    aside = _small_talk(questions, vectors, embedder.model_id)
    kept = [place for place in range(len(questions)) if place not in aside]
    asking, texts = [questions[place] for place in kept], [asked[place].text for place in kept]
    lessons, languages = [one.lesson for one in asking], [detect_language(text) for text in texts]
    known = Known(texts=texts, lessons=lessons, languages=languages)
    return _Read(bare, vectors, aside, asking, texts, known)


def _first_cases(
    cases: MatchingSet,
    questions: Sequence[LabelledQuestion],
    embedder: Embedder,
    second: Embedder | None,
    progress: Progress,
) -> dict[int, First]:
    """The case that comes first for each question, by its place."""
    from indexer.measuring import temporary_matcher
    from kbsearch.services.first_matches import ask, first_of

    found = {}
    with temporary_matcher(cases, embedder, second, progress=progress) as (matcher, _):
        for place, one in enumerate(questions):
            found[place] = first_of(ask(matcher, one.text, one.course, one.lesson))
            progress(place + 1, len(questions), "asking which cases answer")
    return found


def _read_once_more(second: Embedder, texts: Sequence[str], progress: Progress) -> Floats:
    import numpy as np

    read = [np.zeros((0, second.dimension), np.float32)]
    for start in range(0, len(texts), READ_AT_ONCE):
        read.append(second.encode(texts[start : start + READ_AT_ONCE], "query"))
        progress(min(start + READ_AT_ONCE, len(texts)), len(texts), "reading questions once more")
    return np.concatenate(read)


def _small_talk(questions: Sequence[LabelledQuestion], vectors: Floats, model_id: str) -> Collection[int]:
    """The places of what a run would set aside; nothing where the set does not tell what is small talk."""
    from kbsearch.matching.small_talk import load_small_talk_model

    if any(question.asks is None for question in questions):
        return ()
    texts = [question.text for question in questions]
    return load_small_talk_model().told(texts, vectors, model_id)


def _measured(
    clusterer: Clusterer, questions: Sequence[LabelledQuestion], vectors: Floats, aside: Collection[int]
) -> ClusteringReport:
    import numpy as np

    from kbsearch.evaluation.clustering import measure_clustering, measure_with_small_talk

    labels = [question.label for question in questions]
    if any(question.asks is None for question in questions):
        return measure_clustering(clusterer, vectors, labels)
    set_aside = np.isin(np.arange(len(questions)), list(aside))
    asks = np.array([question.asks for question in questions], bool)
    return measure_with_small_talk(clusterer, vectors, labels, set_aside, asks)


def _labelled(folder: Path) -> MatchingSet:
    """The set in ``folder``, with its cases if it has some.

    Where pairs tell which case answers a question that has no label, the case is what it is about.
    """
    from kbsearch.errors import InvalidInput
    from kbsearch.evaluation.sets import MatchingSet, read_matching_set, read_questions

    if (folder / "truth.csv").exists() or (folder / "cases.jsonl").exists():
        found = read_matching_set(folder)
        questions = [
            replace(one, label=one.label or min(found.relevant.get(one.id, {""}))) for one in found.questions
        ]
        found = replace(found, questions=tuple(one for one in questions if one.label))
    else:
        found = MatchingSet(folder.name, (), read_questions(folder), {})
    if not any(question.label for question in found.questions):
        raise InvalidInput(
            "No question in {folder} has a label.",
            remedy='Give each row of questions.jsonl a "label": what the question is about.',
            folder=str(folder),
        )
    return found


def _rounded(report: ClusteringReport) -> dict[str, Any]:
    shown = {name: value for name, value in dataclasses.asdict(report).items() if value is not None}
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in shown.items()}


def _table(report: ClusteringReport) -> str:
    figures = _rounded(report)
    names = [f"{name:>{max(10, len(name) + 2)}}" for name in figures]
    values = [f"{value:>{max(10, len(name) + 2)}}" for name, value in figures.items()]
    return "\n".join(["".join(names), "".join(values)])

"""Fits how likely a lesson teaches what is asked, on the sample school, and says how well it holds.

    python -m benchmarks.fit_lessons

Prints the coefficients that stand in `kbsearch.insights.lessons`, and figures held out by topic (10 folds).
A topic is in the programme when its case belongs to a lesson, or when the README of the sample school says
that a lesson covers it.  Topics stand for clusters: three of their questions are drawn as exemplars,
six times.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import GroupKFold

from indexer.embedders import open_embedder
from kbsearch.importers.markdown_cases import open_markdown
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingCase
from kbsearch.importers.sample_school import read_questions, read_truth, sample_school_folder
from kbsearch.insights.lessons import IN_PROGRAMME, SURE_LESSON, LessonText, Outlines
from kbsearch.matching.queries import bare_text
from kbsearch.matching.unrelated import EncoderBackground
from kbsearch.matching.word_weights import word_weight
from kbsearch.text.words import stems

TAUGHT_WITHOUT_CASE = ("py-x-recursion", "fe-x-css-animation")
EXEMPLARS, DRAWS, FOLDS, SEED = 3, 6, 10, 3


@dataclass(frozen=True)
class School:
    """Questions with what is true of them, and both signals, shape (questions, lessons)."""

    outlines: Outlines
    courses: list[str]
    topics: list[str]
    right: list[frozenset[str]]
    likeness: Any
    explained: Any


def load() -> School:
    """The sample school, encoded."""
    folder = sample_school_folder()
    outlines = Outlines(_lessons())
    truth = read_truth(folder)
    lessons_of = {
        case.slug: frozenset(case.lessons)
        for case in open_markdown(folder / "cases", ImportOptions()).records()
        if isinstance(case, IncomingCase)
    }
    asked = [one for one in read_questions(folder) if truth[one.external_id].is_question]
    texts = [bare_text(one.text) for one in asked]
    embedder = open_embedder("bundled")
    parts, questions = embedder.encode(outlines.parts, "passage"), embedder.encode(texts, "query")
    likeness = EncoderBackground(embedder).standardised(outlines.likeness(questions, parts))
    counts = Counter(word for text in texts for word in set(stems(text)))
    weights = {word: word_weight(count, len(texts)) for word, count in counts.items()}
    right = [
        lessons_of.get(truth[one.external_id].case_slug)
        or (frozenset([one.lesson]) if truth[one.external_id].topic in TAUGHT_WITHOUT_CASE else frozenset())
        for one in asked
    ]
    return School(
        outlines,
        [one.course for one in asked],
        [truth[one.external_id].topic for one in asked],
        right,
        likeness,
        outlines.explained(texts, weights),
    )


def _lessons() -> list[LessonText]:
    found = []
    for path in sorted((sample_school_folder() / "courses").glob("*.json")):
        course = json.loads(path.read_text("utf-8"))
        found += [
            LessonText(one["id"], course["id"], one["title"], one["outline"]) for one in course["lessons"]
        ]
    return found


def signals(school: School, likeness: Any, explained: Any, allowed: Any) -> tuple[list[str], Any]:
    """The nearest lessons and, for each row, likeness, explained share and lead: what is fitted on."""
    seen: list[tuple[float, float, float]] = []

    class Note:
        def probability(self, *values: float) -> float:
            seen.append(values)  # type: ignore[arg-type]
            return 0.0

    found = school.outlines.nearest(likeness, explained, allowed, Note())  # type: ignore[arg-type]
    return [one.code for one in found], np.array(seen)


def clusters(school: School) -> tuple[Any, Any, Any]:
    """Rows of `signals` for drawn exemplars, whether the topic is in the programme, and the topic."""
    chance = np.random.default_rng(SEED)
    by_topic = defaultdict(list)
    for at, topic in enumerate(school.topics):
        by_topic[topic].append(at)
    drawn = [
        (topic, list(chance.permutation(ids)[:EXEMPLARS]))
        for topic, ids in by_topic.items()
        if len(ids) > 1
        for _ in range(DRAWS)
    ]
    likeness = np.array([school.likeness[ids].mean(axis=0) for _, ids in drawn])
    explained = np.array([school.explained[ids].mean(axis=0) for _, ids in drawn])
    _, table = signals(school, likeness, explained, np.ones(likeness.shape, bool))
    taught = np.array([bool(school.right[ids[0]]) for _, ids in drawn])
    return table, taught, np.array([topic for topic, _ in drawn])


def questions(school: School) -> tuple[Any, Any, Any]:
    """Rows of `signals` for single questions, whether the nearest lesson is right, and the topic."""
    allowed = school.outlines.of_courses(school.courses)
    codes, table = signals(school, school.likeness, school.explained, allowed)
    right = np.array([code in right for code, right in zip(codes, school.right, strict=True)])
    return table, right, np.array(school.topics)


def held_out(table: Any, right: Any, topics: Any) -> Any:
    """Probabilities of rows whose topic was not fitted on."""
    found = np.zeros(len(right))
    for train, test in GroupKFold(FOLDS).split(table, right, topics):
        found[test] = fitted(table[train], right[train]).predict_proba(table[test])[:, 1]
    return found


def fitted(table: Any, right: Any) -> LogisticRegression:
    """A logistic regression; all three signals are of the same order, so they are not scaled."""
    return LogisticRegression(C=1.0, max_iter=1_000).fit(table, right)


def report(name: str, table: Any, right: Any, topics: Any, threshold: float) -> Any:
    """Print the coefficients and how well they hold; returns the held-out probabilities."""
    model, found = fitted(table, right), held_out(table, right, topics)
    weights = ", ".join(f"{value:.3f}" for value in (*model.coef_[0], model.intercept_[0]))
    sure = found >= threshold
    print(f"{name} = Fit({weights})")
    print(f"  held out: n {len(right)}, right {right.mean():.3f}, AUC {roc_auc_score(right, found):.3f}")
    above, below = right[sure].mean(), right[~sure].mean()
    print(f"  from {threshold}: {sure.sum()} rows, right {above:.3f}; below: {below:.3f}")
    return found


def main() -> None:
    """Fit both and print."""
    school = load()
    table, taught, topics = clusters(school)
    found = report("OF_CLUSTERS", table, taught, topics, IN_PROGRAMME)
    for topic in sorted({one for one in topics if "-x-" in one}):
        print(f"    {topic:26} {found[topics == topic].mean():.2f}")
    report("OF_QUESTIONS", *questions(school), SURE_LESSON)


if __name__ == "__main__":
    main()

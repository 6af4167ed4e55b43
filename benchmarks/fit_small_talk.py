"""Fits the model of small talk and writes `kbsearch/matching/small_talk.json`.

    python -m benchmarks.fit_small_talk [DIR ...]

It is fitted on `data/small_talk` and on the messages of `data/other_schools`.  The threshold is the one that
sets aside 3 % of all their questions when the subject or the school that they are of is held out.  The sample
school is measured only, never fitted on; so are the sets of questions in each DIR, all of which count as real
questions.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.fit_model import OTHERS, schools
from indexer.embedders.bundled import BundledEmbedder
from kbsearch.evaluation.sets import read_questions as read_set
from kbsearch.importers.sample_school import read_questions, read_truth, sample_school_folder
from kbsearch.matching import small_talk
from kbsearch.matching.queries import bare_text
from kbsearch.matching.small_talk import (
    NAMES,
    SmallTalkModel,
    may_be_small_talk,
    small_talk_model_from,
    talk_features,
)
from kbsearch.ports import Embedder, Floats

SOURCE = sample_school_folder().parent / "small_talk" / "messages.csv"
TARGET = Path(small_talk.__file__).with_name("small_talk.json")
VERSION = "small-talk-4"
MOST_WRONG = 0.03
STRENGTH = 0.1
"""Inverse of the regularisation of standardised features."""
VECTOR_SCALE = 8.0
"""What a vector is multiplied with beside standardised features: the middle of what did equally well."""
FOLDS = 10
MARKS = (" 🙏", " 😭", "!!!", ")))", " 🤔", ")")
MOODY = 10
"""One question in so many is fitted on with one of `MARKS` at its end, too: whoever wrote the messages left
moods to small talk, students do not."""
SCHOOL = "school:"
"""Begins the subject of a whole school."""


def _fit(table: Floats, vectors: Floats, labels: Any) -> tuple[Any, Any, float]:
    """Weights of the features as they are, of the vector, and the intercept."""
    from sklearn.linear_model import LogisticRegression

    mean, scale = table.mean(axis=0), np.maximum(table.std(axis=0), 1e-6)
    rows = np.hstack([(table - mean) / scale, vectors * VECTOR_SCALE])
    found = LogisticRegression(C=STRENGTH, max_iter=5_000).fit(rows, labels)
    weights = found.coef_[0, : len(NAMES)] / scale
    vector = found.coef_[0, len(NAMES) :] * VECTOR_SCALE
    return weights, vector, float(found.intercept_[0] - weights @ mean)


def _held_out(table: Floats, vectors: Floats, labels: Any, subjects: Any) -> Any:
    """Logits of each row from a fit without its subject."""
    from sklearn.model_selection import GroupKFold

    logits = np.zeros(len(labels))
    for train, test in GroupKFold(FOLDS).split(table, labels, subjects):
        weights, vector, intercept = _fit(table[train], vectors[train], labels[train])
        logits[test] = table[test] @ weights + vectors[test] @ vector + intercept
    return logits


@dataclass(frozen=True, slots=True, eq=False)
class _Messages:
    """What is fitted on: n texts, whether each asks nothing, and what it is of; arrays of shape (n,)."""

    texts: list[str]
    asides: Any
    subjects: Any


def _messages() -> _Messages:
    """`data/small_talk`, and the other schools, each a subject of its own."""
    with SOURCE.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["kind"] == "aside", row["subject"]) for row in csv.DictReader(file)]
    with (OTHERS / "asides.csv").open(encoding="utf-8", newline="") as file:
        asides = {(row["school"], row["question_id"]) for row in csv.DictReader(file)}
    for school in schools()[1:]:
        rows += [
            (one.text, (school.name, one.id) in asides, f"{SCHOOL}{school.name}") for one in school.questions
        ]
    rows += _in_a_mood([row for row in rows if not row[1]])
    texts, labels, subjects = zip(*rows, strict=True)
    return _Messages(list(texts), np.array(labels), np.array(subjects))


def _in_a_mood(questions: Sequence[tuple[str, bool, str]]) -> list[tuple[str, bool, str]]:
    """Some of ``questions`` with a mark of mood at their end."""
    chosen = zip(questions[::MOODY], cycle(MARKS), strict=False)
    return [(f"{text.rstrip(' .?!')}{mark}", aside, subject) for (text, aside, subject), mark in chosen]


def _regression(table: Floats, vectors: Floats, given: _Messages) -> tuple[dict[str, Any], dict[str, Any]]:
    """What is stored, and its held-out figures."""
    labels = given.asides
    weights, vector, intercept = _fit(table, vectors, labels)
    chances = 1 / (1 + np.exp(-_held_out(table, vectors, labels, given.subjects)))
    chances[[not may_be_small_talk(text) for text in given.texts]] = 0.0
    threshold = float(np.quantile(chances[~labels], 1 - MOST_WRONG))
    stored = {
        "weights": {name: round(float(one), 5) for name, one in zip(NAMES, weights, strict=True)},
        "vector": [round(float(one), 4) for one in vector],
        "intercept": round(intercept, 5),
        "threshold": round(threshold, 4),
    }
    return stored, _figures(chances > threshold, given)


def _figures(aside: Any, given: _Messages) -> dict[str, Any]:
    """Shares of small talk and of questions set ``aside``: of all, of the messages, of each school."""
    of_school = np.char.startswith(given.subjects, SCHOOL)
    names = sorted(set(given.subjects[of_school].tolist()))
    parts = {"all": np.ones(len(aside), bool), "small_talk": ~of_school}
    parts |= {name.removeprefix(SCHOOL): given.subjects == name for name in names}
    return {
        name: {
            "aside": round(float(aside[part & given.asides].mean()), 4),
            "questions_aside": round(float(aside[part & ~given.asides].mean()), 4),
        }
        for name, part in parts.items()
    }


def fitted(embedder: Embedder) -> dict[str, Any]:
    """The model as it is stored."""
    given = _messages()
    table = np.stack([talk_features(text) for text in given.texts]).astype(np.float64)
    vectors = embedder.encode([bare_text(text) for text in given.texts], "passage").astype(np.float64)
    full, full_figures = _regression(table, vectors, given)
    alone, alone_figures = _regression(table, vectors[:, :0], given)
    return {
        "version": VERSION,
        "provenance": "python -m benchmarks.fit_small_talk: data/small_talk and data/other_schools "
        f"({given.asides.sum()} messages of small talk, {(~given.asides).sum()} questions), {FOLDS}-fold "
        "cross-validation by subject and school",
        "model_id": embedder.model_id,
        "held_out": {"full": full_figures, "words_only": alone_figures},
        "full": full,
        "words_only": alone,
    }


def _set_aside(model: SmallTalkModel, embedder: Embedder, texts: list[str]) -> tuple[Any, Any]:
    """Which are set aside: with vectors, and by words alone."""
    vectors = embedder.encode([bare_text(text) for text in texts], "passage")
    told = [model.told(texts, vectors, embedder.model_id), model.told(texts)]
    full, alone = (np.isin(np.arange(len(texts)), list(each)) for each in told)
    return full, alone


def _report_school(model: SmallTalkModel, embedder: Embedder) -> None:
    folder = sample_school_folder()
    truth = read_truth(folder)
    questions = list(read_questions(folder))
    real = np.array([truth[each.external_id].is_question for each in questions])
    texts = [each.text for each in questions]
    for name, aside in zip(("full", "words only"), _set_aside(model, embedder, texts), strict=True):
        print(f"sample school, {name}: aside {aside[~real].mean():.3f}, questions {aside[real].mean():.4f}")
    short = np.array([len(text) <= 40 for text in texts]) & real
    full = _set_aside(model, embedder, texts)[0]
    print(f"  of {short.sum()} questions of at most 40 characters {full[short].mean():.4f}")


def main(folders: list[str]) -> None:
    """Fit, write and report."""
    embedder = BundledEmbedder()
    stored = fitted(embedder)
    TARGET.write_text(json.dumps(stored, ensure_ascii=False, indent=1) + "\n", "utf-8")
    print(json.dumps(stored["held_out"]))
    model = small_talk_model_from(stored)
    _report_school(model, embedder)
    for folder in folders:
        texts = [each.text for each in read_set(Path(folder))]
        full, alone = _set_aside(model, embedder, texts)
        print(f"{Path(folder).name}: full {full.mean():.4f}, words only {alone.mean():.4f}")


if __name__ == "__main__":
    main(sys.argv[1:])

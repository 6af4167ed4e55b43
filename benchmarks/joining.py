"""How fast, and how rightly, new questions join clusters.

    python -m benchmarks.joining speed [QUESTIONS]
    python -m benchmarks.joining quality DIR ...

``speed`` puts QUESTIONS (100,000) invented vectors of both encoders in 2,000 clusters and 5,000 strangers,
and times single questions: what the second encoder reads of them, and their places.  ``quality`` clusters
four fifths of a labelled set, lets the others join, and compares with where a run over everything puts them;
then it leaves an eighth of the topics out of clustering and counts which of their questions join all the
same, and which candidates open.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.likeness import read_by_both
from clustering.algorithms import Known, make
from clustering.places import Places
from clustering.strangers import MOST, Strangers
from indexer.embedders import E5_SMALL, open_embedder
from indexer.kept_vectors import KeptVectors
from kbsearch.evaluation.sets import read_matching_set, read_questions
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching.queries import prepare
from kbsearch.ports import Floats, Ints, Role
from kbsearch.text.language import detect_language

HELD = 0.2
OUT = 8
"""One topic of so many is left out."""
COLUMNS = 512 + 384
"""Of the rows of both encoders."""


def _unit(rows: Floats) -> Floats:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


class _Filling:
    """The second encoder, which reads single texts; a store is filled with invented vectors."""

    def __init__(self) -> None:
        self._inner = open_embedder(E5_SMALL)
        self._draw = np.random.default_rng(0)
        self.model_id, self.dimension = self._inner.model_id, self._inner.dimension

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Vectors of ``texts``."""
        if len(texts) == 1:
            return self._inner.encode(texts, role)
        return _unit(self._draw.standard_normal((len(texts), self.dimension)))


def speed(count: int) -> None:
    """Time single questions with ``count`` members."""
    draw = np.random.default_rng(0)
    centres = draw.standard_normal((2_000, COLUMNS)).astype(np.float32)
    sizes = draw.zipf(1.6, 2_000).clip(3, 4_000)
    clusters = draw.choice(2_000, count, p=sizes / sizes.sum())
    rows = _unit(centres[clusters] + 0.8 * draw.standard_normal((count, COLUMNS)).astype(np.float32))
    started = perf_counter()
    places = Places(rows, clusters)
    seconds = perf_counter() - started
    print(f"{count} questions in {len(set(clusters.tolist()))} clusters, read in {seconds:.1f} s")
    strangers = Strangers(COLUMNS)
    for number, row in enumerate(_unit(draw.standard_normal((MOST, COLUMNS)))):
        strangers.add(number, str(number), row)
    asked = draw.permutation(np.vstack([rows[:1_000], _unit(draw.standard_normal((1_000, COLUMNS)))]))
    texts = [f"{one.text} {number}" for number, one in enumerate(read_questions(sample_school_folder()))]
    with TemporaryDirectory() as folder:
        second = KeptVectors(Path(folder), _Filling())
        second.read([f"question {number}" for number in range(count)])
        second.read(texts[:1])
        read = [_milliseconds(partial(second.read, [text])) for text in texts[1 : 1 + len(asked)]]
    placed = [_milliseconds(partial(_place, places, strangers, row)) for row in asked[: len(read)]]
    for name, times in (("read", read), ("placed", placed), ("both", np.add(read, placed))):
        print(
            name.ljust(6), "ms p50 {:.1f}, p95 {:.1f}, p99 {:.1f}".format(*np.percentile(times, [50, 95, 99]))
        )


def _place(places: Places, strangers: Strangers, row: Floats) -> None:
    place = places.of(row)
    if place is None or not place.fits:
        strangers.agreeing(row, places.typical)


def _milliseconds(task: Callable[[], object]) -> float:
    begun = perf_counter()
    task()
    return (perf_counter() - begun) * 1_000


def quality(folder: Path) -> None:
    """Compare joining with a run over everything."""
    school = (folder / "truth.csv").exists()
    found = read_matching_set(folder).questions if school else read_questions(folder)
    found = tuple(one for one in found if one.label and one.label != "chitchat")
    topics = np.array([one.label for one in found])
    asked = [prepare(one.text) for one in found]
    _, likeness = read_by_both([one.bare for one in asked])
    words = [one.text for one in asked]
    draw = np.random.default_rng(0)
    held = draw.random(len(found)) < HELD
    whole = _clustered(likeness, words, np.ones(len(found), bool))
    part = _clustered(likeness, words, ~held)
    _report_places(folder.name, likeness, held, whole, part)
    out = np.isin(topics, draw.choice(np.unique(topics), len(np.unique(topics)) // OUT, replace=False))
    _report_strangers(likeness, topics, out, _clustered(likeness, words, ~out))


def _clustered(vectors: Floats, words: Sequence[str], which: Any) -> Ints:
    """Labels of all rows, -1 for those that are left out."""
    rows = np.flatnonzero(which)
    labels = np.full(len(vectors), -1, np.int64)
    texts = [words[row] for row in rows]
    clusterer = make("leiden", Known(texts=texts, languages=[detect_language(text) for text in texts]))
    labels[rows] = clusterer.fit_predict(vectors[rows])
    return labels


def _places(vectors: Floats, labels: Ints) -> tuple[Places, Floats]:
    """Places of the clustered rows, and all rows centred as they are."""
    inside = labels >= 0
    rows = _unit(vectors - vectors[inside].mean(axis=0) + 1e-9)
    return Places(rows[inside], labels[inside]), rows


def _report_places(name: str, vectors: Floats, held: Any, whole: Ints, part: Ints) -> None:
    places, rows = _places(vectors, part)
    heirs = {}
    for label in range(part.max() + 1):
        now = whole[(part == label) & (whole >= 0)]
        heirs[label] = int(np.bincount(now).argmax()) if len(now) else -2
    given = np.full(len(rows), -1, np.int64)
    for row in np.flatnonzero(held):
        place = places.of(rows[row])
        if place is not None and place.fits:
            given[row] = heirs[place.cluster_id]
    clustered = held & (whole >= 0)
    joined = clustered & (given != -1)
    both = ~held & (part >= 0) & (whole >= 0)
    again = np.array([heirs[label] for label in part[both]]) == whole[both]
    left_out = held & (whole < 0)
    right = (given[joined] == whole[joined]).mean()
    print(
        f"{name}: of {clustered.sum()} held-out questions that a full run clusters"
        f" {joined.sum() / clustered.sum():.3f} join, {right:.3f} of them where the full run puts them"
        f" (two runs agree on {again.mean():.3f} of the others);"
        f" of {left_out.sum()} that it leaves out {(given[left_out] == -1).mean():.3f} stay out"
    )


def _report_strangers(vectors: Floats, topics: Any, out: Any, labels: Ints) -> None:
    places, rows = _places(vectors, labels)
    strangers = Strangers(rows.shape[1])
    purity, joined, opened = [], 0, set()
    for number, row in enumerate(np.random.default_rng(1).permutation(np.flatnonzero(out))):
        place = places.of(rows[row])
        if place is not None and place.fits:
            joined += place.cluster_id <= labels.max()
            continue
        strangers.add(int(row), "", rows[row])
        agreeing = strangers.agreeing(rows[row], places.typical)
        if agreeing and not places.holds(strangers.rows(agreeing)):
            ids = strangers.ids(agreeing)
            most = Counter(topics[ids].tolist()).most_common(1)[0]
            purity.append(most[1] / len(ids))
            opened.add(most[0])
            places.open(strangers.rows(agreeing), int(labels.max()) + 1 + number)
            strangers.remove(ids)
    print(
        f"  {len(set(topics[out]))} topics left out: {joined / out.sum():.3f} of their {out.sum()} questions"
        f" join an old cluster; {len(purity)} candidates open, for {len(opened)} of the topics, of one topic"
        f" to {np.mean(purity) if purity else float('nan'):.3f}"
    )


if __name__ == "__main__":
    if sys.argv[1] == "speed":
        speed(int(sys.argv[2]) if len(sys.argv) > 2 else 100_000)
    else:
        for each in sys.argv[2:]:
            quality(Path(each))

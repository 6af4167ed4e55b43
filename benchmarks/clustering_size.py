"""How clustering grows with the number of questions, vectors given: seconds, processor seconds, peak memory.

    python -m benchmarks.clustering_size [--sizes 10000 30000 100000]

The vectors are those of the invented schools' questions, drawn by the frequency of 1 / rank and moved at
random, so that there are large and small groups and much between them.  Each size is measured in a process
of its own.
"""

from __future__ import annotations

import argparse
import math
import resource
import subprocess
import sys
import time

import numpy as np

from benchmarks.fit_model import schools
from benchmarks.likeness import read_by_both
from clustering.algorithms import Known, make
from kbsearch.matching.queries import prepare
from kbsearch.ports import Floats
from kbsearch.text.language import detect_language

APART = 0.7
"""Length of the random step from a question's unit vector: a cosine of about .8 to it."""


def drawn(count: int) -> tuple[list[str], Floats]:
    """``count`` texts, no two equal, and their unit vectors, shape (count, dimension)."""
    asked = [prepare(question.text) for school in schools() for question in school.questions]
    _, known = read_by_both([one.bare for one in asked])
    chance = np.random.default_rng(0)
    share = 1 / np.arange(10, len(asked) + 10)
    picked = chance.permutation(len(asked))[chance.choice(len(asked), count, p=share / share.sum())]
    step = chance.standard_normal((count, known.shape[1]), dtype=np.float32)
    step *= APART / np.linalg.norm(step, axis=1, keepdims=True)
    moved = known[picked] + step
    texts = [f"{asked[place].text} {number}" for number, place in enumerate(picked.tolist())]
    return texts, moved / np.linalg.norm(moved, axis=1, keepdims=True)


def measure(count: int) -> None:
    """Print count, seconds, processor seconds, peak memory in MB and clusters of one size."""
    texts, vectors = drawn(count)
    clusterer = make("leiden", Known(texts=texts, languages=[detect_language(text) for text in texts]))
    start, busy = time.perf_counter(), time.process_time()
    labels = clusterer.fit_predict(vectors)
    seconds, spent = time.perf_counter() - start, time.process_time() - busy
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(count, round(seconds, 1), round(spent, 1), round(peak), len(set(labels.tolist()) - {-1}))


def main() -> None:
    """Measure each size and tell the exponent of growth."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 30_000, 100_000])
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        measure(given.one)
        return
    print("| questions | s | processor s | peak MB | clusters |\n|---|---|---|---|---|")
    rows = []
    for size in given.sizes:
        command = [sys.executable, "-m", "benchmarks.clustering_size", "--one", str(size)]
        found = subprocess.run(command, check=True, capture_output=True, text=True)
        rows.append([float(cell) for cell in found.stdout.split()])
        print("| " + " | ".join(found.stdout.split()) + " |", flush=True)
    (few, short, *_), (many, long, *_) = rows[0], rows[-1]
    if many > few:
        print(f"time grows as n^{math.log(long / short) / math.log(many / few):.2f}")


if __name__ == "__main__":
    main()

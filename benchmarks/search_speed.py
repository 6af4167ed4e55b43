"""Speed of the embedded index: text, vectors, both, over many questions, with bm25s beside the text part.

    python -m benchmarks.search_speed [--documents 100000] [--queries 300]

Texts are drawn from the words of the sample school with the frequencies they have there, so common words
are as common as in real questions.  Vectors are random units: exact search takes the same time for any.
"""

from __future__ import annotations

import argparse
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import HashingEmbedder, unit_rows
from kbsearch.ports import Document, Floats, TextQuery
from kbsearch.text.words import stems

SCHOOL = Path(__file__).parent.parent / "data" / "sample_school"
DIMENSION = 512
BATCH = 4_096


def texts(count: int, seed: int) -> list[str]:
    """``count`` questions of 4 to 20 words, one of which is rare."""
    chance = random.Random(seed)  # noqa: S311  # a seed, no secret
    files = sorted(SCHOOL.rglob("*.md")) + sorted(SCHOOL.rglob("*.jsonl"))
    words = re.findall(r"\w+", " ".join(path.read_text("utf-8") for path in files))
    rare = ["".join(chance.choices("абвгдежзиклмн", k=6)) for _ in range(20_000)]
    return [
        " ".join([*chance.choices(words, k=chance.randint(3, 19)), chance.choice(rare)]) for _ in range(count)
    ]


def vectors(count: int, seed: int) -> Floats:
    """``count`` random unit vectors."""
    return unit_rows(np.random.default_rng(seed).standard_normal((count, DIMENSION), dtype=np.float32))


def batches(questions: Sequence[str]) -> Iterator[list[Document]]:
    """The questions as documents."""
    for start in range(0, len(questions), BATCH):
        piece = questions[start : start + BATCH]
        rows = vectors(len(piece), start)
        yield [
            Document(start + at, {"title": text}, "", (), "ru", "open", ("question",), rows[at : at + 1])
            for at, text in enumerate(piece)
        ]


def timed(name: str, search: Callable[[int], object], queries: int) -> None:
    """Print p50 and p95 of ``search`` in milliseconds, the first tenth as a warm-up."""
    taken = []
    for number in range(queries):
        start = time.perf_counter()
        search(number)
        taken.append(1_000 * (time.perf_counter() - start))
    p50, p95 = np.percentile(taken[queries // 10 :], [50, 95])
    print(f"| {name} | {p50:.1f} | {p95:.1f} |", flush=True)


def beside(questions: Sequence[str], asked: Sequence[str]) -> None:
    """The same text searches with bm25s."""
    import bm25s

    retriever = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    retriever.index([stems(text) for text in questions], show_progress=False)
    timed(
        "text, bm25s",
        lambda n: retriever.retrieve([stems(asked[n])], k=100, show_progress=False),
        len(asked),
    )


def main() -> None:
    """Build an index in a temporary folder and measure it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--documents", type=int, default=100_000)
    parser.add_argument("--queries", type=int, default=300)
    given = parser.parse_args()
    questions, asked = texts(given.documents, 1), texts(given.queries, 2)
    encoded = vectors(given.queries, 3)
    with tempfile.TemporaryDirectory() as folder:
        index = EmbeddedIndex(Path(folder) / "questions", HashingEmbedder(DIMENSION))
        start = time.perf_counter()
        for batch in batches(questions):
            index.upsert(batch)
        while index.writer.compact():
            pass
        print(f"{given.documents:,} questions, {len(index.view().segments)} segments,", end=" ")
        print(f"indexed at {given.documents / (time.perf_counter() - start):,.0f}/s without encoding\n")
        print("| search | p50 ms | p95 ms |\n|---|---|---|")

        def hybrid(number: int) -> None:
            index.search_text(TextQuery(asked[number], limit=100))
            index.search_vector(encoded[number], limit=100)

        timed("text", lambda n: index.search_text(TextQuery(asked[n], limit=100)), len(asked))
        timed("vectors", lambda n: index.search_vector(encoded[n], limit=100), len(asked))
        timed("text and vectors", hybrid, len(asked))
        timed("did you mean", lambda n: index.did_you_mean(asked[n][:-1]), len(asked))
        timed(
            "advanced: two words and a minus",
            lambda n: index.search_text(
                TextQuery(f"{asked[n].split()[0]} {asked[n].split()[1]} -git", "advanced")
            ),
            min(60, len(asked)),
        )
        beside(questions, asked)


if __name__ == "__main__":
    main()

"""From a file to searchable: questions a second, with the encoder that the settings name.

What follows of it comes after: repeats of earlier questions, small talk, a cluster for each.

python -m benchmarks.import_speed [--questions 5000] [--encoder bundled]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from benchmarks.search_speed import SCHOOL
from indexer.pipeline import BULK
from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.ports import silent


def write_questions(path: Path, count: int) -> None:
    """Write ``count`` questions of the sample school, each with a number, so that no two are equal."""
    texts = []
    for file in sorted(SCHOOL.rglob("*questions*.jsonl")):
        rows = (json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip())
        texts += [row["text"] for row in rows if row.get("text")]
    with path.open("w", encoding="utf-8") as out:
        for number in range(count):
            row = {"id": str(number), "text": f"{texts[number % len(texts)]} {number}"}
            out.write(json.dumps(row, ensure_ascii=False) + "\n")


def main() -> None:
    """Import a file into a fresh installation and bring its index up to date."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--questions", type=int, default=5_000)
    parser.add_argument("--encoder", default="bundled")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        from kbsearch.services.imports import ImportOptions

        app = Kbsearch(Settings(home=Path(folder), encoder=given.encoder))
        app.database.upgrade()
        app.embedder.encode(["warm"], "query")
        path = Path(folder) / "questions.jsonl"
        write_questions(path, given.questions)
        start = clocks()
        app.imports.run(path, ImportOptions(), silent)
        stored = clocks()
        while app.pipeline.index(BULK):
            pass
        done = clocks()
        assert app.question_index.count() == given.questions
        app.pipeline.drain_all()
        followed = clocks()
        print("| step | questions/s | processor seconds for 1,000 |\n|---|---|---|")
        for step, before, after in (
            ("file to database", start, stored),
            ("database to index", stored, done),
            ("file to searchable", start, done),
            ("what follows", done, followed),
            ("all together", start, followed),
        ):
            seconds, busy = (late - early for early, late in zip(before, after, strict=True))
            rate = given.questions / seconds
            print(f"| {step} | {rate:,.0f} | {1_000 * busy / given.questions:.2f} |")


def clocks() -> tuple[float, float]:
    """Seconds that went by, and those that all cores spent on this process: steadier on a busy machine."""
    return time.perf_counter(), time.process_time()


if __name__ == "__main__":
    main()

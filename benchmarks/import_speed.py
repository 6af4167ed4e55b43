"""From a file to searchable: questions a second, with the encoder that the settings name.

python -m benchmarks.import_speed [--questions 5000] [--encoder bundled]
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from pathlib import Path

from benchmarks.search_speed import SCHOOL
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
        start = time.perf_counter()
        app.imports.run(path, ImportOptions(), silent)
        stored = time.perf_counter()
        app.pipeline.drain_all()
        done = time.perf_counter()
        assert app.question_index.count() == given.questions
        print("| step | questions/s |\n|---|---|")
        for step, seconds in (
            ("file to database", stored - start),
            ("database to index", done - stored),
            ("file to searchable", done - start),
        ):
            print(f"| {step} | {given.questions / seconds:,.0f} |")


if __name__ == "__main__":
    main()

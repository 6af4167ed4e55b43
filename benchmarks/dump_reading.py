"""How fast a dump of Stack Exchange is read, and in how much memory; nothing is masked, stored or indexed.

Beside it the rows alone, read by the XML parser of the standard library, which expands entities.

python -m benchmarks.dump_reading [--megabytes 200] [--folder FOLDER]
"""

from __future__ import annotations

import argparse
import random
import resource
import tempfile
import time
from collections.abc import Iterator
from html import escape
from pathlib import Path
from xml.etree.ElementTree import iterparse

from kbsearch.importers.options import ImportOptions
from kbsearch.importers.sources import open_source

WORDS = (
    "git",
    "push",
    "merge",
    "branch",
    "list",
    "error",
    "файл",
    "ошибка",
    "функция",
    "как",
    "когда",
    "почему",
)
MEGABYTE = 1_000_000
OPEN = 500
"""Questions that still get answers at a time."""


def rows() -> Iterator[str]:
    """Rows of questions, half of which have an accepted answer, each followed by two answers."""
    draw = random.Random(3)  # noqa: S311  # no secret
    asked: list[int] = []
    number = 0
    while True:
        number += 1
        body = escape(
            f"<p>{' '.join(draw.choices(WORDS, k=100))}</p><pre>{' '.join(draw.choices(WORDS, k=50))}</pre>"
        )
        told = (
            f'Id="{number}" CreationDate="2014-05-13T23:58:30.457" Body="{body}" OwnerUserId="{number % 999}"'
        )
        if number % 3 == 1:
            asked = [*asked[-OPEN:], number]
            accepted = f'AcceptedAnswerId="{number + 1}"' if draw.random() < 0.5 else ""  # half of them
            yield f'<row PostTypeId="1" {told} {accepted} Title="{" ".join(draw.choices(WORDS, k=9))}" />\n'
        else:
            parent = asked[-1] if number % 3 == 2 else draw.choice(asked)  # one of two comes late
            yield f'<row PostTypeId="2" {told} ParentId="{parent}" Score="{draw.randint(-1, 9)}" />\n'


def write_dump(path: Path, size: int) -> int:
    """Write a dump of ``size`` bytes; returns how many posts it has."""
    posts = 0
    with path.open("w", encoding="utf-8") as file:
        file.write('<?xml version="1.0" encoding="utf-8"?>\n<posts>\n')
        for posts, row in enumerate(rows(), 1):  # noqa: B007  # the count is needed after the loop
            file.write(row)
            if file.tell() > size:
                break
        file.write("</posts>")
    return posts


def peak() -> int:
    """The most memory that the process has had, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_000


def main() -> None:
    """Write a dump, read it both ways and print a row for each."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=200)
    parser.add_argument("--folder", default=None, help="where the dump is written for the time being")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        path = Path(folder) / "Posts.xml"
        posts = write_dump(path, given.megabytes * MEGABYTE)
        before, start = peak(), time.perf_counter()
        records = sum(1 for _ in open_source(path, ImportOptions()).records())
        seconds = time.perf_counter() - start
        print(f"{posts:,} posts, {records:,} records: {seconds:.1f} s, {given.megabytes / seconds:.0f} MB/s, "
              f"peak memory {before} → {peak()} MB")  # fmt: skip
        start = time.perf_counter()
        for _, row in iterparse(path):  # noqa: S314  # its own file
            row.clear()
        seconds = time.perf_counter() - start
        print(f"rows alone, standard library: {seconds:.1f} s, {given.megabytes / seconds:.0f} MB/s")


if __name__ == "__main__":
    main()

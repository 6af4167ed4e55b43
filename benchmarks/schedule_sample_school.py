"""Draws the times of the sample school: from the week of each question to a minute in it.

    python -m benchmarks.schedule_sample_school data/sample_school/questions.jsonl

Students ask in the evening and at weekends; a question marked ``burst`` falls into one six-hour window.
Replies come ten minutes to a day later.  Same seed, same times; the file is rewritten in order of time.
"""

from __future__ import annotations

import json
import random
import sys
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

SEED = 20260202
MOSCOW = timezone(timedelta(hours=3))
FIRST_DAY = datetime(2026, 2, 2, tzinfo=MOSCOW)
DAY_WEIGHTS = (12, 14, 14, 13, 10, 17, 20)
HOUR_WEIGHTS = (2, 1, 1, 0, 0, 0, 1, 2, 3, 5, 6, 6, 6, 6, 6, 6, 7, 8, 10, 13, 15, 14, 10, 5)
BURST_DAY, BURST_HOUR, BURST_HOURS = 1, 17, 6


def moment(row: dict[str, Any], draw: random.Random) -> datetime:
    """When the question of ``row`` was asked."""
    week = FIRST_DAY + timedelta(weeks=row["week"] - 1)
    if row.get("burst"):
        minutes = int(draw.triangular(0, BURST_HOURS * 60, 60))
        return week + timedelta(days=BURST_DAY, hours=BURST_HOUR, minutes=minutes)
    day = draw.choices(range(7), DAY_WEIGHTS)[0]
    hour = draw.choices(range(24), HOUR_WEIGHTS)[0]
    return week + timedelta(days=day, hours=hour, minutes=draw.randrange(60))


def scheduled(row: dict[str, Any]) -> dict[str, Any]:
    """``row`` with its time and those of its replies; each row draws from a seed of its own."""
    draw = random.Random(f"{SEED}:{row['id']}")  # noqa: S311  # sample data, nothing secret
    asked = moment(row, draw)
    replies = []
    for reply in row.get("replies", ()):
        replied = asked + timedelta(minutes=draw.randint(10, 60 * 20))
        replies.append(reply | {"replied_at": replied.isoformat(timespec="minutes")})
    return row | {"asked_at": asked.isoformat(timespec="minutes")} | ({"replies": replies} if replies else {})


def main(path: Path) -> None:
    """Rewrite ``path`` with times."""
    rows = [scheduled(json.loads(line)) for line in path.read_text("utf-8").splitlines()]
    rows.sort(key=lambda row: (row["asked_at"], row["id"]))
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

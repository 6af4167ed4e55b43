"""How well long messages and those that quote others find their case, by form, beside the question alone.

    python -m benchmarks.long_messages [--half dev|held] [--without STEP ...] [--misses]

The messages are those of `data/long_messages`, asked of the sample school and the four other ones.  ``alone``
is the asking sentence without anything around it; ``--without`` leaves steps out of reading a message.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from indexer.embedders import shipped
from indexer.measuring import temporary_matcher
from kbsearch.evaluation.sets import read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching.matcher import Matcher

DATA = sample_school_folder().parent
MESSAGES = DATA / "long_messages" / "messages.jsonl"
SHOWN = 5


@dataclass(frozen=True, slots=True)
class Message:
    """A message of a student, the part of it that asks, and the cases that answer it."""

    id: str
    school: str
    form: str
    half: str
    text: str
    asks: str
    cases: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """The place of the right case, from 1, for the whole message and for its question alone; 0: not shown."""

    message: Message
    whole: int
    alone: int


def messages(half: str = "") -> list[Message]:
    """The messages of ``half`` (dev or held), or all."""
    rows = (json.loads(line) for line in MESSAGES.read_text(encoding="utf-8").splitlines())
    found = [Message(**{**row, "cases": tuple(row["cases"])}) for row in rows]
    return [one for one in found if half in {"", one.half}]


def asked(some: Sequence[Message], without: Collection[str] = ()) -> Iterator[Found]:
    """Asks the schools of ``some``; ``without``: steps that are left out."""
    encoders = shipped()
    by_school: defaultdict[str, list[Message]] = defaultdict(list)
    for one in some:
        by_school[one.school].append(one)
    for school, theirs in by_school.items():
        folder = DATA / school if school == "sample_school" else DATA / "other_schools" / school
        with temporary_matcher(read_matching_set(folder), *encoders, without=without) as (matcher, ids):
            for one in theirs:
                right = {ids[case] for case in one.cases}
                yield Found(one, _place(matcher, one.text, right), _place(matcher, one.asks, right))


def _place(matcher: Matcher, text: str, right: set[int]) -> int:
    shown = [match.case_id for match in matcher.match(text, limit=SHOWN).matches]
    return next((place for place, case in enumerate(shown, 1) if case in right), 0)


def table(found: Sequence[Found]) -> str:
    """Figures by form as Markdown."""
    rows = ["| form | messages | hit@1 | hit@5 | alone hit@1 | alone hit@5 |", "|---|---|---|---|---|---|"]
    forms = sorted({one.message.form for one in found})
    kinds = sorted({form.partition("-")[0] for form in forms})
    for name in [*forms, *kinds, ""]:
        some = [one for one in found if name in {"", one.message.form, one.message.form.partition("-")[0]}]
        shares = [_share(some, "whole", 1), _share(some, "whole", 5), _share(some, "alone", 1)]
        shares.append(_share(some, "alone", 5))
        rows.append(f"| {name or 'all'} | {len(some)} | " + " | ".join(f"{one:.3f}" for one in shares) + " |")
    return "\n".join(rows)


def _share(some: Sequence[Found], asked_as: str, up_to: int) -> float:
    return sum(1 <= getattr(one, asked_as) <= up_to for one in some) / len(some)


def main() -> None:
    """Ask and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--half", default="", choices=["", "dev", "held"])
    parser.add_argument("--without", nargs="*", default=[])
    parser.add_argument("--misses", action="store_true")
    given = parser.parse_args()
    found = list(asked(messages(given.half), given.without))
    print(table(found))
    if given.misses:
        for one in found:
            if one.whole != 1:
                said = one.message
                print(f"\n{said.id} {said.cases}: {one.whole}, alone {one.alone}\n{said.text}")


if __name__ == "__main__":
    main()

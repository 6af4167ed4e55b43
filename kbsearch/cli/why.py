"""`kbsearch why`: why a case was found for a question, or was not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.options import AS_JSON

if TYPE_CHECKING:
    from kbsearch.services.why import Why

SAID = {
    "found": "It is found: a suggestion shows it.",
    "too_unlikely": "It is among the first, but nothing is likely enough to be suggested.",
    "far_down": "Other cases come before it.",
    "not_among_candidates": "No retriever has it among its best.",
    "filtered": "A filter keeps it out.",
    "not_indexed": "The index does not hold it yet.",
    "no_words": "There is no word to search for.",
}


@click.command(
    "why",
    epilog="""\b
Examples:
  kbsearch why 'как откатить коммит' fe-git-undo-commit
  kbsearch why 1136 fe-git-undo-commit --json
""",
)
@click.argument("question")
@click.argument("case")
@click.option("--course", default="", help="Code of the course that the question belongs to.")
@click.option("--lesson", default="", help="Code of the lesson.")
@click.option("--language", default="", help="Only cases in this language, such as ru or en.")
@AS_JSON
def command(  # noqa: PLR0917  # click passes each option by name
    question: str, case: str, course: str, lesson: str, language: str, as_json: bool
) -> None:
    """Tell why CASE (its short name or number) is or is not found for QUESTION (a text, or a number)."""
    from kbsearch.app import Kbsearch

    app = Kbsearch()
    if question.isdecimal() and len(question) < 16:  # noqa: PLR2004  # digits of an id
        why = app.why.why_question(int(question), case)
    else:
        why = app.why.why(question, case, course=course, lesson=lesson, language=language)
    if as_json:
        click.echo(json.dumps(as_dict(why), ensure_ascii=False))
    else:
        _print(why)


def _print(why: Why) -> None:
    from kbsearch.matching.confidence import percent

    click.secho(f"{why.case.title} ({why.case.slug})", bold=True)
    click.echo(SAID[why.verdict])
    place = f"{why.rank} of {why.candidates}" if why.rank else "not among the candidates"
    click.echo(f"  place        {place}, score {why.score:.2f}")
    click.echo(f"  probability  {percent(why.probability)} %, suggested from {percent(why.threshold)} %")
    click.echo(f"  an answer    {answers(why.answer_from, why.scope)}")
    for view in why.retrievers:
        rank = f", place {view.rank}" if view.rank else ""
        click.echo(f"  {view.name:<12} {view.score:+.2f} standard deviations{rank}")
    if why.nearest:
        click.echo(f"  nearest      {' '.join(why.nearest.split())[:90]} (likeness {why.likeness:.2f})")
    click.echo(f"  shared       {', '.join(why.shared) or '–'}")
    click.echo(f"  missing      {', '.join(why.missing) or '–'}")
    for one in why.filters:
        click.echo(f"  filter       {one.kind}: it is '{one.actual}', wanted '{one.wanted}'")
    for place_before, rival in enumerate(why.rivals, 1):
        click.echo(f"  {place_before}. {rival.case.title}  ({percent(rival.probability)} %)")
    if why.variant_would_help:
        click.echo("To mend it, add these words to the phrasings of the case.")


def answers(answer_from: float | None, scope: str) -> str:
    """From which probability on there is an answer, and who told it."""
    since = "never" if answer_from is None else f"from {100 * answer_from:.1f} % on"
    whose = "every course and language" if scope == "all" else scope
    return f"{since} (a bound from the judged questions of {whose})"


def as_dict(why: Why) -> dict[str, Any]:
    """For JSON."""
    return {
        "case": {"id": why.case.id, "slug": why.case.slug, "title": why.case.title},
        "verdict": why.verdict,
        "rank": why.rank,
        "candidates": why.candidates,
        "score": round(why.score, 4),
        "probability": round(why.probability, 4),
        "threshold": round(why.threshold, 4),
        "answer_from": why.answer_from,
        "scope": why.scope,
        "retrievers": [
            {"name": view.name, "score": round(view.score, 4), "rank": view.rank} for view in why.retrievers
        ],
        "shared": list(why.shared),
        "missing": list(why.missing),
        "nearest": why.nearest,
        "likeness": round(why.likeness, 4),
        "filters": [{"kind": one.kind, "wanted": one.wanted, "actual": one.actual} for one in why.filters],
        "before": [
            {"slug": rival.case.slug, "title": rival.case.title, "probability": round(rival.probability, 4)}
            for rival in why.rivals
        ],
        "variant_would_help": why.variant_would_help,
        "degraded": why.degraded,
    }

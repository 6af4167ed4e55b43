"""`kbsearch suggest`: what we would answer to a question."""

from __future__ import annotations

import json
from dataclasses import asdict
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.options import AS_JSON

if TYPE_CHECKING:
    from kbsearch.services.suggestions import SuggestedMatch, SuggestionView

SAID = {
    "answer": ("green", "Answer"),
    "suggest": ("yellow", "Suggestions, please check"),
    "abstain": ("red", "Nothing fits: no case answers this with enough confidence."),
}


@click.command(
    "suggest",
    epilog="""\b
Examples:
  kbsearch suggest 'как отменить коммит'
  kbsearch suggest 'джойн двоит строки' --course data-analyst --json
""",
)
@click.argument("text")
@click.option("--course", default="", help="Code of the course that the question belongs to.")
@click.option("--lesson", default="", help="Code of the lesson.")
@AS_JSON
def command(text: str, course: str, lesson: str, as_json: bool) -> None:
    """Suggest up to three cases that answer TEXT, with their probabilities and reasons."""
    from kbsearch.app import Kbsearch
    from kbsearch.cli.why import answers

    app = Kbsearch()
    app.warm_up()
    if app.reranker:
        app.reranker.load()
    app.questions.check_place(course, lesson)
    view = app.suggestions.suggest(text, course=course, lesson=lesson, store=False)
    if not view.matches:
        app.maintenance.require_present()
    if as_json:
        click.echo(json.dumps(_as_json(view), ensure_ascii=False))
        return
    colour, said = SAID[str(view.decision)]
    click.secho(said, fg=colour, bold=True)
    if view.limits:
        click.secho(f"An answer: {answers(view.limits.answer_from, view.limits.scope)}", dim=True)
    for rank, match in enumerate(view.matches, 1):
        _print_match(rank, match)
    if view.degraded:
        click.echo("The encoder is out of reach: found by words alone.")
    if view.reranked in {"part", "missed"}:
        click.echo("The re-ranker did not read all candidates in time: raise KBSEARCH_RERANKER_BUDGET_MS.")


def _print_match(rank: int, match: SuggestedMatch) -> None:
    from kbsearch.errors import fill
    from kbsearch.matching.confidence import percent

    click.echo(f"\n{rank}. {match.case.title}  ({percent(match.probability)} %, {match.case.slug})")
    for reason in match.reasons:
        click.secho(f"   {fill(reason.text, reason.details)}", dim=True)
    if rank == 1:
        click.echo("\n" + indent(match.case.answer, "   "))  # as it is: wrapping would join lines of code


def _as_json(view: SuggestionView) -> dict[str, Any]:
    return {
        "decision": str(view.decision),
        "limits": asdict(view.limits) if view.limits else None,
        "degraded": view.degraded,
        "reranked": view.reranked,
        "model_version": view.model_version,
        "milliseconds": round(view.milliseconds, 1),
        "matches": [
            {
                "case": {"id": one.case.id, "slug": one.case.slug, "title": one.case.title},
                "probability": round(one.probability, 4),
                "reasons": [reason.as_dict() for reason in one.reasons],
            }
            for one in view.matches
        ],
    }

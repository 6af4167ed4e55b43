"""`kbsearch search`: cases and past questions in the terminal."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.options import AS_JSON

if TYPE_CHECKING:
    from kbsearch.ports import Highlight
    from kbsearch.services.search import CaseHit, QuestionHit, SearchPage


@click.command(
    "search",
    epilog="""\b
Examples:
  kbsearch search 'не сохраняется файл'
  kbsearch search '"git push" -ssh' --limit 3
""",
)
@click.argument("text")
@click.option("--course", default="", help="Only cases of this course and of none.")
@click.option("--lesson", default="", help="Prefer cases of this lesson.")
@click.option("--limit", default=5, show_default=True, type=click.IntRange(1, 100), help="How many cases.")
@AS_JSON
def command(text: str, course: str, lesson: str, limit: int, as_json: bool) -> None:
    """Search the published cases and past questions for TEXT.

    Quotes, a minus and field names (title:, answer:, tag:, course:) restrict what is found.
    """
    from kbsearch.app import Kbsearch

    app = Kbsearch()
    app.questions.check_place(course, lesson)
    page = app.search.search(text, course=course, lesson=lesson, limit=limit)
    if not page.cases:
        app.maintenance.require_present()
    if as_json:
        click.echo(json.dumps(_as_json(page), ensure_ascii=False))
    else:
        _print(page)


def _print(page: SearchPage) -> None:
    for told in (
        page.note,
        page.searched and f"Searched for: {page.searched}",
        page.did_you_mean and f"Did you mean: {page.did_you_mean}",
        "The encoder is out of reach: found by words alone." if page.degraded else "",
    ):
        if told:
            click.secho(str(told), fg="yellow")
    if not page.cases:
        click.echo("No case was found.")
    for hit in page.cases:
        _print_case(hit)
    if page.questions:
        click.secho("\nAsked before", bold=True)
    for past in page.questions:
        _print_question(past)


def _print_case(hit: CaseHit) -> None:
    from kbsearch.errors import fill
    from kbsearch.matching.confidence import percent

    click.echo(
        f"{percent(hit.probability):>3} %  {click.style(hit.case.title, bold=True)}  ({hit.case.slug})"
    )
    for highlight in hit.highlights:
        if highlight.field != "title":
            click.echo(f"       {_marked(highlight)}")
    for reason in hit.reasons:
        click.secho(f"       {fill(reason.text, reason.details)}", dim=True)


def _print_question(past: QuestionHit) -> None:
    click.echo(f"       {_one_line(past.question.text)}")
    if past.case:
        click.echo(f"         → {past.case.title} ({past.case.slug})")
    elif past.reply:
        click.echo(f"         → {_one_line(past.reply.text)}")


def _marked(highlight: Highlight) -> str:
    """The passage on one line with its matches underlined."""
    pieces, last = [], 0
    for start, end in highlight.spans:
        pieces += [highlight.text[last:start], click.style(highlight.text[start:end], underline=True)]
        last = end
    return " ".join("".join([*pieces, highlight.text[last:]]).split())


def _one_line(text: str, width: int = 90) -> str:
    line = " ".join(text.split())
    return line if len(line) <= width else line[: width - 1] + "…"


def _as_json(page: SearchPage) -> dict[str, Any]:
    return {
        "degraded": page.degraded,
        "reranked": page.reranked,
        "did_you_mean": page.did_you_mean,
        "searched": page.searched,
        "note": page.note,
        "syntax": page.syntax,
        "milliseconds": round(page.milliseconds, 1),
        "cases": [
            {
                "id": hit.case.id,
                "slug": hit.case.slug,
                "title": hit.case.title,
                "probability": round(hit.probability, 4),
                "reasons": [reason.as_dict() for reason in hit.reasons],
            }
            for hit in page.cases
        ],
        "questions": [
            {
                "id": hit.question.id,
                "text": hit.question.text,
                "case": hit.case.slug if hit.case else None,
                "reply": hit.reply.text if hit.reply else None,
            }
            for hit in page.questions
        ],
    }

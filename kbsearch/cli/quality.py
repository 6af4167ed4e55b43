"""`kbsearch quality`: figures of matching, and a gate on them for continuous integration."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from kbsearch.cli.options import AS_JSON
from kbsearch.cli.progress_bar import ProgressBar
from kbsearch.config import load_settings

if TYPE_CHECKING:
    from kbsearch.app import Kbsearch
    from kbsearch.evaluation.quality import Measured

SHOWN = (
    "questions", "hit@1", "hit@3", "hit@5", "mrr@5", "answers", "answer_precision", "answer_coverage",
    "ece", "ece_by_chance", "p50_ms", "p95_ms",
)  # fmt: skip


@click.group(
    epilog="""\b
Examples:
  kbsearch quality report
  kbsearch quality check --fail-below hit@5=.8 --fail-below mrr@5=.7
  kbsearch quality check my-set --save baseline.json
  kbsearch quality check my-set --against baseline.json
"""
)
def command() -> None:
    """How good matching is: on the golden set, and on live feedback."""


@command.command()
@click.argument("folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--fail-below", "bounds", multiple=True, metavar="FIGURE=BOUND", help="Such as hit@5=.8; may be repeated."
)
@click.option(
    "--against",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A baseline to keep up with.",
)
@click.option("--save", type=click.Path(dir_okay=False, path_type=Path), help="Write the baseline of now.")
@AS_JSON
def check(
    folder: Path | None, bounds: tuple[str, ...], against: Path | None, save: Path | None, as_json: bool
) -> None:
    """Measure the golden set, or the evaluation set in FOLDER.  Exit status 1 when a figure is too low.

    Figures by which answers are rarer or slower count as too low when they are above the bound.
    """
    from kbsearch.app import Kbsearch
    from kbsearch.evaluation.gate import bound_of, broken_bounds, fallen
    from kbsearch.evaluation.quality import ALL, figures_by_scope, ranks_of

    parsed = [bound_of(written) for written in bounds]
    baseline = _read(against) if against else {}
    rows = _rows(Kbsearch(load_settings()), folder, ProgressBar(quiet=as_json))
    figures = figures_by_scope(rows)
    problems = broken_bounds(figures[ALL], parsed)
    if against:
        problems += fallen(figures[ALL], rows, baseline)
    if save:
        _write(save, {"figures": figures, "ranks": ranks_of(rows)})
    if as_json:
        click.echo(json.dumps({"figures": figures, "problems": problems, "ok": not problems}))
    else:
        _print(figures[ALL])
        for problem in problems:
            click.secho(f"Too low: {problem}.", fg="red", err=True)
    sys.exit(1 if problems else 0)


@command.command()
@AS_JSON
def report(as_json: bool) -> None:
    """Show the last measurement of the golden set, and the precision of answers on live feedback."""
    from kbsearch.app import Kbsearch

    app = Kbsearch(load_settings())
    latest = app.quality.latest(limit=1)
    standing = app.promise.standing()
    if as_json:
        click.echo(json.dumps(_as_json(latest[0] if latest else None, standing, app), default=str))
        return
    if latest:
        click.echo(f"Golden set, {latest[0].created_at:%Y-%m-%d %H:%M} UTC, {latest[0].model_version}:")
        _print(latest[0].figures["all"])
        if latest[0].change.get("all", {}).get("lowered"):
            click.secho("Lower than the measurement before, and not by chance.", fg="red")
    else:
        click.echo("The golden set was never measured: the page /quality does it, and the worker at night.")
    click.echo(f"\nAnswers with feedback, {app.settings.answer_precision:.0%} promised:")
    for one in standing:
        click.echo(_live(one))


def _rows(app: Kbsearch, folder: Path | None, bar: ProgressBar) -> list[Measured]:
    from kbsearch.errors import InvalidInput
    from kbsearch.evaluation.sets import read_matching_set
    from kbsearch.services.set_quality import rows_of_set

    if folder is None:
        app.golden.grow()
        rows = app.quality.rows(app.active_matcher.get().model, bar)
    else:
        from kbsearch.matching.model import load_model

        precision = app.settings.answer_precision
        shipped = load_model(twice_read=app.case_index.twice_read)
        rows = rows_of_set(app.bench(), read_matching_set(folder), shipped, precision, bar)
    bar.close()
    if not rows:
        raise InvalidInput(
            "There is nothing to measure: no question is known to be answered by a case.",
            remedy="Answer questions with cases, or add pairs to the golden set.",
        )
    return rows


def _print(figures: dict[str, Any]) -> None:
    for name in SHOWN:
        value = figures[name]
        click.echo(f"{name:<17} {'–' if value is None else value}")


def _live(one: Any) -> str:
    scope = one.scope.course or one.scope.language or "everything"
    if one.precision is None:
        return f"  {scope}: no feedback yet"
    state = "; answers are restricted" if one.is_lowered else ""
    bounds = f"95 % interval {one.lower:.3f} to {one.upper:.3f}"
    return f"  {scope}: {one.right} of {one.count} right ({one.precision:.3f}, {bounds}){state}"


def _as_json(measurement: Any, standing: Any, app: Kbsearch) -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "model_version": app.versions.active(),
        "measured_at": measurement.created_at if measurement else None,
        "figures": measurement.figures if measurement else None,
        "change": measurement.change if measurement else None,
        "promise": app.settings.answer_precision,
        "live": [
            {
                "course": one.scope.course,
                "language": one.scope.language,
                "count": one.count,
                "right": one.right,
                "precision": one.precision,
                "lower": one.lower,
                "upper": one.upper,
                "lowered": one.is_lowered,
            }
            for one in standing
        ],
        "use": asdict(app.quality.live_use()),
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        baseline = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise _unusable(path, str(error)) from error
    if not isinstance(baseline, dict):
        raise _unusable(path, "it is no object")
    return baseline


def _write(path: Path, baseline: dict[str, Any]) -> None:
    try:
        path.write_text(json.dumps(baseline) + "\n", "utf-8")
    except OSError as error:
        raise _unusable(path, error.strerror or str(error)) from error


def _unusable(path: Path, reason: str) -> Exception:
    from kbsearch.errors import UnreadableFile

    return UnreadableFile(
        "{path} cannot be used as a baseline: {reason}.",
        remedy="Make one with `kbsearch quality check --save FILE`.",
        path=str(path),
        reason=reason,
    )

"""`kbsearch evaluate matching`: measure matching on a labelled set."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from indexer.measuring import temporary_matcher
from kbsearch.cli.options import AS_JSON, LABELLED_SET, SEED
from kbsearch.cli.progress_bar import ProgressBar

if TYPE_CHECKING:
    from kbsearch.cli.measure_model import Task
    from kbsearch.config import Settings
    from kbsearch.evaluation.matching import MatchingReport
    from kbsearch.evaluation.spoiling import Spoil


@click.command(
    "matching",
    epilog="""\b
Examples:
  kbsearch evaluate matching data/sample_school
  kbsearch evaluate matching my-set --drop-cases 0.2 --seed 7 --json
  kbsearch evaluate matching my-set --spoil typos --seed 1
  kbsearch evaluate matching my-set --learn 0.5 --seed 1
  kbsearch evaluate matching my-set --folds 5
  kbsearch evaluate matching my-set --model bundled --model intfloat/multilingual-e5-small
""",
)
@LABELLED_SET
@AS_JSON
@click.option(
    "--drop-cases",
    default=0.0,
    type=click.FloatRange(0, 1, max_open=True),
    help="Remove this share of cases.",
)
@SEED
@click.option(
    "--spoil",
    type=click.Choice(["typos", "layout", "transliteration"]),
    help="Ask with one typo per four words, in the wrong keyboard layout, or in Latin letters.",
)
@click.option(
    "--without",
    multiple=True,
    type=click.Choice(
        ["quote", "chatter", "asking", "traceback", "layout", "transliteration", "typo", "lexicon"]
    ),
    help="Leave out a step of reading the questions; several times for several.",
)
@click.option(
    "--learn",
    default=0.0,
    type=click.FloatRange(0, 1, max_open=True),
    help="Confirm this share of each case's questions as its variants; ask the others.",
)
@click.option(
    "--folds",
    default=0,
    type=click.IntRange(0),
    help="Refit ranker and calibration on the other folds, split by case; 0: the shipped model.",
)
@click.option(
    "--asked",
    default="text",
    show_default=True,
    help="The column of questions.jsonl that is asked, such as english for a translation.",
)
@click.option(
    "--model",
    "--encoder",
    "models",
    multiple=True,
    help="An encoder other than the one that is set; several are compared.",
)
@click.option("--reranker", default="", help="Measure each model with this re-ranker too.")
def command(  # noqa: PLR0917  # click passes options by name
    folder: Path,
    as_json: bool,
    drop_cases: float,
    seed: int,
    spoil: Spoil | None,
    without: tuple[str, ...],
    learn: float,
    folds: int,
    asked: str,
    models: tuple[str, ...],
    reranker: str,
) -> None:
    """Measure matching on the labelled set in FOLDER, away from the live database.

    FOLDER holds cases.jsonl, questions.jsonl and relevant.csv, or is the sample school.  Without cases, each
    label of the questions is a case, worded by half of its questions; the others are asked.

    answer_precision and answer_coverage say how many answers were right, and how many questions got one.
    Where every question has a case that is kinder than life: --drop-cases removes some, and abstain_recall
    says how often nothing was suggested to questions whose case was removed.
    With --spoil the questions are asked the way hurried people type, with --learn after mentors confirmed
    some of them as variants, with --folds by a model that was refitted on the others.
    """
    from kbsearch.cli.compare_models import compare
    from kbsearch.cli.measure_model import Task
    from kbsearch.config import load_settings

    if folds == 1:
        raise click.BadParameter("one fold leaves nothing to fit on; give 2 at least", param_hint="--folds")
    settings = load_settings(**({"encoder": models[0]} if models else {}))
    task = Task(str(folder), settings.encoder, "", drop_cases, learn, spoil, seed)
    if len(models) > 1 or reranker:
        if folds or without or asked != "text":
            raise click.UsageError(
                "models are compared as they are shipped: leave --folds, --asked and --without out"
            )
        sys.exit(compare(task, models or (settings.encoder,), reranker, as_json=as_json))
    progress = ProgressBar(quiet=as_json)
    report = _measured(task, settings, progress, asked=asked, without=without, folds=folds)
    click.echo(json.dumps(figures(report)) if as_json else _table(figures(report)))


def _measured(
    task: Task,
    settings: Settings,
    progress: ProgressBar,
    *,
    asked: str,
    without: Collection[str],
    folds: int,
) -> MatchingReport:
    """What the encoders of ``settings`` make of the set of ``task``; see the options for the rest."""
    from indexer.embedders import open_embedder, open_second_embedder
    from kbsearch.cli.measure_model import prepared
    from kbsearch.evaluation.learned import refitted
    from kbsearch.evaluation.matching import run_matching, summarise
    from kbsearch.evaluation.sets import oddities, read_matching_set

    whole = read_matching_set(Path(task.folder), asked)
    for odd in oddities(whole, asked):
        click.echo(f"note: {odd}", err=True)
    chosen = prepared(whole, task)
    second = open_second_embedder(settings.second_encoder, settings.encoder)
    made = temporary_matcher(chosen, open_embedder(settings.encoder), second, without, progress)
    with made as (matcher, ids):
        outcomes = run_matching(matcher, chosen, ids, settings.answer_precision, progress)
        base = matcher.model
    progress.close()
    if folds:
        outcomes = refitted(outcomes, folds, settings.answer_precision, base)
    return summarise(outcomes, len(chosen.cases))


def figures(report: MatchingReport) -> dict[str, Any]:
    """The figures of ``report`` by their printed names; ``abstain_recall`` only where cases were removed."""
    shown: dict[str, Any] = {
        "hit@1": report.hit_1,
        "hit@3": report.hit_3,
        "hit@5": report.hit_5,
        "mrr@5": report.mrr_5,
        "questions": report.questions,
        "cases": report.cases,
        "p50_ms": report.p50_ms,
        "p95_ms": report.p95_ms,
        "answer_precision": report.answer_precision,
        "answer_coverage": report.answer_coverage,
    }
    if report.counts["abstain_recall"]:
        shown["abstain_recall"] = report.abstain_recall
    shown["ece"], shown["ece_by_chance"] = report.ece, report.ece_by_chance
    shown["n"] = {name: count for name, count in report.counts.items() if name in shown}
    return shown


def _table(shown: dict[str, Any]) -> str:
    counts = shown.pop("n")
    rows = ((name, "–" if value is None else value, counts.get(name)) for name, value in shown.items())
    return "\n".join(
        f"{name:<17} {value}" + (f"  (n = {count})" if count is not None else "")
        for name, value, count in rows
    )

"""`kbsearch evaluate matching --model A --model B`: encoders and re-rankers side by side."""

from __future__ import annotations

import json
import os
import subprocess  # each model is measured in a process of our own
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from kbsearch.cli.measure_model import Task

SHOWN = (
    ("hit@1", "hit@1"),
    ("hit@3", "hit@3"),
    ("hit@5", "hit@5"),
    ("mrr@5", "mrr@5"),
    ("p50_ms", "p50 ms"),
    ("p95_ms", "p95 ms"),
    ("passages_per_s", "texts/s"),
    ("loaded_mb", "loaded MB"),
    ("peak_mb", "peak MB"),
    ("dimension", "dim"),
    ("index_mb", "index MB"),
)
READ = ("read", "read")
"""Share of the candidates that the re-ranker read within its budget."""
COMPARED = ("hit@1", "hit@5", "mrr@5")
LAST_LINES = 300


def compare(task: Task, models: Sequence[str], reranker: str, *, as_json: bool) -> int:
    """Measure each of ``models``, with ``reranker`` too if there is one, and print them side by side.

    Every model is measured in a process of its own, one after the other, so that figures of memory and speed
    are its own.  Returns the exit status: 1 when a model could not be measured, the others are shown then.
    """
    tasks = {name: replace(task, encoder=name) for name in dict.fromkeys(models)}
    if reranker:
        tasks |= {f"{name} + {reranker}": replace(one, reranker=reranker) for name, one in tasks.items()}
    found: dict[str, dict[str, Any]] = {}
    for number, (name, one) in enumerate(tasks.items(), 1):
        click.echo(f"measuring {name} ({number} of {len(tasks)}) …", err=True)
        found[name] = _measured(one)
    differences = _differences({name: one["ranks"] for name, one in found.items() if "ranks" in one})
    click.echo(_as_json(found, differences) if as_json else _as_table(found, differences))
    return int(any("error" in one for one in found.values()))


def _measured(task: Task) -> dict[str, Any]:
    """What the process for ``task`` tells; all its files are in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="kbsearch-model-") as folder:
        ended = subprocess.run(  # our own interpreter and module
            [sys.executable, "-m", "kbsearch.cli.measure_model"],
            input=task.as_json(),
            env={**os.environ, "TMPDIR": folder},
            capture_output=True,
            text=True,
            check=False,
        )
    if ended.returncode:
        last = ended.stderr.strip().splitlines()[-1:] or [f"it ended with status {ended.returncode}"]
        return {"error": last[0][:LAST_LINES], "remedy": ""}
    told: dict[str, Any] = json.loads(ended.stdout.strip().splitlines()[-1])
    return told


def _differences(ranks: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """How every other model differs from the first, on the questions that both were asked."""
    from kbsearch.evaluation.comparison import hits, paired_difference, reciprocals

    ways = {
        "hit@1": lambda some: hits(some, 1),
        "hit@5": lambda some: hits(some, 5),
        "mrr@5": reciprocals,
    }
    names = list(ranks)
    rows = []
    for other in names[1:]:
        same = [question for question in ranks[names[0]] if question in ranks[other]]
        row: dict[str, Any] = {"model": other, "against": names[0], "questions": len(same)}
        for figure in COMPARED:
            first, second = ([ranks[name][question] for question in same] for name in (names[0], other))
            if same:
                one = paired_difference(ways[figure](first), ways[figure](second))
                row[figure] = {
                    "difference": round(one.mean, 4),
                    "from": round(one.lower, 4),
                    "to": round(one.upper, 4),
                    "clear": one.is_clear,
                }
        rows.append(row)
    return rows


def _as_json(found: Mapping[str, dict[str, Any]], differences: list[dict[str, Any]]) -> str:
    models = {
        name: one.get("figures") or {"error": one["error"], "remedy": one["remedy"]}
        for name, one in found.items()
    }
    return json.dumps({"models": models, "differences": differences}, ensure_ascii=False)


def _as_table(found: Mapping[str, dict[str, Any]], differences: list[dict[str, Any]]) -> str:
    measured = {name: one["figures"] for name, one in found.items() if "figures" in one}
    columns = [*SHOWN, READ] if any("read" in one for one in measured.values()) else SHOWN
    width = max(len(short(name)) for name in found)
    lines = [" " * width + "".join(f"{head:>11}" for _, head in columns)] if measured else []
    for name, one in measured.items():
        cells = ["–" if one.get(key) is None else str(one[key]) for key, _ in columns]
        lines.append(f"{short(name):<{width}}" + "".join(f"{cell:>11}" for cell in cells))
    for row in differences:
        pair = f"{short(row['model'])} against {short(row['against'])}"
        lines.append(f"\n{pair}, {row['questions']} questions:")
        lines += [f"  {figure}  {_said(row[figure])}" for figure in COMPARED if figure in row]
    for name, one in found.items():
        if "error" in one:
            lines += [f"\n{short(name)} was not measured: {one['error']}", f"  {one['remedy']}".rstrip()]
    return "\n".join(lines)


def _said(one: Mapping[str, Any]) -> str:
    said = "" if one["clear"] else "  (may be chance)"
    return f"{one['difference']:+.3f}, 95 % interval {one['from']:+.3f} to {one['to']:+.3f}{said}"


def short(name: str) -> str:
    """``name`` with only the last two parts of each path."""
    return " + ".join("/".join(Path(part).parts[-2:]) for part in name.split(" + "))

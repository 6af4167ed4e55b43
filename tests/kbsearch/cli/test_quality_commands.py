"""`kbsearch learn`, `kbsearch golden` and `kbsearch quality`: what they print and how they end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from kbsearch.app import Kbsearch
from kbsearch.cli import group
from kbsearch.cli.learn import told
from kbsearch.errors import Conflict, InvalidInput, UnreadableFile
from kbsearch.services.cases import CaseDraft
from kbsearch.services.learning import Outcome

TITLES = ("Как отменить последний коммит", "Как создать новую ветку", "Возврат денег за курс")


@pytest.fixture
def school(app: Kbsearch, monkeypatch: pytest.MonkeyPatch) -> Kbsearch:
    """A school with a golden set of three, one of them wrong, in the home that commands read."""
    monkeypatch.setenv("KBSEARCH_HOME", str(app.settings.home))
    monkeypatch.setenv("KBSEARCH_ENCODER", "hashing")
    cases = [app.cases.create(CaseDraft(title, f"{title}: так."), state="published") for title in TITLES]
    app.golden.add(cases[0].id, text="отменить коммит последний")
    app.golden.add(cases[1].id, text="создать ветку новую")
    app.golden.add(cases[2].id, text="новую ветку создать надо")
    return app


def run(*arguments: str) -> Result:
    return CliRunner().invoke(group, arguments)


def test_check_passes_and_fails_by_exit_code(school: Kbsearch) -> None:
    good = run("quality", "check", "--fail-below", "hit@1=.6", "--fail-below", "p95_ms=60000")
    assert good.exit_code == 0, good.output
    assert "hit@1             0.6667" in good.output
    bad = run("quality", "check", "--fail-below", "hit@1=.9", "--json")
    assert bad.exit_code == 1
    report = json.loads(bad.output)
    assert report["ok"] is False
    assert report["problems"] == ["hit@1 is 0.6667; the bound is 0.9"]
    assert report["figures"]["all"]["questions"] == 3


@pytest.mark.parametrize("bound", ["hit@9=.8", "hit@5", "hit@5=much", "hit@5=nan"])
def test_a_bound_that_makes_no_sense_is_refused(school: Kbsearch, bound: str) -> None:
    result = run("quality", "check", "--fail-below", bound)
    assert isinstance(result.exception, InvalidInput)


def test_an_export_is_checked_against_a_baseline_without_a_database(
    school: Kbsearch, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, baseline = tmp_path / "set", tmp_path / "baseline.json"
    assert "3 cases, 3 questions, 3 pairs" in run("golden", "export", str(folder)).output
    monkeypatch.setenv("KBSEARCH_HOME", str(tmp_path / "elsewhere"))
    assert run("quality", "check", str(folder), "--save", str(baseline)).exit_code == 0
    assert run("quality", "check", str(folder), "--against", str(baseline)).exit_code == 0
    baseline.write_text(json.dumps({"hit@1": 0.9, "hit@5": 1.0}))
    worse = run("quality", "check", str(folder), "--against", str(baseline))
    assert worse.exit_code == 1
    assert "hit@1 fell from 0.9" in worse.output
    baseline.write_text("[]")
    assert isinstance(run("quality", "check", "--against", str(baseline)).exception, UnreadableFile)


def test_an_empty_golden_set_is_told(app: Kbsearch, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KBSEARCH_HOME", str(app.settings.home))
    monkeypatch.setenv("KBSEARCH_ENCODER", "hashing")
    assert isinstance(run("quality", "check").exception, InvalidInput)
    assert "never measured" in run("quality", "report").output


def test_the_report_shows_the_last_measurement_and_live_precision(school: Kbsearch) -> None:
    school.quality.measure()
    shown = run("quality", "report").output
    assert "mrr@5" in shown
    assert "everything: no feedback yet" in shown
    told_ = json.loads(run("quality", "report", "--json").output)
    assert told_["figures"]["all"]["questions"] == 3
    assert told_["live"][0]["count"] == 0


def test_learn_tells_when_there_is_too_little_and_lists_versions(school: Kbsearch) -> None:
    assert "Too little to learn from: 0 judged questions" in run("learn").output
    assert json.loads(run("learn", "--dry-run", "--json").output)["kept"] == "too little"
    assert f"* {school.versions.shipped}" in run("learn", "--list").output
    assert json.loads(run("learn", "--list", "--json").output)[0]["active"] is True
    assert isinstance(run("learn", "--rollback").exception, Conflict)
    back = run("learn", "--rollback", school.versions.shipped)
    assert back.output == f"Active now: {school.versions.shipped}\n"


def test_learn_shows_both_models_side_by_side() -> None:
    test = {"old": 0.5, "new": 0.75, "better": 30, "worse": 2, "difference": 0.25, "p": 0.001}
    figures = {"n": 80, "mrr": test, "log_loss": test | {"p": 0.0001}}
    shown = told(Outcome("new", 80, "learned-1", "shipped", figures), dry_run=False)
    assert "MRR       0.500 → 0.750  (better 30, worse 2, p 0.001)" in shown
    assert "p < 0.001" in shown
    assert "learned-1 is active now" in shown
    assert "would be kept" in told(Outcome("new", 80, "learned-1", "shipped", figures), dry_run=True)
    assert "shipped stays" in told(Outcome("old", 80, "", "shipped", figures), dry_run=False)

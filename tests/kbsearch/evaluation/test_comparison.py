"""Models side by side."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hypothesis import given
from hypothesis import strategies as st

from indexer.embedders.hashing import HashingEmbedder
from kbsearch.cli.compare_models import short
from kbsearch.cli.evaluate_matching import command
from kbsearch.evaluation.comparison import TimedEmbedder, hits, paired_difference, reciprocals
from tests.cross_encoder import save_cross_encoder

CASES = ["создать ветку", "удалить файл", "объединить ячейки", "вернуть деньги", "получить сертификат"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five cases, each asked for by its own words."""
    place = tmp_path / "set"
    place.mkdir()
    cases = [{"id": f"c{n}", "title": f"Как {text}", "answer": text} for n, text in enumerate(CASES)]
    asked = [{"id": f"q{n}", "text": text} for n, text in enumerate(CASES)]
    (place / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)), "utf-8")
    (place / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
    pairs = "".join(f"q{n},c{n}\n" for n in range(len(CASES)))
    (place / "relevant.csv").write_text(f"question_id,case_id\n{pairs}", "utf-8")
    return place


def run(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(command, [str(folder), *options])


def test_two_models_are_measured_in_processes_of_their_own(folder: Path) -> None:
    result = run(folder, "--model", "hashing", "--model", "bundled", "--json")
    assert result.exit_code == 0, result.output
    told = json.loads(result.stdout)
    hashing, bundled = told["models"]["hashing"], told["models"]["bundled"]
    assert (hashing["dimension"], bundled["dimension"]) == (256, 512)
    assert bundled["loaded_mb"] > hashing["loaded_mb"] + 50
    assert min(hashing["index_mb"], hashing["passages_per_s"], hashing["p95_ms"]) > 0
    (difference,) = told["differences"]
    assert (difference["model"], difference["against"], difference["questions"]) == ("bundled", "hashing", 5)
    assert difference["hit@1"]["from"] <= difference["hit@1"]["difference"] <= difference["hit@1"]["to"]


def test_a_model_that_does_not_load_is_told_beside_the_others(folder: Path) -> None:
    result = run(folder, "--model", "hashing", "--encoder", "./no-such-model")
    assert result.exit_code == 1
    assert "was not measured: The encoder './no-such-model' failed" in result.stdout
    assert "hit@1" in result.stdout


def test_a_re_ranker_is_measured_with_its_budget(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KBSEARCH_RERANKER_BUDGET_MS", "60000")
    name = save_cross_encoder(tmp_path / "model")
    result = run(folder, "--model", "hashing", "--reranker", name, "--json")
    assert result.exit_code == 0, result.output
    models = json.loads(result.stdout)["models"]
    assert list(models) == ["hashing", f"hashing + {name}"]
    assert models[f"hashing + {name}"]["read"] == 1.0


def test_folds_are_not_for_comparing(folder: Path) -> None:
    result = run(folder, "--model", "hashing", "--model", "bundled", "--folds", "2")
    assert result.exit_code == 2
    assert "--folds" in result.output


def test_names_of_models_are_shortened_to_what_tells_them_apart() -> None:
    assert short("bundled") == "bundled"
    assert short("/srv/models/intfloat/e5-small + /srv/models/reader") == "intfloat/e5-small + models/reader"


def test_ranks_become_hits_and_reciprocals() -> None:
    assert hits([1, 0, 5, 6], 5) == [1, 0, 1, 0]
    assert reciprocals([1, 0, 4]) == [1, 0, 0.25]


values = st.lists(st.sampled_from([0.0, 0.2, 0.25, 1 / 3, 0.5, 1.0]), min_size=1, max_size=60)


@given(values, st.randoms(use_true_random=False))
def test_the_difference_turns_round_with_the_models(a: list[float], chance: object) -> None:
    b = list(a)
    chance.shuffle(b)  # type: ignore[attr-defined]
    there, back = paired_difference(a, b), paired_difference(b, a)
    assert there.mean == pytest.approx(0)
    assert there.lower <= there.upper
    assert back.mean == pytest.approx(-there.mean)
    assert not there.is_clear


@given(values)
def test_a_model_does_not_differ_from_itself(a: list[float]) -> None:
    same = paired_difference(a, a)
    assert (same.mean, same.lower, same.upper, same.count) == (0, 0, 0, len(a))


def test_the_interval_is_that_of_the_normal_approximation() -> None:
    a, b = [0.0] * 400, [1.0] * 100 + [0.0] * 300
    found = paired_difference(a, b)
    half = 1.96 * (0.25 * 0.75 / 400) ** 0.5
    assert found.lower == pytest.approx(0.25 - half, abs=0.005)
    assert found.upper == pytest.approx(0.25 + half, abs=0.005)
    assert found.is_clear


def test_nothing_to_compare_is_an_error() -> None:
    with pytest.raises(ValueError, match="same questions"):
        paired_difference([], [])
    with pytest.raises(ValueError, match="same questions"):
        paired_difference([1.0], [1.0, 0.0])


def test_encoding_is_timed_by_role() -> None:
    timed = TimedEmbedder(HashingEmbedder())
    assert timed.speed("query") == 0
    timed.encode(["one", "two"], "passage")
    assert timed.texts == {"query": 0, "passage": 2}
    assert timed.speed("passage") > 0
    timed.forget()
    assert timed.speed("passage") == 0

"""The figures that clustering is measured by."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from kbsearch.cli import group
from kbsearch.errors import InvalidInput
from kbsearch.evaluation.clustering import assigned_share, compare_clusters, measure_with_small_talk
from kbsearch.importers.sample_school import sample_school_folder


def test_the_truth_itself_scores_one() -> None:
    report = compare_clusters(np.array([5, 5, 2, 2, 2]), ["a", "a", "b", "b", "b"])
    assert (report.acc, report.nmi, report.ari, report.ami) == pytest.approx((1, 1, 1, 1))
    assert (report.clusters, report.coverage, report.questions) == (2, 1.0, 5)


def test_each_cluster_stands_for_one_label_only() -> None:
    labels = np.array([0, 0, 1, 1, 1, 1])
    truth = np.array([0, 0, 0, 0, 0, 0])
    assert assigned_share(labels, truth) == pytest.approx(4 / 6)


def test_questions_in_no_cluster_count_as_clusters_of_one() -> None:
    truth = ["a"] * 4 + ["b"] * 4
    left_out = compare_clusters(np.array([0, 0, 0, 0, -1, -1, -1, -1]), truth)
    assert left_out.clusters == 1
    assert left_out.coverage == 0.5
    assert left_out.acc == pytest.approx(5 / 8)
    together = compare_clusters(np.array([0, 0, 0, 0, 1, 1, 1, 1]), truth)
    assert left_out.ari < together.ari


def test_no_questions_at_all_are_no_trouble() -> None:
    assert compare_clusters(np.zeros(0, np.int64), []).questions == 0


def write_set(folder: Path, rows: list[dict[str, str]]) -> None:
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (folder / "questions.jsonl").write_text("\n".join(lines), encoding="utf-8")


def test_the_command_prints_the_figures(tmp_path: Path) -> None:
    topics = {"git": "как отменить коммит в git {}", "pay": "when will my payment arrive {}"}
    rows = [
        {"id": f"{topic}{n}", "text": text.format("ну" * n), "label": topic}
        for topic, text in topics.items()
        for n in range(12)
    ]
    write_set(tmp_path, rows)
    arguments = ["evaluate", "clustering", str(tmp_path), "--encoder", "hashing"]
    result = CliRunner().invoke(group, [*arguments, "--json"], catch_exceptions=False)
    figures = json.loads(result.output)
    assert list(figures) == ["acc", "nmi", "ari", "ami", "clusters", "coverage", "seconds", "questions"]
    assert figures["questions"] == 24
    assert figures["ari"] > 0.5
    table = CliRunner().invoke(group, arguments, catch_exceptions=False).output.splitlines()
    assert table[0].split() == list(figures)
    assert len(table[0]) == len(table[1])


def test_a_set_without_labels_is_refused(tmp_path: Path) -> None:
    write_set(tmp_path, [{"id": "1", "text": "a"}, {"id": "2", "text": "b"}])
    with pytest.raises(InvalidInput, match="has a label"):
        CliRunner().invoke(
            group,
            ["evaluate", "clustering", str(tmp_path), "--encoder", "hashing"],
            catch_exceptions=False,
        )


class _Halves:
    """Clusters the first half of what it is given, and the rest."""

    def fit_predict(self, X: np.ndarray, y: None = None) -> np.ndarray:  # noqa: N803
        return (np.arange(len(X)) >= len(X) // 2).astype(np.int64)


def test_small_talk_is_a_pile_of_its_own_and_not_clustered() -> None:
    truth = ["a", "a", "talk", "b", "b", "talk", "b"]
    asks = np.array([label != "talk" for label in truth])
    aside = np.array([False, False, True, False, False, False, True])
    report = measure_with_small_talk(_Halves(), np.zeros((7, 2), np.float32), truth, aside, asks)
    assert (report.talk_aside, report.questions_aside) == (0.5, 0.2)
    assert (report.clusters, report.coverage, report.questions) == (2, 1.0, 7)
    whole = measure_with_small_talk(_Halves(), np.zeros((7, 2), np.float32), truth, ~asks, asks)
    assert (whole.talk_aside, whole.questions_aside) == (1.0, 0.0)
    assert whole.ari > report.ari


def test_the_sample_school_tells_how_much_small_talk_was_set_aside() -> None:
    arguments = ["evaluate", "clustering", str(sample_school_folder()), "--encoder", "hashing", "--json"]
    figures = json.loads(CliRunner().invoke(group, arguments, catch_exceptions=False).output)
    assert figures["talk_aside"] > 0.5
    assert figures["questions_aside"] < 0.05


def test_cases_of_a_set_put_questions_together(tmp_path: Path) -> None:
    topics = {
        "git": ("как отменить последний коммит", "отменить коммит в git"),
        "pay": ("когда вернут деньги за курс", "вернут ли деньги, если я ушёл"),
    }
    rows = [
        {"id": f"{topic}{n}", "text": f"{text} {'очень ' * n}"}
        for topic, texts in topics.items()
        for n, text in enumerate(texts * 2)
    ]
    write_set(tmp_path, rows)
    cases = [{"id": topic, "title": texts[0], "variants": [texts[1]]} for topic, texts in topics.items()]
    lines = (json.dumps(row, ensure_ascii=False) for row in cases)
    (tmp_path / "cases.jsonl").write_text("\n".join(lines), "utf-8")
    pairs = "\n".join(f"{row['id']},{row['id'][:3]}" for row in rows)
    (tmp_path / "relevant.csv").write_text(f"question_id,case_id\n{pairs}\n", "utf-8")
    arguments = ["evaluate", "clustering", str(tmp_path), "--encoder", "hashing", "--json"]

    def measured(*more: str) -> dict[str, float]:
        result = CliRunner().invoke(group, [*arguments, *more], catch_exceptions=False)
        figures: dict[str, float] = json.loads(result.output)
        return figures

    assert measured()["ari"] == 1
    assert measured("--no-by-case")["ari"] < 1
    assert measured("--drop-cases", "0.5")["ari"] < 1

"""Measuring matching on a labelled set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kbsearch.cli.evaluate_matching import command
from kbsearch.errors import UnreadableFile
from kbsearch.evaluation.learned import with_variants
from kbsearch.evaluation.matching import without_some
from kbsearch.evaluation.sets import read_matching_set
from kbsearch.importers.sample_school import sample_school_folder

FIGURES = ("hit@1", "hit@3", "hit@5", "mrr@5")
CASES = ["создать ветку", "удалить файл", "объединить ячейки", "вернуть деньги", "получить сертификат"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Five cases, each asked for by its own words, and one question that none answers."""
    cases = [
        {"id": f"c{n}", "title": f"Как {text}", "answer": text, "course": ""} for n, text in enumerate(CASES)
    ]
    asked = [{"id": f"q{n}", "text": text} for n, text in enumerate([*CASES, "погода"])]
    (tmp_path / "cases.jsonl").write_text("\n".join(map(json.dumps, cases)), "utf-8")
    (tmp_path / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
    pairs = "".join(f"q{n},c{n}\n" for n in range(len(CASES)))
    (tmp_path / "relevant.csv").write_text(f"question_id,case_id\n{pairs}", "utf-8")
    return tmp_path


def measure(folder: Path, *options: str) -> dict[str, Any]:
    result = CliRunner().invoke(command, [str(folder), "--json", "--encoder", "hashing", *options])
    assert result.exit_code == 0, result.output
    figures: dict[str, Any] = json.loads(result.stdout)
    return figures


def test_the_figures_of_a_set_that_is_easy(folder: Path) -> None:
    found = measure(folder)
    answers = ["answer_precision", "answer_coverage"]
    assert list(found) == [
        *FIGURES,
        "questions",
        "cases",
        "p50_ms",
        "p95_ms",
        *answers,
        "ece",
        "ece_by_chance",
        "n",
    ]
    assert found["answer_coverage"] == pytest.approx(found["n"].pop("answer_precision") / 6, abs=1e-4)
    assert found["n"] == {**dict.fromkeys(FIGURES, 5), "answer_coverage": 6, "ece": 6}
    assert (found["hit@1"], found["mrr@5"], found["questions"], found["cases"]) == (1, 1, 6, 5)
    assert 0 < found["p50_ms"] <= found["p95_ms"]
    assert 0 < found["ece_by_chance"] < 0.5


def test_questions_whose_case_was_removed_count_for_abstaining_only(folder: Path) -> None:
    found = measure(folder, "--drop-cases", "0.4", "--seed", "3")
    assert (found["hit@1"], found["cases"], found["questions"]) == (1, 3, 6)
    assert {"answer_precision", "answer_coverage", "abstain_recall"} <= set(found)
    assert 0 <= found["abstain_recall"] <= 1


def test_the_seed_chooses_what_is_removed(folder: Path) -> None:
    whole = read_matching_set(folder)
    chosen = [tuple(case.id for case in without_some(whole, 0.4, seed).cases) for seed in (1, 1, 2, 3, 4)]
    assert chosen[0] == chosen[1]
    assert len(set(chosen)) > 1


def test_a_table_for_people(folder: Path) -> None:
    result = CliRunner().invoke(command, [str(folder), "--encoder", "hashing"])
    assert "hit@5             1.0  (n = 5)" in result.output


@pytest.fixture
def often_asked(folder: Path) -> Path:
    """The same with each case asked for four times."""
    words = ["как", "помогите", "не могу", "снова"]
    asked = [
        {"id": f"q{n}-{k}", "text": f"{word} {text}"}
        for n, text in enumerate(CASES)
        for k, word in enumerate(words)
    ]
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, asked)), "utf-8")
    pairs = "".join(f"{one['id']},c{one['id'][1]}\n" for one in asked)
    (folder / "relevant.csv").write_text(f"question_id,case_id\n{pairs}", "utf-8")
    return folder


def test_learning_confirms_a_share_of_each_cases_questions(often_asked: Path) -> None:
    whole = read_matching_set(often_asked)
    learned = with_variants(whole, 0.5, 1)
    assert [len(case.variants) for case in learned.cases] == [2] * len(CASES)
    left = {question.text for question in learned.questions}
    assert len(left) == 2 * len(CASES)
    assert not left & {text for case in learned.cases for text in case.variants}
    assert with_variants(whole, 0.5, 1) == learned != with_variants(whole, 0.5, 2)
    assert with_variants(whole, 0.0, 1) is whole
    found = measure(often_asked, "--learn", "0.5", "--seed", "1")
    assert (found["questions"], found["hit@1"]) == (10, 1)


def test_folds_measure_models_that_did_not_see_the_case(often_asked: Path) -> None:
    found = measure(often_asked, "--folds", "2")
    assert (found["questions"], found["hit@5"]) == (20, 1)
    assert {"answer_precision", "answer_coverage"} <= set(found)
    refused = CliRunner().invoke(command, [str(often_asked), "--folds", "1"])
    assert refused.exit_code == 2
    assert "--folds" in refused.output


@pytest.mark.parametrize(
    ("name", "content", "place"),
    [
        ("cases.jsonl", '{"id": "c1"}', "cases.jsonl, line 1"),
        ("cases.jsonl", '"id title"\n', "not a JSON object"),
        ("questions.jsonl", '{"id": 1, "text": null}\n', "no text"),
        ("questions.jsonl", "\n{broken", "questions.jsonl, line 2"),
        ("relevant.csv", "question_id,case_id\nq1,\n", "relevant.csv, line 2"),
    ],
)
def test_a_broken_set_is_told_with_its_place(folder: Path, name: str, content: str, place: str) -> None:
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(UnreadableFile, match=place):
        read_matching_set(folder)


def test_a_folder_that_is_no_set_is_told(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFile, match=r"cases\.jsonl"):
        read_matching_set(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("cases.jsonl", "", "there are no cases"),
        ("questions.jsonl", "", "there are no questions"),
        ("relevant.csv", "question_id,case_id\n", "no question has a right case"),
        ("relevant.csv", "question_id,case_id\nq1,elsewhere\n", "no question has a right case"),
    ],
)
def test_a_set_of_which_nothing_can_be_measured_is_told(
    folder: Path, name: str, content: str, reason: str
) -> None:
    (folder / name).write_text(content, "utf-8")
    with pytest.raises(UnreadableFile, match=reason):
        read_matching_set(folder)


def test_what_moves_the_figures_of_a_set_is_noted_beside_them(folder: Path) -> None:
    with (folder / "questions.jsonl").open("a", encoding="utf-8") as file:
        file.write('\n{"id": "q0", "text": "ещё раз"}')
    with (folder / "relevant.csv").open("a", encoding="utf-8") as file:
        file.write("q1,c99\n")
    result = CliRunner().invoke(command, [str(folder), "--json", "--encoder", "hashing"])
    assert json.loads(result.stdout)["questions"] == len(CASES) + 2
    assert "question ids that stand more than once: each is asked: 1" in result.stderr
    assert "cases named by pairs that the set has not: 1" in result.stderr


def test_a_column_that_no_question_has_is_told(folder: Path) -> None:
    with pytest.raises(UnreadableFile, match="column english"):
        read_matching_set(folder, "english")


@pytest.mark.parametrize("name", ["cases.jsonl", "questions.jsonl", "relevant.csv"])
def test_a_file_in_another_encoding_is_told(folder: Path, name: str) -> None:
    (folder / name).write_bytes((folder / name).read_bytes() + "отмена\n".encode("cp1251"))
    with pytest.raises(UnreadableFile, match="not text in UTF-8") as raised:
        read_matching_set(folder)
    assert "UTF-8" in raised.value.remedy


def test_numbers_as_ids_and_a_single_text_as_variants_are_read(folder: Path) -> None:
    case = {"id": 1, "title": "Отмена", "variants": "откатить", "answer": None, "tags": None}
    (folder / "cases.jsonl").write_text(json.dumps(case), "utf-8")
    (folder / "questions.jsonl").write_text(json.dumps({"id": 7, "text": "отмена", "course": None}), "utf-8")
    (folder / "relevant.csv").write_text("question_id,case_id\n7,1\n8,1\n7,99\n", "utf-8")
    read = read_matching_set(folder)
    assert [(one.id, one.variants, one.answer, one.tags) for one in read.cases] == [
        ("1", ("откатить",), "", ())
    ]
    assert [(one.id, one.course) for one in read.questions] == [("7", "")]
    assert measure(folder)["hit@1"] == 1


def test_the_sample_school_is_a_set() -> None:
    school = read_matching_set(sample_school_folder())
    known = {case.id for case in school.cases}
    assert len(known) >= 80
    assert all(ids <= known for ids in school.relevant.values())
    assert any(question.lesson for question in school.questions)


def labelled(folder: Path, rows: list[dict[str, str]]) -> Path:
    (folder / "questions.jsonl").write_text("\n".join(map(json.dumps, rows)), "utf-8")
    return folder


def test_without_cases_each_label_is_one_worded_by_half_of_its_questions(tmp_path: Path) -> None:
    rows = [
        {"id": f"{label}{n}", "text": f"{text} {n}", "label": label, "english": f"{label} {n}"}
        for label, text in (("a", "ветка"), ("b", "пароль"))
        for n in range(5)
    ]
    rows[1]["english"] = "nan"
    chosen = read_matching_set(labelled(tmp_path, rows), "english")
    assert [(case.title, case.variants) for case in chosen.cases] == [
        ("ветка 0", ("ветка 3",)),
        ("пароль 0", ("пароль 2", "пароль 4")),
    ]
    assert [question.text for question in chosen.questions] == ["a 2", "a 4", "b 1", "b 3"]
    assert chosen.relevant["a2"] == {"a"}


def test_questions_are_asked_in_the_column_that_is_named(tmp_path: Path) -> None:
    rows = [
        {"id": f"{n}", "text": CASES[n // 2], "label": f"{n // 2}", "back": CASES[n // 2][::-1]}
        for n in range(10)
    ]
    folder = labelled(tmp_path, rows)
    assert measure(folder)["hit@1"] == 1
    assert measure(folder, "--asked", "back")["hit@1"] < 1

"""English questions to the sample school, whose cases are Russian: none of them was fitted on."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from indexer.embedders import shipped
from indexer.measuring import temporary_matcher
from kbsearch.evaluation.sets import read_matching_set
from kbsearch.importers.sample_school import sample_school_folder
from kbsearch.matching.matcher import Matcher
from kbsearch.models import Decision
from kbsearch.text.language import detect_language

ASKED = {
    "how do I get a refund for the course": "pl-refund",
    "the video in the lesson does not play": "pl-video-not-playing",
    "where can I find the recording of the webinar": "pl-webinar-recording",
    "I forgot my password and no letter comes": "pl-password-email",
    "can I move to another group that starts later": "pl-stream-transfer",
    "how do I undo my last commit": "fe-git-undo-commit",
    "how to center a block in the middle of the page": "fe-flex-center",
    "my endless loop never stops": "py-while-infinite",
    "how do I round a price in an f-string": "py-fstring",
    "I get duplicate rows after joining two tables": "da-sql-join-duplicates",
    "how to count non-empty cells by several conditions": "da-excel-countifs",
    "they did not let me pay by card": "pl-payment-failed",
}
LEAST_FOUND, LEAST_SHOWN = 0.8, 0.8
OTHERS = sample_school_folder().parent / "other_schools"


def translated() -> list[dict[str, str]]:
    with (OTHERS / "translations.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def school() -> Iterator[tuple[Matcher, dict[str, int]]]:
    with temporary_matcher(read_matching_set(sample_school_folder()), *shipped()) as found:
        yield found


def test_the_right_case_is_among_the_first_three_and_is_not_hidden(
    school: tuple[Matcher, dict[str, int]],
) -> None:
    matcher, ids = school
    results = {case: matcher.match(text) for text, case in ASKED.items()}
    found = [ids[case] in [match.case_id for match in result.matches] for case, result in results.items()]
    shown = [matcher.decide(result, 0.95) != Decision.ABSTAIN for result in results.values()]
    assert sum(found) >= LEAST_FOUND * len(ASKED)
    assert sum(shown) >= LEAST_SHOWN * len(ASKED)


def test_no_answer_is_given_to_everyday_questions_in_english(school: tuple[Matcher, dict[str, int]]) -> None:
    matcher, _ = school
    for text in ("how do I boil an egg", "what is the capital of Peru", "my neighbour's dog barks at night"):
        assert matcher.decide(matcher.match(text), 0.95) == Decision.ABSTAIN


def test_none_of_them_was_fitted_on() -> None:
    assert not {row["text"].lower() for row in translated()} & {text.lower() for text in ASKED}


@pytest.mark.parametrize("folder", [sample_school_folder(), *(p for p in OTHERS.iterdir() if p.is_dir())])
def test_translations_are_of_the_schools_questions_and_in_the_language_that_is_said(folder: Path) -> None:
    school = read_matching_set(folder)
    texts = {question.id: question.text for question in school.questions}
    rows = [row for row in translated() if row["school"] == school.name]
    assert len(rows) >= 60
    assert len({row["question_id"] for row in rows}) == len(rows)
    assert all(row["text"] != texts[row["question_id"]] for row in rows)
    asked_in = [detect_language(row["text"]) == row["language"] for row in rows]
    assert sum(asked_in) >= 0.95 * len(rows)  # some quote a sentence of the other language

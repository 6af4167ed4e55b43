"""Questions that one case answers are put together, over what a clusterer found."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from clustering.by_case import (
    FEWEST,
    LEAST,
    LOWEST,
    SHARE,
    STAYS,
    SURE,
    ByCase,
    WithCases,
    case_of_each,
    grouped_by_case,
)
from clustering.living import FEWEST_LEFT
from kbsearch.ports import Floats, Ints
from kbsearch.services.first_matches import First

BETWEEN = LEAST - STAYS / 2
"""Too little to go to a case that is sure of others, and enough to stay."""
WORDS = ("коммит", "ветка", "оплата", "дедлайн", "сертификат", "отступ")


def laid(
    labels: list[int],
    firsts: dict[int, First],
    places: dict[int, int] | None = None,
    texts: list[str] | None = None,
) -> ByCase:
    n = len(labels)
    words = texts or [f"вопрос номер{row} слово{row}" for row in range(n)]
    strengths = np.full(n, 0.5, np.float32)
    return grouped_by_case(
        np.arange(n), words, np.array(labels), strengths, firsts=firsts, places=places or {}
    )


def sure(*rows: int, case: int = 7, chance: float = 1.0) -> dict[int, First]:
    return {row: First(case, chance) for row in rows}


def test_what_a_case_answers_is_put_together_and_the_rest_stays() -> None:
    found = laid([0, 0, 0, 0, 1, 1, 1, 1], sure(0, 4, 5, chance=0.75))
    assert found.labels.tolist() == [2, 0, 0, 0, 2, 2, -1, -1]  # two are too few to be a cluster
    assert found.cases.tolist() == [7, -1, -1, -1, 7, 7, -1, -1]
    assert found.strengths.tolist() == [0.75, 0.5, 0.5, 0.5, 0.75, 0.75, 0, 0]


def test_a_case_that_answers_too_few_puts_nothing_together() -> None:
    labels = [0, 0, 0, 1, 1, 1]
    assert laid(labels, sure(0, 3)).labels.tolist() == labels


def test_the_cluster_of_a_case_lives_on_with_two_questions() -> None:
    places = {0: 30, 1: 30, 2: 31, 3: 31, 4: 31}
    assert laid([-1] * 2 + [0] * 3, sure(0, 1), places).labels.tolist() == [1, 1, 0, 0, 0]
    most_elsewhere = {0: 31, 1: 31, 2: 31, 3: 31, 4: 31}
    assert laid([-1] * 2 + [0] * 3, sure(0, 1), most_elsewhere).labels.tolist() == [-1, -1, 0, 0, 0]


def test_what_is_left_of_a_cluster_lives_on_with_two_questions() -> None:
    firsts, places = sure(0, 1, 2), {0: 30, 1: 30, 2: 30, 3: 31, 4: 31, 5: 31}
    assert laid([0] * 5, firsts, places).labels.tolist() == [1, 1, 1, 0, 0]
    assert laid([0] * 5, firsts).labels.tolist() == [1, 1, 1, -1, -1]


def test_what_too_few_are_left_of_goes_along_with_most_of_the_cluster_that_it_was_in() -> None:
    firsts, places = sure(0, 1, 2, 5), dict.fromkeys(range(5), 30)
    found = laid([0] * 5 + [1], firsts, places)
    assert found.labels.tolist() == [2, 2, 2, 2, 2, 2]
    assert found.cases.tolist() == [7, 7, 7, -1, -1, 7]
    assert found.strengths.tolist() == [1, 1, 1, 0.5, 0.5, 1]
    half = {0: 30, 1: 30, 3: 30, 4: 30}
    assert laid([0] * 5 + [1], firsts, half).labels.tolist() == [2, 2, 2, -1, -1, 2]


def test_a_case_takes_three_questions_from_no_clusters_that_live() -> None:
    labels, places = [0] * 5 + [1] * 5, dict(zip(range(10), [30] * 5 + [31] * 5, strict=True))
    assert laid(labels, sure(3, 4, 5), places).labels.tolist() == labels
    assert laid(labels, sure(3, 4, 5, 6), places).labels.tolist() == [0] * 3 + [2] * 4 + [1] * 3
    new = {row: place for row, place in places.items() if row not in {4, 5}}
    assert laid(labels, sure(3, 4, 5), new).labels.tolist() == [0] * 3 + [2] * 3 + [1] * 4


def test_a_question_that_a_case_hardly_answers_stays_where_it_is() -> None:
    firsts = sure(0, 1, 2) | sure(3, chance=BETWEEN)
    assert laid([0] * 6, firsts).labels.tolist() == [1, 1, 1, 0, 0, 0]


def test_what_was_in_the_cluster_of_the_case_stays_there_when_its_chance_falls_a_little() -> None:
    firsts = sure(0, 1, 2) | sure(3, 4, chance=BETWEEN)
    found = laid([0] * 8, firsts, places={0: 30, 1: 30, 2: 30, 3: 30, 4: 31})
    assert found.labels.tolist() == [1, 1, 1, 1, 0, 0, 0, 0]


def test_a_case_that_is_sure_of_none_gets_what_is_likely_beside_its_likeliest() -> None:
    chances = [0.75, 0.7, 0.65, 0.3, SHARE * 0.7 + 0.01, SHARE * 0.7 - 0.01, LOWEST]
    firsts = {row: First(7, chance) for row, chance in enumerate(chances)}
    assert laid([-1] * 7, firsts).cases.tolist() == [7] * 5 + [-1] * 2


def test_a_case_that_is_sure_of_some_gets_none_that_it_hardly_answers() -> None:
    firsts = sure(0, 1, 2) | sure(3, chance=LEAST) | sure(4, chance=LEAST - 0.01)
    assert laid([-1] * 5, firsts).cases.tolist() == [7] * 4 + [-1]


def test_no_question_goes_to_a_case_that_hardly_answers_it_however_unsure_the_case_is() -> None:
    chances = [LOWEST, LOWEST, LOWEST, LOWEST - 0.01]
    firsts = {row: First(7, chance) for row, chance in enumerate(chances)}
    assert laid([-1] * 4, firsts).cases.tolist() == [7, 7, 7, -1]


def test_a_question_asked_again_and_again_makes_its_case_no_surer() -> None:
    texts = ["отменить коммит"] * 5 + [f"вопрос номер{row} слово{row}" for row in range(4)]
    chances = [0.9] * 5 + [0.3, 0.3, 0.25, 0.15]
    firsts = {row: First(7, chance) for row, chance in enumerate(chances)}
    assert laid([-1] * 9, firsts, texts=texts).cases.tolist() == [7] * 8 + [-1]


def test_what_was_in_the_cluster_of_an_unsure_case_stays_there_too() -> None:
    chances = [0.5, 0.5, 0.5, LOWEST - STAYS / 2, LOWEST - STAYS / 2]
    firsts = {row: First(7, chance) for row, chance in enumerate(chances)}
    assert laid([-1] * 5, firsts, {0: 30, 1: 30, 2: 30, 3: 30, 4: 31}).cases.tolist() == [7] * 4 + [-1]


def test_a_case_gets_no_more_than_two_usual_clusters_of_questions_that_it_may_answer() -> None:
    labels = [row // 4 for row in range(16)]
    chances = [0.45 + row / 100 for row in range(16)]
    firsts = {row: First(7, chance) for row, chance in enumerate(chances)}
    found = laid(labels, firsts)
    assert found.cases.tolist() == [-1] * 8 + [7] * 8  # the likeliest
    assert found.labels[:8].tolist() == labels[:8]
    certain = laid(labels, {row: First(7, SURE) for row in range(16)})
    assert certain.cases.tolist() == [7] * 16


def test_equal_questions_find_room_together_or_not_at_all() -> None:
    texts = ["отменить коммит"] * 3 + [f"вопрос номер{row} слово{row}" for row in range(5)]
    firsts = {row: First(7, 0.5 if row < 3 else 0.6) for row in range(8)}
    found = laid([0, 0, 0, 1, 1, 1, 2, 2], firsts, texts=texts)
    assert found.cases.tolist() == [-1] * 3 + [7] * 5


def test_what_is_in_the_cluster_of_the_case_keeps_its_room() -> None:
    firsts = {row: First(7, 0.5 if row < 4 else 0.55) for row in range(8)}
    places = {0: 30, 1: 30, 2: 30, 3: 30}
    assert laid([0, 0, 1, 1, 2, 2, 3, 3], firsts, places).cases.tolist() == [7] * 4 + [-1] * 4


def test_equal_questions_go_to_the_case_that_is_likeliest_for_any_of_them() -> None:
    texts = ["отменить коммит", "отменить коммит!", "отмени коммиты", "другое", "третье", "коммит отменить?"]
    firsts = sure(0, 1, chance=0.9) | {2: First(8, 0.95)}
    found = laid([0] * 6, firsts, texts=texts)
    assert found.cases.tolist()[:3] == [8, 8, 8]
    assert found.labels.tolist()[:3] == [found.labels[0]] * 3


def test_questions_that_no_case_answers_are_put_nowhere() -> None:
    firsts = {row: First(None, 0.0) for row in range(4)}
    assert laid([0, 0, 0, -1], firsts).labels.tolist() == [0, 0, 0, -1]


@given(
    st.lists(
        st.tuples(
            st.integers(-1, 3),  # label
            st.sampled_from(WORDS),
            st.one_of(st.none(), st.integers(1, 3)),  # case
            st.floats(0, 1),
            st.one_of(st.none(), st.integers(30, 32)),  # place
        ),
        max_size=40,
    )
)
def test_no_clusters_below_the_fewest_and_equal_questions_together(
    rows: list[tuple[int, str, int | None, float, int | None]],
) -> None:
    given_labels = [label for label, *_ in rows]
    sizes = {label: given_labels.count(label) for label in given_labels}
    # Equal questions have one label, as a clusterer leaves them.
    by_word = {word: label for label, word, *_ in rows}
    labels = [by_word[word] for _, word, *_ in rows]
    firsts = {row: First(case, chance) for row, (_, _, case, chance, _) in enumerate(rows)}
    places = {row: place for row, (*_, place) in enumerate(rows) if place is not None}
    words = [word for _, word, *_ in rows]
    found = laid(labels, firsts, places, words)
    after = found.labels.tolist()
    assert len(after) == len(sizes and rows)
    for label in set(after) - {-1}:
        before = [places.get(row) for row in range(len(rows)) if after[row] == label]
        assert len(before) >= FEWEST or any(
            before.count(home) > list(places.values()).count(home) / 2 for home in set(before) - {None}
        )
        assert len(before) >= FEWEST_LEFT
    for word in by_word:
        assert len({after[row] for row, (_, each, *_) in enumerate(rows) if each == word}) == 1
    of_cases = set()
    for case in set(found.cases.tolist()) - {-1}:
        (label,) = {after[row] for row in np.flatnonzero(found.cases == case).tolist()}
        of_cases.add(label)
        others = np.flatnonzero((found.labels == label) & (found.cases != case)).tolist()
        assert all(_went_along(row, words, after, places) for row in others)
    unmoved = [
        row
        for row in range(len(rows))
        if after[row] >= 0 and after[row] not in of_cases and not _went_along(row, words, after, places)
    ]
    for row in unmoved:
        for other in unmoved:
            assert (labels[row] == labels[other]) == (after[row] == after[other])


def _went_along(row: int, words: list[str], after: list[int], places: dict[int, int]) -> bool:
    """Whether most of where an equal question was has the label of ``row`` now."""
    homes = {places[other] for other, word in enumerate(words) if word == words[row] and other in places}
    there = [[after[other] for other, place in places.items() if place == home] for home in homes]
    return any(2 * each.count(after[row]) > len(each) for each in there)


def test_a_label_is_named_after_the_case_that_put_half_of_it_there() -> None:
    labels, cases = np.array([0, 0, 0, 1, 1, 1, -1]), np.array([4, 4, -1, 4, -1, -1, 5])
    assert case_of_each(labels, ByCase(labels, np.full(7, 0.6, np.float32), cases)) == {0: 4}


def test_a_label_is_not_named_after_a_case_that_likely_does_not_answer() -> None:
    labels, cases = np.array([0, 0, 0, 1, 1, 1]), np.array([4, 4, 4, 5, 5, 5])
    strengths = np.array([0.4, 0.45, 0.6, 0.4, 0.5, 0.65], np.float32)
    assert case_of_each(labels, ByCase(labels, strengths, cases)) == {1: 5}


class _All:
    """Puts everything into one cluster."""

    def fit_predict(self, X: Floats, y: None = None) -> Ints:  # noqa: N803
        return np.zeros(len(X), np.int64)


def test_a_clusterer_with_cases_is_a_clusterer() -> None:
    clusterer = WithCases(_All(), [f"слово{row}" for row in range(7)], sure(1, 3, 5))
    assert clusterer.fit_predict(np.eye(7, dtype=np.float32)).tolist() == [0, 1, 0, 1, 0, 1, 0]

"""While few cases are written, the nearest one is seldom the answer."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.asked import Asked
from indexer.embedded import EmbeddedIndex
from kbsearch.matching.candidates import ENOUGH, QUESTIONS_A_TOPIC, SIGNALS, scarcity
from kbsearch.matching.features import NAMES
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.model import load_model
from kbsearch.matching.training import JudgedQuery, knowing_scarcity, ranked_rows
from tests.contracts.samples import EMBEDDER, SCHOOL

PLACE = NAMES.index("scarcity")


def index_of(folder: Path, questions: int) -> EmbeddedIndex:
    """Six cases, one of them to be checked, and so many questions."""
    asked: Asked = (np.zeros(EMBEDDER.dimension, np.float32), questions)
    index = EmbeddedIndex(folder / "cases", EMBEDDER, asked=lambda: asked)
    index.upsert(SCHOOL)
    return index


@pytest.mark.parametrize(
    ("questions", "states", "times"),
    [
        (0, (), 1),
        (6 * QUESTIONS_A_TOPIC, (), 1),
        (12 * QUESTIONS_A_TOPIC, (), 2),
        (12 * QUESTIONS_A_TOPIC, ("needs_check",), 12),
        (100_000, (), ENOUGH / 6),
        (100_000, ("draft",), ENOUGH),
    ],
)
def test_it_tells_how_many_cases_lack(
    tmp_path: Path, questions: int, states: tuple[str, ...], times: float
) -> None:
    assert scarcity(index_of(tmp_path, questions), states) == pytest.approx(np.log(times))


def test_a_case_is_less_likely_where_cases_are_few(tmp_path: Path) -> None:
    chances = []
    for place, questions in enumerate((0, 40, 100_000)):
        matcher = Matcher(index_of(tmp_path / str(place), questions), EMBEDDER)
        chances.append(matcher.match("коммит последний как убрать", limit=1).matches[0].probability)
    assert chances[0] > chances[1] > chances[2] > 0


def test_matches_rest_on_how_few_cases_there_are_in_steps(tmp_path: Path) -> None:
    version = load_model().version
    bases = [
        Matcher(index_of(tmp_path / str(questions), questions), EMBEDDER).basis()
        for questions in (0, 12, 14, 18, 100_000)
    ]
    assert bases[:2] == [version, version]
    assert bases[2] == bases[3] == f"{version}, few cases: 1"
    assert bases[4] == f"{version}, few cases: 5"


def asked_where_few(count: int, right: float) -> list[JudgedQuery]:
    """Questions of which a share ``right`` in [0, 1] is answered by the first of two candidates."""
    random = np.random.default_rng(0)
    signals = np.zeros((2, len(SIGNALS)), np.float32)
    signals[0] = 1
    signals[:, SIGNALS.index("scarcity")] = 2
    return [
        JudgedQuery(signals, np.array([bool(random.random() < right), False]), str(number), degraded=degraded)
        for number in range(count)
        for degraded in (False, True)
    ]


def test_what_few_cases_mean_is_learned_and_nothing_else() -> None:
    base = load_model()
    queries = asked_where_few(400, 0.1)
    model = knowing_scarcity(base, queries)
    for degraded in (False, True):
        old, new = base.way(degraded), model.way(degraded)
        assert np.delete(new.calibration.weights, PLACE).tolist() == (
            np.delete(old.calibration.weights, PLACE).tolist()
        )
        assert new.calibration.intercept == old.calibration.intercept
        some = [one for one in queries if one.degraded == degraded]
        table, _ = ranked_rows(some[0], new.ranker, 1)
        right = np.mean([one.right[0] for one in some])
        assert new.calibration.chances(table)[0] == pytest.approx(right, abs=0.01)

"""What the calibration looks at."""

from __future__ import annotations

import numpy as np
import pytest

from kbsearch.matching.candidates import SIGNALS
from kbsearch.matching.features import MANY_WORDS, NAMES, features
from kbsearch.ports import Floats


def of_question(words: int) -> Floats:
    signals = np.zeros((3, len(SIGNALS)), np.float32)
    signals[:, SIGNALS.index("words")] = words
    return features(signals, np.array([2, 1, 0], np.float32), 3)


@pytest.mark.parametrize(
    ("words", "length"),
    [(0, 0.0), (1, 0.0), (3, np.log(3)), (MANY_WORDS, np.log(MANY_WORDS)), (1000, np.log(MANY_WORDS))],
)
def test_the_number_of_words_counts_up_to_a_dozen(words: int, length: float) -> None:
    assert of_question(words)[:, NAMES.index("length")] == pytest.approx(length)


@pytest.mark.parametrize("unknown", [0.0, 0.25, 1.0])
def test_the_cosine_counts_as_far_as_words_are_unknown(unknown: float) -> None:
    signals = np.zeros((3, len(SIGNALS)), np.float32)
    signals[:, SIGNALS.index("cosine")] = cosine = [0.8, 0.5, -0.1]
    signals[:, SIGNALS.index("unknown")] = unknown
    table = features(signals, np.array([2, 1, 0], np.float32), 3)
    assert table[:, NAMES.index("cosine_unknown")] == pytest.approx([unknown * one for one in cosine])


def test_a_retriever_to_which_all_are_alike_agrees_with_none() -> None:
    signals = np.zeros((3, len(SIGNALS)), np.float32)
    signals[:, SIGNALS.index("vector")] = [3, 1, 0]
    table = features(signals, np.array([2, 1, 0], np.float32), 3)
    assert table[:, NAMES.index("agree")].tolist() == [1, 0, 0]

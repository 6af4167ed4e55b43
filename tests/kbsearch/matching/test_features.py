"""What the calibration looks at."""

from __future__ import annotations

import numpy as np
import pytest

from kbsearch.matching.candidates import SIGNALS
from kbsearch.matching.features import FEW_WORDS, MANY_WORDS, NAMES, features
from kbsearch.ports import Floats


def of_question(words: int) -> Floats:
    signals = np.zeros((3, len(SIGNALS)), np.float32)
    signals[:, SIGNALS.index("words")] = words
    return features(signals, np.array([2, 1, 0], np.float32), 3)


@pytest.mark.parametrize(
    ("words", "short", "length"),
    [
        (0, 1, 0.0),
        (1, 1, 0.0),
        (FEW_WORDS, 1, np.log(FEW_WORDS)),
        (FEW_WORDS + 1, 0, np.log(FEW_WORDS + 1)),
        (MANY_WORDS, 0, np.log(MANY_WORDS)),
        (1000, 0, np.log(MANY_WORDS)),
    ],
)
def test_the_number_of_words_counts_up_to_a_dozen(words: int, short: int, length: float) -> None:
    table = of_question(words)
    assert table[:, NAMES.index("short")].tolist() == [short] * 3
    assert table[:, NAMES.index("length")] == pytest.approx(length)

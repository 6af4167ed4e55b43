"""The simplest re-ranker that keeps the contract: it counts shared stems."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from kbsearch.ports import Floats
from kbsearch.text.words import stems


class SharedWords:
    """How many different stems of the question a passage has."""

    model_id = "shared-words"

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """One count for each of ``passages``."""
        asked = set(stems(question))
        return np.array([len(asked & set(stems(passage))) for passage in passages], np.float32)

"""Whether a message is small talk: features that a person can read, a calibrated probability, a reason.

Small talk wants no answer: thanks, greetings, "+1", laughter, "found it myself", talk about the course and
life.  The coefficients stand in ``small_talk.json`` beside this module, with where they come from;
``python -m benchmarks.fit_small_talk`` refits them.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import numpy as np

from kbsearch.models import AsideReason
from kbsearch.ports import Floats
from kbsearch.text.bidding import bids
from kbsearch.text.chatter import is_small_talk, without_apology
from kbsearch.text.common_words import common_words
from kbsearch.text.inversion import inverted
from kbsearch.text.layout import repair_layout
from kbsearch.text.talk_marks import (
    AHEAD,
    CLOSING_THANKS,
    CODE,
    CYRILLIC,
    DIGIT,
    EMOJI,
    FAILS,
    LATIN,
    LAUGHTER,
    SMILE,
    WORD,
)
from kbsearch.text.talk_words import GROUPS
from kbsearch.text.transliteration import to_cyrillic
from kbsearch.text.words import stem

SOCIAL = frozenset(("thanks", "greets", "agrees", "done", "withdraws", "feels", "wishes", "to_all"))
"""Groups of words whose share in the message counts."""
MARKS = {
    "fails_to": FAILS,
    "laughter": LAUGHTER,
    "emoji": EMOJI,
    "smile": SMILE,
    "code": CODE,
    "digit": DIGIT,
}
MOODS = ("emoji", "smile", "exclamation")
"""Marks that tell how somebody feels, which says nothing of a message that asks."""
ASKS = ("asks", "requests", "fails", "wants", "fails_to", "question_mark")
NAMES = (
    *GROUPS,
    *MARKS,
    "question_mark",
    "exclamation",
    "foreign",
    "length",
    "content",
    "rarity",
    "rarest",
    "unknown",
    "social",
    "only_thanks",
    "closing_thanks",
)
"""The columns of `talk_features`.

The names of `GROUPS`: how many words of the group there are, two at most.  The names of `MARKS`: 1 when the
mark is there.  foreign: 1 for Latin words in a Cyrillic text.  length: log of the number of words.  content:
log of one more than the words that are neither social nor in every text.  rarity, rarest: mean and most of
what these lack to Zipf frequency 6.  unknown: share of words no list knows.  social: share of words of the
groups `SOCIAL`.  only_thanks: 1 for thanks without a question word or mark.  closing_thanks: 1 where thanks
close a statement, whether of a success or of a complaint.  `MOODS` are 0 where one of
`ASKS` is not.
"""
MOST_COUNTED = 2
COMMON = 5.6
"""Words of this Zipf frequency and above say nothing of a topic."""
FREQUENT = 6.0
LONGEST = 300
"""Longer messages are never small talk: the few that are cost less than one question that is lost."""
ASKING = 5
"""Words from which on a message with a question mark is a question, whatever else it says."""
THANKING_AHEAD = 6
"""Words from which on a message that thanks in advance tells what for."""
_ASKS = [NAMES.index(name) for name in ASKS]
_MOODS = [NAMES.index(name) for name in MOODS]


_TOLD_BY = {
    "thanks": AsideReason.THANKS,
    "only_thanks": AsideReason.THANKS,
    "withdraws": AsideReason.WITHDRAWN,
    "done": AsideReason.SOLVED,
    "greets": AsideReason.GREETING,
    "wishes": AsideReason.WISH,
    "feels": AsideReason.FEELING,
    "agrees": AsideReason.AGREEMENT,
    "laughter": AsideReason.REACTION,
    "emoji": AsideReason.REACTION,
}


@dataclass(frozen=True, slots=True)
class SmallTalk:
    """A message is small talk with ``probability`` in [0, 1]; ``reason`` is what speaks most for it."""

    reason: AsideReason
    probability: float


@dataclass(frozen=True, slots=True, eq=False)
class _Regression:
    """A logistic regression: weights of the features (len(NAMES),) and of a vector (dimension,) or none."""

    weights: Floats
    vector: Floats
    intercept: float
    threshold: float


@dataclass(frozen=True, slots=True, eq=False)
class SmallTalkModel:
    """Tells small talk by the words and, where vectors are those of ``model_id``, by the vector too."""

    version: str
    model_id: str
    full: _Regression
    words_only: _Regression
    held_out: Mapping[str, Any] = field(default_factory=dict)

    def told(
        self, texts: Sequence[str], vectors: Floats | None = None, model_id: str = ""
    ) -> dict[int, SmallTalk]:
        """Which of ``texts`` are small talk, by their place.

        Args:
            texts: messages as they were written, (n,).
            vectors: of what the index holds of each, shape (n, dimension), not centred; None: words only.
            model_id: the encoder that made the vectors; with another than the model's own, words only.
        """
        texts = [without_apology(text) for text in texts]
        known = vectors is not None and model_id == self.model_id
        model = self.full if known else self.words_only
        chosen = [place for place, text in enumerate(texts) if may_be_small_talk(text)]
        found: dict[int, SmallTalk] = {}
        for place in chosen:
            row = talk_features(texts[place])
            logit = float(row @ model.weights) + model.intercept
            if known and vectors is not None:
                logit += float(vectors[place] @ model.vector)
            chance = 1 / (1 + math.exp(-max(-30.0, min(30.0, logit))))
            if chance >= model.threshold or is_small_talk(texts[place]):
                found[place] = SmallTalk(_reason(row, model.weights), max(chance, model.threshold))
        return found


def may_be_small_talk(text: str) -> bool:
    """Whether ``text`` is short enough, and neither asks by mark or order of words nor bids anybody do it."""
    if len(text) > LONGEST:
        return False
    words = len(WORD.findall(text))
    if ("?" in text and words >= ASKING) or (words >= THANKING_AHEAD and AHEAD.search(text)):
        return False
    return not bids(text) and not inverted(text)


def talk_features(text: str) -> Floats:
    """Features of a message, shape (len(NAMES),), the keyboard layout repaired."""
    written = _repaired(text.strip())
    said = [_word(word) for word in WORD.findall(written)]
    counts = dict.fromkeys(GROUPS, 0)
    for word in said:
        for name in word.groups:
            counts[name] += 1
    rare = [word.rarity for word in said if word.rarity >= 0]
    length = max(1, len(said))
    asks = counts["asks"] > 0 or "?" in text
    values = (
        *(min(count, MOST_COUNTED) for count in counts.values()),
        *(mark.search(text) is not None for mark in MARKS.values()),
        "?" in text,
        "!" in text,
        CYRILLIC.search(written) is not None and LATIN.search(written) is not None,
        math.log(length),
        math.log1p(len(rare)),
        sum(rare) / max(1, len(rare)),
        max(rare, default=0.0),
        sum(not word.known for word in said) / length,
        sum(word.social for word in said) / length,
        counts["thanks"] > 0 and not asks,
        CLOSING_THANKS.search(written) is not None,
    )
    row = np.array(values, np.float32)
    if row[_ASKS].any():
        row[_MOODS] = 0.0
    return row


@dataclass(frozen=True, slots=True)
class _Word:
    """What is known of a word; ``rarity`` is what it lacks to `FREQUENT`, -1 when it can name no topic."""

    groups: tuple[str, ...]
    social: bool
    known: bool
    rarity: float


@lru_cache(maxsize=50_000)
def _word(written: str) -> _Word:
    low = written.lower().replace("ё", "е")
    root = stem(low)
    groups = tuple(name for name, group in GROUPS.items() if root in group)
    social = not SOCIAL.isdisjoint(groups)
    frequency = common_words().get(low, 0.0)
    names = not social and frequency < COMMON and len(low) > 2  # noqa: PLR2004  # «на», "to"
    rarity = FREQUENT - min(FREQUENT, frequency) if names else -1.0
    return _Word(groups, social, low in common_words(), rarity)


def _repaired(text: str) -> str:
    """``text`` in the right layout and script, looked for only where most of its words are unknown."""
    known = [_word(word).known for word in WORD.findall(text)]
    return text if sum(known) * 2 >= len(known) else to_cyrillic(repair_layout(text))


def _reason(row: Floats, weights: Floats) -> AsideReason:
    """Of what is there and names a reason, what weighs most; `AsideReason.TALK` when nothing is."""
    worth = {name: float(weights[NAMES.index(name)]) for name in _TOLD_BY if row[NAMES.index(name)] > 0}
    return _TOLD_BY[max(worth, key=lambda name: worth[name])] if worth else AsideReason.TALK


@cache
def load_small_talk_model() -> SmallTalkModel:
    """The model that comes with kbsearch."""
    stored = json.loads(files("kbsearch.matching").joinpath("small_talk.json").read_text("utf-8"))
    return small_talk_model_from(stored)


def small_talk_model_from(stored: Mapping[str, Any]) -> SmallTalkModel:
    """The model in ``stored``, as `benchmarks.fit_small_talk` writes it."""
    return SmallTalkModel(
        version=stored["version"],
        model_id=stored["model_id"],
        full=_regression(stored["full"]),
        words_only=_regression(stored["words_only"]),
        held_out=stored["held_out"],
    )


def _regression(stored: Mapping[str, Any]) -> _Regression:
    return _Regression(
        weights=np.array([stored["weights"].get(name, 0.0) for name in NAMES], np.float32),
        vector=np.array(stored.get("vector", []), np.float32),
        intercept=float(stored["intercept"]),
        threshold=float(stored["threshold"]),
    )

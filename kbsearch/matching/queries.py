"""What is asked, made ready for the two retrievers: its words and its vector."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Literal

from kbsearch.ports import Embedder, Floats
from kbsearch.text.asking import asking_sentences
from kbsearch.text.chatter import strip_chatter
from kbsearch.text.layout import repair_layout
from kbsearch.text.lexicon import Lexicon, followed_by, shipped_lexicon
from kbsearch.text.long_messages import question_part
from kbsearch.text.quotes import without_quotes
from kbsearch.text.tracebacks import reduce_tracebacks
from kbsearch.text.transliteration import to_cyrillic
from kbsearch.text.typos import MOST, candidates
from kbsearch.text.vocabulary import Vocabulary
from kbsearch.text.words import stems, words

MAX_CHARS = 4_000
"""A text is matched by its first characters up to here: what comes later is pasted code or a log."""
MAX_WORDS = 64
"""Different words that are searched for, the first ones."""
REMEMBERED = 4_096
"""How many encoded queries are kept (8 MB with 512 dimensions)."""

StepKind = Literal["quote", "chatter", "asking", "traceback", "layout", "transliteration", "typo", "lexicon"]
SWITCHED_ON: frozenset[StepKind] = frozenset(
    ("quote", "chatter", "asking", "traceback", "layout", "transliteration", "typo", "lexicon")
)
"""The steps that are taken; docs/matching.md says what each pays."""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done to understand a text: ``before`` became, or was followed by, ``after``."""

    kind: StepKind
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Query:
    """A text to match.

    ``bare``: what is encoded: without chatter, layout, transliteration and typos repaired.  ``words``: the
    different words of it, with other readings of typos and slang spelt out; these are searched for.
    ``repaired``: the layout or the script was wrong.  ``length``: how many words there are.  ``steps``: what
    was done, in order.
    """

    bare: str
    words: tuple[str, ...]
    repaired: bool
    length: int
    steps: tuple[Step, ...] = ()

    @property
    def text(self) -> str:
        """The words as one text for the text index."""
        return " ".join(self.words)

    @property
    def is_empty(self) -> bool:
        """Whether there is no word to search for."""
        return self.length == 0


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What is known of words when a question is read: the lexicon, and the vocabulary of the index."""

    lexicon: Lexicon = field(default_factory=shipped_lexicon)
    vocabulary: Vocabulary = field(default_factory=Vocabulary)


@cache
def common_knowledge() -> Knowledge:
    """The shipped lexicon and the common words of both languages, nothing of an index."""
    lexicon = shipped_lexicon()
    return Knowledge(lexicon, Vocabulary(said=lexicon.said))


def prepare(text: str, knowledge: Knowledge | None = None, on: frozenset[StepKind] = SWITCHED_ON) -> Query:
    """The query that ``text`` (its first `MAX_CHARS` characters) stands for.

    Args:
        text: what was asked.
        knowledge: of the index and the school; without it only what every school knows.
        on: the steps to take.
    """
    reading = _Reading(text[:MAX_CHARS].replace("\0", " ").strip(), on)
    known = knowledge or common_knowledge()
    repaired = _repair(reading, known.vocabulary)
    whole = reading.text
    readings = reading.correct(known.vocabulary) if knowledge else []
    corrected = reading.text
    reading.spell_out(known.lexicon)
    searched = _searched_words(reading.text, readings)
    return Query(corrected, searched, repaired, len(stems(whole)), tuple(reading.steps))


@lru_cache(maxsize=16_384)
def bare_text(text: str) -> str:
    """What of a question's ``text`` is encoded and indexed, the same whatever the index holds.

    Remembered, because a question that has been indexed is compared with earlier ones soon after.
    """
    reading = _Reading(text[:MAX_CHARS].replace("\0", " ").strip(), SWITCHED_ON)
    _repair(reading, common_knowledge().vocabulary)
    return reading.text


def _repair(reading: _Reading, vocabulary: Vocabulary) -> bool:
    """Strip and turn ``reading``; whether its layout or script was wrong."""
    reading.apply("quote", without_quotes)
    reading.apply("chatter", strip_chatter)
    reading.apply("asking", question_part)
    reading.apply("traceback", reduce_tracebacks)
    turned = reading.apply("layout", lambda text: repair_layout(text, vocabulary))
    turned = reading.apply("transliteration", lambda text: to_cyrillic(text, vocabulary)) or turned
    if turned:
        reading.apply("chatter", strip_chatter)
    return turned


class _Reading:
    """A text on its way to a query, and the steps that changed it."""

    def __init__(self, text: str, on: frozenset[StepKind]) -> None:
        self.text = text
        self.steps: list[Step] = []
        self._on = on

    def apply(self, kind: StepKind, change: Callable[[str], str]) -> bool:
        """Change the text; whether that made a difference."""
        if kind not in self._on:
            return False
        before, self.text = self.text, change(self.text)
        if before == self.text:
            return False
        self.steps.append(Step(kind, before, self.text))
        return True

    def correct(self, vocabulary: Vocabulary) -> list[str]:
        """Replace unknown words by the likeliest known ones; returns readings that are nearly as likely."""
        if "typo" not in self._on:
            return []
        others: list[str] = []
        pieces, end, count = [], 0, 0
        for word in words(self.text):
            written = self.text[word.start : word.end]
            found = candidates(written, vocabulary) if word.start >= end and count < MOST else []
            if found:
                pieces += [self.text[end : word.start], found[0].word]
                end, count = word.end, count + 1
                others += [one.word for one in found[1:]]
                self.steps.append(Step("typo", written, " / ".join(one.word for one in found)))
        self.text = "".join([*pieces, self.text[end:]])
        return others

    def spell_out(self, lexicon: Lexicon) -> None:
        """Add what slang means."""
        if "lexicon" in self._on:
            meanings = lexicon.meanings(self.text)
            self.steps += [Step("lexicon", *pair) for pair in meanings.items()]
            self.text = followed_by(self.text, meanings)


def _searched_words(text: str, readings: Sequence[str]) -> tuple[str, ...]:
    """The different words of ``text`` and ``readings``; of too many those first that stand where it asks."""
    found = different_words(" ".join([text, *readings]))
    if len(found) < MAX_WORDS:
        return found
    return different_words(" ".join([*asking_sentences(text), text, *readings]))


def different_words(text: str) -> tuple[str, ...]:
    """The first `MAX_WORDS` words of ``text``, each stem once: what is said twice is not asked twice."""
    found: dict[str, str] = {}
    last = 0
    for word in words(text):
        if word.start >= last:  # not a part of the joined word before
            found.setdefault(word.stem, text[word.start : word.end])
            last = word.end
    return tuple(found.values())[:MAX_WORDS]


class QueryEncoder:
    """Encodes queries and remembers the last `REMEMBERED` of them.  Threads may share one."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, Floats] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def model_id(self) -> str:
        """The model that encodes."""
        return self._embedder.model_id

    def encode(self, text: str) -> Floats:
        """The vector of ``text``, shape (dimension,).

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """
        with self._lock:
            if text in self._known:
                self._known.move_to_end(text)
                return self._known[text]
        vector: Floats = self._embedder.encode([text], "query")[0]
        with self._lock:
            self._known[text] = vector
            if len(self._known) > REMEMBERED:
                self._known.popitem(last=False)
        return vector

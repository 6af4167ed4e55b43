"""Reads questions with what the index and the school's lexicon know of words."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from kbsearch.matching.queries import SWITCHED_ON, Knowledge, Query, StepKind, prepare
from kbsearch.ports import SearchBackend
from kbsearch.text.lexicon import Lexicon, shipped_lexicon
from kbsearch.text.vocabulary import Vocabulary


class Understanding:
    """Makes queries of texts.  Threads may share one.

    Args:
        index: whose words are known.
        lexicon: gives the lexicon that holds now, the same object until it changes.
        on: the steps to take.
    """

    def __init__(
        self,
        index: SearchBackend,
        lexicon: Callable[[], Lexicon] = shipped_lexicon,
        on: frozenset[StepKind] = SWITCHED_ON,
    ) -> None:
        self._index = index
        self._on = on
        self._lexicon = lexicon
        self._lock = threading.Lock()
        self._words: Mapping[str, int] | None = None
        self._knowledge: Knowledge | None = None

    def prepare(self, text: str) -> Query:
        """The query that ``text`` stands for.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        return prepare(text, self.knowledge(), self._on)

    def knowledge(self) -> Knowledge:
        """What is known now; made anew when the index or the lexicon changed.

        Raises:
            IndexUnavailable: the text index cannot be read.
        """
        words, lexicon = self._index.words(), self._lexicon()
        with self._lock:
            known = self._knowledge
            if known is None or words is not self._words or lexicon is not known.lexicon:
                known = Knowledge(lexicon, Vocabulary(words, lexicon.said))
                self._words, self._knowledge = words, known
            return known

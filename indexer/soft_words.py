"""Which words of a collection count in part for a query, because they mean about the same."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from functools import lru_cache, partial

from indexer.bm25 import Near
from indexer.near_words import WordEncoder, bridges
from indexer.view import View
from indexer.word_vectors import append
from kbsearch.errors import EncoderUnavailable
from kbsearch.ports import Embedder, NearWord
from kbsearch.text.words import words

_log = logging.getLogger(__name__)


class SoftWords:
    """Near words by the vectors that ``embedder`` gives the words of a collection, alone.

    ``kept``: whether the collection keeps such vectors; without them there are no near words.
    """

    def __init__(self, embedder: Embedder, *, kept: bool) -> None:
        self.kept = kept
        self._embedder = embedder
        self._encoder = WordEncoder(embedder)

    def near(self, view: View, text: str) -> dict[str, Near]:
        """Near words of each stem of ``text``; none when there are no vectors of words to find them by."""
        if not self.kept or view.generation is None:
            return {}
        if view.generation.manifest.model_id != self._embedder.model_id:
            return {}
        try:
            return view.vocabulary().near(_forms(text), self._encoder)
        except EncoderUnavailable:  # words still find what they are in
            return {}

    def bridges(self, view: View, text: str, number: int, least: float) -> list[NearWord]:
        """The words of ``text`` that document ``number`` has near words for, but not themselves.

        ``least``: worth in [0, 1] from which a near word counts.
        """
        near, holds = self.near(view, text), partial(view.holds, number)
        return bridges(_forms(text), near, view.vocabulary().forms, holds, least)

    def learn(self, view: View) -> None:
        """Keep vectors of the words of ``view``, the newest, that have none; the caller holds its lock.

        Nothing is lost when that fails: such words count where they are, until the next write.
        """
        if not self.kept or view.generation is None:
            return
        try:
            if missing := view.vocabulary().missing:
                append(view.generation, missing, self._embedder.encode(missing, "passage"))
                view.forget_vocabulary()
        except (EncoderUnavailable, OSError) as error:
            folder = view.generation.folder.parent
            _log.warning("near words of %s are not found yet: %s", folder, error)


@lru_cache(maxsize=64)
def _forms(text: str) -> Mapping[str, str]:
    """The stems of ``text``, each with the first form in which it stands there; not to be changed."""
    return {word.stem: text[word.start : word.end] for word in reversed(words(text))}

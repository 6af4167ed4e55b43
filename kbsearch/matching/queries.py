"""What is asked, made ready for the two retrievers: its words and its vector."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from kbsearch.ports import Embedder, Floats
from kbsearch.text.chatter import strip_chatter
from kbsearch.text.jargon import spell_out
from kbsearch.text.layout import repair_layout
from kbsearch.text.words import stems, words

MAX_CHARS = 4_000
"""A text is matched by its first characters up to here: what comes later is pasted code or a log."""
MAX_WORDS = 64
"""Different words that are searched for, the first ones."""
REMEMBERED = 4_096
"""How many encoded queries are kept (8 MB with 512 dimensions)."""


@dataclass(frozen=True, slots=True)
class Query:
    """A text to match.

    ``bare``: without chatter, the keyboard layout repaired; this is encoded.  ``words``: the different words
    of ``bare`` with slang spelt out; these are searched for.  ``repaired``: the layout was wrong.
    ``length``: how many words there are.
    """

    bare: str
    words: tuple[str, ...]
    repaired: bool
    length: int

    @property
    def text(self) -> str:
        """The words as one text for the text index."""
        return " ".join(self.words)

    @property
    def is_empty(self) -> bool:
        """Whether there is no word to search for."""
        return self.length == 0


def prepare(text: str) -> Query:
    """The query that ``text`` (its first `MAX_CHARS` characters) stands for."""
    bare = _stripped(text)
    turned = repair_layout(bare)
    return Query(turned, different_words(spell_out(turned)), turned != bare, len(stems(turned)))


def bare_text(text: str) -> str:
    """What of ``text`` is encoded and indexed: `Query.bare`, without the work that only a search needs."""
    return repair_layout(_stripped(text))


def _stripped(text: str) -> str:
    return strip_chatter(text[:MAX_CHARS].replace("\0", " "))


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

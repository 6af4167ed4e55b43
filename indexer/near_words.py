"""Near words: which words of an index mean about the same as a word of a query.

The vectors are centred with the mean of the vocabulary, for single words are all alike to an encoder.  A pair
is near from a cosine of `FLOOR` on and counts (cos - FLOOR) / (1 - FLOOR) of an equal word.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property

import numpy as np

from indexer.bm25 import Near
from indexer.embedders.hashing import unit_rows
from indexer.word_vectors import WordVectors, has_meaning
from kbsearch.ports import Embedder, Floats, NearWord

FLOOR = 0.6
MOST = 32
"""Near words of one word that count, the nearest ones."""
REMEMBERED = 4_096
AT_ONCE = 256
"""Words whose vectors are compared with all words of a query before the next ones: half a megabyte."""


class Vocabulary:
    """The words of one state of an index: ``forms`` by stem, of which ``vectors`` are known."""

    def __init__(self, forms: Mapping[str, str], vectors: WordVectors) -> None:
        self.forms = forms
        self.vectors = vectors
        self._near: OrderedDict[str, Near] = OrderedDict()
        self._lock = threading.Lock()

    @cached_property
    def missing(self) -> list[str]:
        """Forms without a vector."""
        return [form for form in self.forms.values() if form not in self.vectors.places]

    @cached_property
    def _stems(self) -> list[str]:
        return [stem for stem, form in self.forms.items() if form in self.vectors.places]

    @cached_property
    def _rows(self) -> Floats:
        places = [self.vectors.places[self.forms[stem]] for stem in self._stems]
        return self.vectors.rows[places].astype(np.float32)

    @cached_property
    def _mean(self) -> Floats:
        known = self._rows[self._rows.any(axis=1)]
        mean: Floats = known.mean(axis=0) if len(known) else np.zeros(self._rows.shape[1], np.float32)
        return mean

    @cached_property
    def _centred(self) -> Floats:
        return self._off_mean(self._rows)

    def _off_mean(self, rows: Floats) -> Floats:
        return unit_rows(np.where(rows.any(axis=1, keepdims=True), rows - self._mean, 0).astype(np.float32))

    def near(self, asked: Mapping[str, str], encoder: WordEncoder) -> dict[str, Near]:
        """The near words of each stem of ``asked``, given with the form in which it was asked.

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """
        with self._lock:
            found = {stem: self._near[stem] for stem in asked if stem in self._near}
        wanted = [stem for stem in asked if stem not in found]
        forms = [self.forms.get(stem, asked[stem]).lower() for stem in wanted]
        found |= self._searched(wanted, forms, encoder)
        with self._lock:
            self._near |= {stem: found[stem] for stem in wanted}
            while len(self._near) > REMEMBERED:
                self._near.popitem(last=False)
        return found

    def _searched(self, stems: Sequence[str], forms: Sequence[str], encoder: WordEncoder) -> dict[str, Near]:
        found: dict[str, Near] = {stem: ((stem, 1.0),) for stem in stems}
        pairs = [(stem, form) for stem, form in zip(stems, forms, strict=True) if has_meaning(form)]
        if not pairs or not self._stems:
            return found
        rows = encoder.encode([form for _, form in pairs], self.vectors)
        for (stem, _), cosines in zip(pairs, self._cosines(self._off_mean(rows)), strict=True):
            found[stem] += self._nearest(stem, cosines)
        return found

    def _cosines(self, rows: Floats) -> Sequence[Floats]:
        """Of each of ``rows`` with all words.

        One by one, for the last digits must not depend on what else is asked; and by so few words at once
        that these stay in the processor's cache for the next row.
        """
        found = np.empty((len(rows), len(self._centred)), np.float32)
        for start in range(0, len(self._centred), AT_ONCE):
            words = self._centred[start : start + AT_ONCE]
            for cosines, row in zip(found[:, start : start + AT_ONCE], rows, strict=True):
                np.dot(words, row, out=cosines)
        return list(found)

    def _nearest(self, stem: str, cosines: Floats) -> Near:
        places = np.flatnonzero(cosines > FLOOR)
        best = places[np.argsort(-cosines[places], kind="stable")][: MOST + 1]
        worth = (np.minimum(cosines[best], 1) - FLOOR) / (1 - FLOOR)
        pairs = zip((self._stems[place] for place in best.tolist()), worth.tolist(), strict=True)
        return tuple((other, value) for other, value in pairs if other != stem)[:MOST]


def bridges(
    asked: Mapping[str, str],
    near: Mapping[str, Near],
    forms: Mapping[str, str],
    holds: Callable[[str], bool],
    least: float = 0.0,
) -> list[NearWord]:
    """For each word of ``asked`` that a document does not hold, the nearest one that it ``holds``.

    Args:
        asked: the words, each by its stem.
        near: near words of each stem.
        forms: how each stem is written.
        holds: whether the document has a stem.
        least: worth from which a near word counts.
    """
    found = []
    for stem, form in asked.items():
        worthy = [one for one in near.get(stem, ())[1:] if one[1] >= least]
        if worthy and not holds(stem):
            best = next((one for one in worthy if holds(one[0])), None)
            found += [NearWord(form, forms.get(best[0], best[0]), round(best[1], 3))] if best else []
    return found


class WordEncoder:
    """Encodes single words and remembers the last `REMEMBERED` of them.  Threads may share one."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._known: OrderedDict[str, Floats] = OrderedDict()
        self._lock = threading.Lock()

    def encode(self, forms: Sequence[str], vectors: WordVectors) -> Floats:
        """Vectors of ``forms``, those in ``vectors`` from there; shape (n, dimension).

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """
        with self._lock:
            found = {word: self._known[word] for word in forms if word in self._known}
        for word in forms:
            if word in vectors.places:
                found[word] = vectors.rows[vectors.places[word]].astype(np.float32)
        if new := [word for word in dict.fromkeys(forms) if word not in found]:
            fresh = dict(zip(new, self._embedder.encode(new, "query"), strict=True))
            found |= fresh
            with self._lock:
                self._known |= fresh
                while len(self._known) > REMEMBERED:
                    self._known.popitem(last=False)
        return np.stack([found[word] for word in forms])

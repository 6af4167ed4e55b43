"""A small, obviously correct search backend in memory: what the embedded one is compared with."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Sequence

import numpy as np

from kbsearch.ports import PARTS, Document, Filters, Floats, Highlight, Hits, Ints, NearWord, Part, TextQuery
from kbsearch.text.common_words import share_of_texts
from kbsearch.text.pieces import pieces_of
from kbsearch.text.words import stems, words

CENTRE_FROM = 50
ASKING: tuple[Part, ...] = ("title", "variant", "question")


class ReferenceBackend:
    """Every search looks at every document."""

    model_id = "reference"

    def __init__(self) -> None:
        self._documents: dict[int, Document] = {}

    def upsert(self, documents: Sequence[Document]) -> None:
        """See the port."""
        self._documents |= {document.id: document for document in documents}

    def delete(self, ids: Collection[int]) -> None:
        """See the port."""
        for key in ids:
            self._documents.pop(key, None)

    def search_text(self, query: TextQuery) -> Hits:
        """See the port."""
        split = pieces_of if query.unit == "pieces" else list
        bags = {document.id: Counter(split(_words(document))) for document in self._all()}
        mean = sum(sum(bag.values()) for bag in bags.values()) / max(1, len(bags))
        scores = dict.fromkeys(bags, 0.0)
        for term, times in Counter(split(stems(query.text))).items():
            df = sum(term in bag for bag in bags.values())
            shared = 0.0 if query.unit == "pieces" else 1000 * share_of_texts(term)
            count, known = len(bags) + (0 if query.unit == "pieces" else 1000), df + shared
            idf = math.log(1 + (count - known + 0.5) / (known + 0.5))
            for key, bag in bags.items():
                length = 1.2 * (0.25 + 0.75 * sum(bag.values()) / mean) if mean else 1.2
                scores[key] += times * idf * bag[term] / (bag[term] + length)
        matching = [key for key, score in scores.items() if score > 0]
        return self._hits(scores, matching, query.filters, query.limit, query.only)

    def search_vector(
        self,
        vector: Floats,
        filters: Filters = Filters(),  # noqa: B008
        limit: int = 100,
        only: Collection[int] | None = None,
    ) -> Hits:
        """See the port."""
        best: dict[int, tuple[float, Part, int]] = {}
        for document in self._all():
            cosines = [
                _cosine(vector, row, self._mean(ASKING, len(vector)), self._mean([part], len(vector)))
                for part, row in zip(document.parts, document.vectors, strict=True)
            ]
            place = int(np.argmax(cosines)) if cosines else 0
            part = document.parts[place] if cosines else "title"
            ordinal = document.parts[:place].count(part)
            best[document.id] = (cosines[place] if cosines else 0.0, part, ordinal)
        scores = {key: score for key, (score, _, _) in best.items()}
        hits = self._hits(scores, list(best), filters, limit, only)
        parts = tuple(best[key][1] for key in hits.ids.tolist())
        ordinals = tuple(best[key][2] for key in hits.ids.tolist())
        return Hits(hits.ids, hits.scores, hits.mean, hits.std, parts, ordinals)

    def search_prototype(
        self,
        vector: Floats,
        filters: Filters = Filters(),  # noqa: B008
        limit: int = 100,
        only: Collection[int] | None = None,
    ) -> Hits:
        """See the port."""
        parts: dict[int, list[Floats]] = {}
        apart = []
        for one in self._all():
            for part, row in zip(one.parts, one.vectors, strict=True):
                if part != "passage" and row.any():
                    apart.append(row.astype(np.float64) - self._mean([part], len(row)))
                    parts.setdefault(one.id, []).append(_unit(apart[-1]))
        scores = dict.fromkeys(self._documents, 0.0)
        if vector.any() and self._rows(["variant"]):
            mean = np.mean([row @ row for row in apart])
            matrix = sum(np.outer(row, row) for row in apart) / mean + 10 * np.eye(len(vector))
            asked = np.linalg.solve(matrix, _unit(vector - self._mean(ASKING, len(vector))))
            scores |= {key: float(sum(asked @ row for row in rows)) for key, rows in parts.items()}
        return self._hits(scores, list(scores), filters, limit, only)

    twice_read = False

    def expect(self, text: str, filters: Filters = Filters()) -> None:  # noqa: B008
        """See the port."""

    def second_opinion(self, text: str, only: Collection[int], filters: Filters = Filters()) -> None:  # noqa: B008
        """See the port: it has no second encoder."""

    def vectors(self, ids: Collection[int] | None = None) -> tuple[Ints, Floats]:
        """See the port."""
        chosen = [one for one in self._all() if (ids is None or one.id in ids) and len(one.vectors)]
        return np.array([one.id for one in chosen], np.int64), np.array([one.vectors[0] for one in chosen])

    def wordings(self, ids: Collection[int]) -> dict[int, tuple[str, ...]]:
        """See the port."""
        texts = {one.id: one.text for one in self._all() if one.id in ids}
        return {key: (text["title"], *text.get("variants", "").splitlines()) for key, text in texts.items()}

    def highlights(self, query: TextQuery, id: int, fields: Sequence[str]) -> list[Highlight]:
        """See the port."""
        found = []
        for field in fields:
            text = self._documents[id].text.get(field, "") if id in self._documents else ""
            spans = [(w.start, w.end) for w in words(text) if w.stem in stems(query.text)]
            found += [Highlight(field, text, tuple(spans))] if spans else []
        return found

    def near_words(self, query: TextQuery, id: int, least: float = 0.0) -> list[NearWord]:
        """See the port; it keeps no vectors of words."""
        return []

    def did_you_mean(self, text: str) -> str | None:
        """See the port."""
        return None

    def words(self) -> dict[str, int]:
        """See the port."""
        counts: Counter[str] = Counter()
        for document in self._all():
            for text in (document.text.get(name, "") for name in ("title", "variants", "answer")):
                counts.update(text[w.start : w.end].lower().replace("ё", "е") for w in words(text))
        return dict(counts)

    def documents_with(self, stems: Sequence[str]) -> list[int]:
        """See the port."""
        held = [set(_words(document)) for document in self._all()]
        return [sum(stem in words for words in held) for stem in stems]

    def ids(self) -> Ints:
        """See the port."""
        return np.array(sorted(self._documents), np.int64)

    def count(self, filters: Filters = Filters()) -> int:  # noqa: B008
        """See the port."""
        return sum(_passes(one, filters) for one in self._documents.values())

    def asked(self) -> int:
        """See the port."""
        return 0

    def ping(self) -> None:
        """See the port."""
        return

    def _all(self) -> list[Document]:
        return [self._documents[key] for key in sorted(self._documents)]

    def _mean(self, kinds: Sequence[Part], dimension: int) -> Floats:
        """Mean of the vectors of ``kinds`` and of `CENTRE_FROM` times that of all; 0 when there are few."""
        every = self._rows(tuple(part for part in PARTS if part != "passage"))
        if len(every) < CENTRE_FROM:
            return np.zeros(dimension, np.float32)
        drawn = [*self._rows(kinds), *[np.mean(every, axis=0)] * CENTRE_FROM]
        return np.asarray(np.mean(drawn, axis=0), np.float32)

    def _rows(self, kinds: Sequence[Part]) -> list[Floats]:
        pairs = [pair for one in self._all() for pair in zip(one.parts, one.vectors, strict=True)]
        return [row for part, row in pairs if part in kinds and row.any()]

    def _hits(
        self,
        scores: dict[int, float],
        found: list[int],
        filters: Filters,
        limit: int,
        only: Collection[int] | None,
    ) -> Hits:
        passing = {key for key in scores if _passes(self._documents[key], filters)}
        kept = [key for key in found if key in passing and (only is None or key in only)]
        kept.sort(key=lambda key: (-round(scores[key], 6), key))
        all_scores = [scores[key] for key in passing] or [0.0]
        return Hits(
            np.array(kept[:limit], np.int64),
            np.array([scores[key] for key in kept[:limit]], np.float32),
            float(np.mean(all_scores)),
            float(np.std(all_scores)),
        )


def _words(document: Document) -> list[str]:
    title, variants, answer = (document.text.get(name, "") for name in ("title", "variants", "answer"))
    return stems(title) * 2 + stems(variants) + stems(answer)


def _unit(row: Floats) -> Floats:
    length = float(np.linalg.norm(row))
    return row / length if length > 1e-6 else np.zeros_like(row)


def _cosine(one: Floats, other: Floats, one_mean: Floats, other_mean: Floats) -> float:
    if not one.any() or not other.any():
        return 0.0
    a, b = one.astype(np.float64) - one_mean, other.astype(np.float64) - other_mean
    length = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / length if length > 1e-6 else 0.0


def _passes(document: Document, filters: Filters) -> bool:
    return (
        (not filters.course or document.course in {"", filters.course})
        and (not filters.lesson or filters.lesson in document.lessons)
        and (not filters.language or document.language == filters.language)
        and (not filters.states or document.state in filters.states)
    )

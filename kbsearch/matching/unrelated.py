"""How like each other unrelated texts seem to an encoder: what a cosine is to be measured against.

Encoders differ: unrelated sentences have cosines about 0.2 with one and 0.8 with another.  A likeness in
standard deviations above that of unrelated sentences means the same with each of them.
"""

from __future__ import annotations

import threading

import numpy as np

from kbsearch.ports import Embedder, Floats

SENTENCES = (
    "Как приготовить борщ на четверых",
    "Не открывается дверь подъезда",
    "Где купить билеты на поезд до Казани",
    "Во сколько начинается матч",
    "Какой размер куртки мне подойдёт",
    "Почему кошка не ест корм",
    "Сколько стоит починить холодильник",
    "Можно ли перенести приём у врача",
    "Куда сдать старые батарейки",
    "Посоветуйте книгу о море",
    "Принтер печатает пустые листы",
    "Как пересадить фикус",
    "How do I renew my passport",
    "The tap in the kitchen is leaking",
    "Which bus goes to the airport",
    "What time does the museum close",
    "My phone does not charge any more",
    "Is there parking near the stadium",
    "How long should rice be boiled",
    "Can I return shoes without a receipt",
    "Where is the nearest pharmacy",
    "Why is the sky red in the evening",
    "How to tune a guitar",
    "Recommend a film for children",
)
"""Everyday sentences that have nothing to do with each other."""
LEAST_STD = 0.02


class EncoderBackground:
    """Mean and standard deviation of the cosines of unrelated sentences.  Threads may share one."""

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._lock = threading.Lock()
        self._known: tuple[float, float] | None = None

    def standardised(self, cosines: Floats) -> Floats:
        """``cosines`` in standard deviations above those of unrelated texts, same shape.

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """
        with self._lock:
            if self._known is None:
                self._known = self._measured()
            mean, std = self._known
        likeness: Floats = ((np.asarray(cosines) - mean) / std).astype(np.float32)
        return likeness

    def _measured(self) -> tuple[float, float]:
        vectors = self._embedder.encode(SENTENCES, "passage")
        cosines = (vectors @ vectors.T)[np.triu_indices(len(SENTENCES), 1)]
        return float(cosines.mean()), max(float(cosines.std()), LEAST_STD)

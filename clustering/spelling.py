"""How alike questions are spelt: runs of three and four letters as dense rows whose cosine tells.

Letters bring together what vectors of a whole sentence part: the same rare word in other forms, names,
misspellings.  Runs do not cross words (as in the ``char_wb`` analyzer of scikit-learn); they are weighed by
TF-IDF and folded into few columns by a count sketch (Charikar, Chen and Farach-Colton, 2002), which keeps
dot products up to a noise of about 1/sqrt(columns).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from kbsearch.ports import Floats, Ints

RUNS = (3, 4)
COLUMNS = 512
LONGEST = 400
"""Letters of a question that count: what comes later is a story or pasted code."""
BUCKETS = 1 << 20
BLOCK = 10_000
"""Texts whose runs are found at a time."""
FOLDED = 1_000
"""Texts whose rows are folded at a time."""
_OTHER = re.compile(r" *[^\w\n ][^\w\n]*|  +")
"""What stands between words, other than one space."""
_SPACE, _END = ord(" "), ord("\n")
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def spelling(texts: Sequence[str], columns: int = COLUMNS) -> Floats:
    """Unit rows of how ``texts`` are spelt, shape (n, columns) float32; zero where nothing is shared."""
    return np.concatenate([np.zeros((0, columns), np.float32), *spelling_blocks(texts, columns)])


def spelling_blocks(texts: Sequence[str], columns: int = COLUMNS) -> Iterator[Floats]:
    """`spelling`, some rows at a time: few enough to stay near the processor."""
    from scipy.sparse import csr_matrix, vstack

    if not texts:
        return
    counted = vstack([_counts(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)], "csr")
    seen = np.bincount(counted.indices, minlength=BUCKETS)
    rarity = np.where(seen > 1, np.log((1 + len(texts)) / (1 + seen)) + 1, 0.0)
    draw = np.random.default_rng(0)
    places = draw.integers(0, columns, BUCKETS)
    signed = (rarity * draw.choice(np.array([-1.0, 1.0], np.float32), BUCKETS)).astype(np.float32)
    weights = (1 + np.log(counted.data)) * signed[counted.indices]
    folded = csr_matrix((weights, places[counted.indices], counted.indptr), (len(texts), columns))
    for start in range(0, len(texts), FOLDED):
        rows = folded[start : start + FOLDED].toarray()
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        yield np.divide(rows, lengths, out=rows, where=lengths > 0)


def _counts(texts: Sequence[str]) -> Any:
    """How often each run of letters stands in each text: CSR (n, BUCKETS)."""
    from scipy.sparse import csr_matrix

    short = (text[:LONGEST].replace("\n", " ") for text in texts)
    lines = "".join(f" {text} \n" for text in short).lower().replace("_", " ")
    codes = np.frombuffer(_OTHER.sub(" ", lines).encode("utf-32-le"), np.uint32)
    row = np.cumsum(codes == _END, dtype=np.int32)
    found = [(row[starts], buckets) for starts, buckets in _runs(codes)]
    rows, buckets = (np.concatenate(each) for each in zip(*found, strict=True))
    ones = np.ones(len(rows), np.float32)
    return csr_matrix((ones, (rows, buckets)), shape=(len(texts), BUCKETS))


def _runs(codes: Any) -> Iterator[tuple[Ints, Ints]]:
    """For each size of run: where those start that lie within one word with its spaces, and their buckets."""
    hashed = np.zeros(len(codes), np.uint64)
    whole = np.ones(len(codes), bool)
    letter, line = codes != _SPACE, codes != _END
    for column in range(max(RUNS)):
        kept = len(codes) - column
        hashed = (hashed[:kept] ^ codes[column:]) * _PRIME
        hashed ^= hashed >> np.uint64(29)
        # Before the last letter of a run a space may stand only at its start.
        whole = whole[:kept] & line[column:]
        if column > 1:
            whole &= letter[column - 1 : -1]
        if column + 1 in RUNS:
            starts = np.flatnonzero(whole)
            yield starts, (hashed[starts] % np.uint64(BUCKETS)).astype(np.int64)

"""How alike questions are spelt: runs of three and four letters as dense rows whose cosine tells.

Letters bring together what vectors of a whole sentence part: the same rare word in other forms, names,
misspellings.  Runs do not cross words (as in the ``char_wb`` analyzer of scikit-learn); they are weighed by
TF-IDF and folded into few columns by a count sketch (Charikar, Chen and Farach-Colton, 2002), which keeps
dot products up to a noise of about 1/sqrt(columns).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from kbsearch.ports import Floats, Ints

RUNS = (3, 4)
COLUMNS = 512
LONGEST = 400
"""Letters of a question that count: what comes later is a story or pasted code."""
BUCKETS = 1 << 20
BLOCK = 10_000
_OTHER = re.compile(r"[\W_]+")
_SPACE, _END = ord(" "), ord("\n")
_PRIME = np.uint64(0x9E3779B97F4A7C15)


def spelling(texts: Sequence[str], columns: int = COLUMNS) -> Floats:
    """Unit rows of how ``texts`` are spelt, shape (n, columns) float32; zero where nothing is shared."""
    from scipy.sparse import csr_matrix, vstack
    from sklearn.feature_extraction.text import TfidfTransformer
    from sklearn.preprocessing import normalize

    if not texts:
        return np.zeros((0, columns), np.float32)
    blocks = [_counts(texts[start : start + BLOCK]) for start in range(0, len(texts), BLOCK)]
    counted = vstack(blocks, format="csr")
    seen = np.bincount(counted.indices, minlength=BUCKETS)
    counted.data *= (seen > 1)[counted.indices]
    counted.eliminate_zeros()
    weighed = TfidfTransformer(sublinear_tf=True).fit_transform(counted)
    draw = np.random.default_rng(0)
    places = (np.arange(BUCKETS), draw.integers(0, columns, BUCKETS))
    signs = draw.choice(np.array([-1.0, 1.0], np.float32), BUCKETS)
    folded = (weighed.astype(np.float32) @ csr_matrix((signs, places), shape=(BUCKETS, columns))).toarray()
    return np.asarray(normalize(folded, copy=False), dtype=np.float32)


def _counts(texts: Sequence[str]) -> Any:
    """How often each run of letters stands in each text: CSR (n, BUCKETS)."""
    from scipy.sparse import csr_matrix

    lines = "\n".join(f" {_OTHER.sub(' ', text.lower()[:LONGEST]).strip()} " for text in texts)
    codes = np.frombuffer(f"{lines}\n".encode("utf-32-le"), np.uint32)
    row = np.cumsum(codes == _END) - (codes == _END)
    found = [(row[: len(codes) - size + 1], *_runs(codes, size)) for size in RUNS if len(codes) >= size]
    rows = np.concatenate([each[whole] for each, _, whole in found])
    buckets = np.concatenate([each[whole] for _, each, whole in found])
    ones = np.ones(len(rows), np.float32)
    return csr_matrix((ones, (rows, buckets)), shape=(len(texts), BUCKETS))


def _runs(codes: Any, size: int) -> tuple[Ints, Any]:
    """The bucket of each run of ``size`` letters, and whether it lies within one word with its spaces."""
    windows = np.lib.stride_tricks.sliding_window_view(codes, size)
    whole = (windows != _END).all(axis=1) & (windows[:, 1:-1] != _SPACE).all(axis=1)
    hashed = np.zeros(len(windows), np.uint64)
    for column in range(size):
        hashed = (hashed ^ windows[:, column].astype(np.uint64)) * _PRIME
        hashed ^= hashed >> np.uint64(29)
    return (hashed % np.uint64(BUCKETS)).astype(np.int64), whole

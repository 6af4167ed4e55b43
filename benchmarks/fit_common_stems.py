"""Sums the frequencies of common words by stem and writes `kbsearch/text/common_stems.txt.gz`.

    python -m benchmarks.fit_common_stems

To be called again whenever the common words or the rules of stems change: a test compares the two.  Stemming
87,000 words takes a third of a second, which the first question of a shell would wait for.
"""

from __future__ import annotations

import gzip
from pathlib import Path

from kbsearch.text import common_words
from kbsearch.text.common_words import STEMS, frequencies_by_stem, packed


def main() -> None:
    """Write the file, the same for the same words."""
    target = Path(common_words.__file__).with_name(STEMS)
    text = packed(frequencies_by_stem(), digits=3)
    target.write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))
    print(f"{len(text.splitlines())} lines, {target.stat().st_size} bytes")


if __name__ == "__main__":
    main()

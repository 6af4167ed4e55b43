"""Whether words ask something by themselves, or only point at what somebody else said: «что это значит?»."""

from __future__ import annotations

import re

from kbsearch.text.asking import asking_sentences
from kbsearch.text.chatter import strip_chatter
from kbsearch.text.common_words import common_words

TOLD = 2.0
"""What words must tell together, as `telling` counts, to ask something by themselves."""
TOLD_BESIDE_POINTING = 8.0
"""The same where one of them points at something else."""
COMMONEST, RAREST = 6.0, 3.0
"""Words from the first frequency on (Zipf scale) tell nothing; none tells more than one of the second."""

_POINTS = re.compile(
    r"(?<!после )(?<!кроме )(?<!перед )(?<!помимо )(?<!до )(?<!при )\bэт(?:о|ого|ому|им|ом)\b"
    r"|\b(?:то|тем|того|та|такая|такой|такое|такие|так|тот)\s+же\b|\bтоже\s+так|\bаналогичн\w+|\+1\b"
    r"|\bthis\b(?=\W*$|\s*[?.,!]|\s+(?:is|was|means?|happen\w*|comes?|error|problem|issue|one|too)\b)"
    r"|\b(?:does|did|fix|solve|with|about|like|of|from)\s+this\b|(?<!at the )\bsame\b|\bit\s+means?\b"
    r"|\b(?:fix|solve|avoid)\s+it\b|\bme\s+too\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]{2,}|[\u3040-\u9fff]")
_OF_TROUBLE = re.compile(
    r"(?:ошибк|проблем|решени|решит|решил|исправ|чинит|почин|помо[гщ]|разниц|причин|error|problem|issue"
    r"|solution|solve|fix|help|difference|reason)\w*",
    re.IGNORECASE,
)
"""Words that say that something is wrong, not what."""


def asks_by_itself(text: str) -> bool:
    """Whether ``text`` tells what it asks about; «у меня так же, что делать?» does not."""
    bare = strip_chatter(text)
    return any(map(_tells_enough, asking_sentences(bare))) or _tells_enough(bare)


def _tells_enough(sentence: str) -> bool:
    return telling(sentence) >= (TOLD_BESIDE_POINTING if points(sentence) else TOLD)


def points(text: str) -> bool:
    """Whether a word of ``text`` points at something that was said elsewhere: «это», "the same"."""
    return _POINTS.search(text) is not None


def telling(text: str) -> float:
    """How much the different words of ``text`` tell together: each by how rare it is in everyday language."""
    common = common_words()
    different = {word.lower().replace("ё", "е") for word in _WORD.findall(text)}
    return sum(
        max(0.0, COMMONEST - max(RAREST, common.get(word, RAREST)))
        for word in different
        if not _OF_TROUBLE.fullmatch(word)
    )

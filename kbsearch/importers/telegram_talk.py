"""What somebody who asked says later in a chat: thanks, or another question."""

from __future__ import annotations

import re

from kbsearch.text.chatter import strip_chatter

LONGEST_THANKS = 160
"""Longer messages say more than thanks."""

FEWEST_WORDS = 3
"""Fewer ("а почему?") mean nothing without what they reply to."""

_THANKS = re.compile(
    r"(?<!\w)(?:спасиб\w*|благодар\w+|спс|сенкс|пасиб\w*|thanks|thank\s+you|thx|ty|помогло|разобрал(?:ся|ась)|"
    r"получилось|заработал\w*|сработал\w*|решено|solved|it\s+works|works\s+now)(?!\w)",
    re.IGNORECASE,
)
_LINK_OR_CODE = re.compile(r"https?://\S+|```.*?```|`[^`]*`", re.DOTALL)
_OPENS = re.compile(
    r"\W*(?:(?:а|и|но|ну|тогда|ещ[её]|теперь)\W+)*"
    r"(?:как|где|когда|куда|откуда|почему|зачем|сколько|можно\s+ли|нужно\s+ли|надо\s+ли|что\s+делать|что\s+если"
    r"|how|why|where|when|what|which|can\s+i|should\s+i)(?!\w)",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")


def is_thanks(text: str) -> bool:
    """Whether ``text`` thanks for help, or says that it worked, and asks nothing."""
    return len(text) <= LONGEST_THANKS and "?" not in text and bool(_THANKS.search(text))


def asks(text: str) -> bool:
    """Whether ``text`` is a question that can be understood alone: by its mark, or how a sentence begins."""
    said = strip_chatter(_LINK_OR_CODE.sub(" x ", text))
    opened = any(_OPENS.match(sentence) for sentence in re.split(r"[.!\n]+", said))
    return ("?" in said or opened) and len(_WORD.findall(said)) >= FEWEST_WORDS

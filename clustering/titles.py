"""A short, readable title from a student's question."""

from __future__ import annotations

import re

from clustering.stopwords import STOP_STEMS
from kbsearch.text.chatter import strip_chatter
from kbsearch.text.words import stems

LONGEST = 80
_CODE = re.compile(r"```.*?(?:```|\Z)|^\s*(?:>>>|File \"|Traceback).*$", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+")
_ASKS = re.compile(
    r"\?|^\W*(?:а\s+|и\s+|но\s+)?(?:как|где|куда|когда|почему|зачем|что|кто|чем|какой|какая|какие|сколько|можно|нужно|"
    r"how|where|when|why|what|who|which|can|could|is|are|do|does|should)\b",
    re.IGNORECASE,
)
_EDGES = " \t\n.,;:!-–—*_\"'`«»()[]{}<>|/\\"
FEWEST_WORDS = 2


def title_of(text: str) -> str:
    """The first sentence of ``text`` that asks about something, else the first that says something.

    At most `LONGEST` characters, capitalised, without closing punctuation other than a question mark;
    "" when the text has no words.
    """
    prose = _CODE.sub("\n", text) if _CODE.sub("", text).strip() else text
    sentences = [bare for part in _SENTENCE.split(strip_chatter(prose)) if (bare := _trimmed(part))]
    if not sentences:
        return ""
    return _capitalised(_shortened(max(sentences, key=_worth)))


def _worth(sentence: str) -> tuple[bool, bool]:
    """What a sentence is worth as a title: it names something first, then it asks."""
    named = sum(each not in STOP_STEMS for each in stems(sentence))
    return named >= FEWEST_WORDS, bool(_ASKS.search(sentence))


def _trimmed(sentence: str) -> str:
    """``sentence`` without marks at its edges, with one "?" at the end if it had any."""
    bare = " ".join(sentence.split())
    asked = "?" in bare[-4:]
    bare = strip_chatter(bare).lstrip(_EDGES + "?").rstrip(_EDGES + "?…")
    return f"{bare}?" if asked and bare else bare


def _shortened(sentence: str) -> str:
    """``sentence`` cut at a word so that it fits, with an ellipsis."""
    if len(sentence) <= LONGEST:
        return sentence
    cut = sentence[: LONGEST - 1]
    whole = cut.rpartition(" ")[0]
    return (whole if len(whole) > LONGEST // 2 else cut).rstrip(_EDGES + "?") + "…"


def _capitalised(sentence: str) -> str:
    """First letter upper-case, unless the first word is written in a way of its own (`iPhone`, `pip.exe`)."""
    first = sentence.split(maxsplit=1)[0]
    return sentence if re.search(r"[A-ZА-ЯЁ0-9_./]", first) else sentence[0].upper() + sentence[1:]

"""Short, readable titles from students' questions, and how good a title each would be."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache

from clustering.word_forms import tells_the_past
from kbsearch.text.chatter import strip_chatter
from kbsearch.text.common_words import common_words
from kbsearch.text.talk_marks import FAILS

LONGEST = 80
LEAST_WORDS, MOST_WORDS = 3, 9
"""Words of a good title."""
_CODE = re.compile(r"```.*?(?:```|\Z)|^\s*(?:>>>|File \"|Traceback).*$", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+|\)\s*(?=\()|\s[-–—]\s(?=\w)")
_CLAUSE = re.compile(r"[,;:]\s+|\s+\(")
_INTERROGATIVE = (
    r"как|где|куда|когда|почему|зачем|что|кто|чем|какой|какая|какие|какое|сколько|можно|нужно|надо|откуда|чего|"
    r"how|where|when|why|what|who|which|can|could|is|are|do|does|should|will|may"
)
_BEGINS_ASKING = re.compile(rf"^(?:{_INTERROGATIVE})\b", re.IGNORECASE)
_LEADING = re.compile(
    r"^(?:(?:а|и|но|ну|так|вот|то|or|and|so|but|also|кстати|короче|блин|ещё|еще|т\.?е\.?|вообще)\s*,?\s+)+",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^(?:как|где|куда|откуда|почему|зачем|сколько|какой|какая|какие|какое|чем|how|where|why|which|who|what)\b"
    r"[^,?]*$",
    re.IGNORECASE,
)
"""What asks, though its question mark is forgotten."""
_ERROR = re.compile(
    r"\b(?:ошибк\w+|нет|пропа\w+|error|wrong|missing|lost|fail\w*)\b|\w(?:Error|Exception)\b", re.IGNORECASE
)
_POINTS_BACK = re.compile(
    r"^(?:если\s+)?(?:он[аио]?|его|её|ее|их|это(?:т|й|го|м)?|эт[аи]|там|тогда|туда|оттуда|такое|такой|it|this|that|"
    r"these|those|they|he|she|there)\b|\b(?:тогда|его|её|ней|ним|них|их|ими|неё|него|это|этот|эту|эти|оно|these|this|it)\b",
    re.IGNORECASE,
)
_DEPENDS = re.compile(
    r"^(?:если|хотя|потому|поэтому|чтобы|пока|раз|даже|при этом|if|because|since|although|while)\b[^?]*$",
    re.IGNORECASE,
)
"""Half a thought: what it depends on was said elsewhere."""
_PERSONAL = re.compile(r"\b(?:я|мне|меня|мной|мой|моя|мои|моё|моём|мою|i|i'm|i've|my|me)\b", re.IGNORECASE)
_CODELIKE = re.compile(r"[{}<>=;\\|`\[\]#]|\w\(|\w_\w|https?:|\w\.\w+\.\w|['\"]\w|&|\s[*+]\s")
_SHOUTED = re.compile(r"[А-ЯЁ]{4,}")
_WORD = re.compile(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*")
_EDGES = " \t\n.,;:!-–—*_\"'`«»()[]{}<>|/\\"
_PAIRS = {"(": ")", "[": "]", "{": "}", "«": "»", '"': '"', "'": "'", "`": "`"}
FEWEST_WORDS = 2


@lru_cache(maxsize=20_000)
def titles_of(text: str) -> tuple[str, ...]:
    """All that might be a title for ``text``: its sentences, and the first clauses of long ones.

    Each at most `LONGEST` characters, capitalised, without closing punctuation other than a question mark.
    """
    found = []
    for sentence in _sentences(text):
        found.append(_shown(sentence))
        clause = _trimmed(_CLAUSE.split(sentence)[0])
        if clause != sentence and len(clause.split()) >= LEAST_WORDS:
            asks = "?" in sentence[-2:] and _BEGINS_ASKING.match(clause) and "?" not in clause
            found.append(_shown(f"{clause}?" if asks else clause))
    return tuple(dict.fromkeys(found))


def form_of(title: str, known: Container[str] = frozenset()) -> float:
    """How well ``title`` reads, 0 for an ordinary question of three to nine words; lower is worse.

    Args:
        title: as `titles_of` makes it.
        known: words (lower case) that many use, besides the common ones of both languages.
    """
    low = [word.lower().replace("ё", "е") for word in _WORD.findall(title)]
    count = len(title.split())
    strange = sum(len(word) > 2 and word not in common_words() and word not in known for word in low)  # noqa: PLR2004
    return (
        0.3 * bool(_BEGINS_ASKING.match(title))
        + 0.2 * bool(FAILS.search(title) or _ERROR.search(title))
        + 0.1 * title.endswith("?")
        - 0.3 * max(0, LEAST_WORDS - count)
        - 0.12 * max(0, count - MOST_WORDS)
        - 0.35 * min(3, strange)
        - 0.5 * bool(_POINTS_BACK.search(title))
        - 0.15 * bool(_PERSONAL.search(title))
        - 0.4 * bool(_DEPENDS.match(title))
        - 0.3 * tells_the_past(title.partition(" ")[0])
        - 0.25 * bool(_CODELIKE.search(title))
        - 0.1 * bool(re.search(r"\d", title))
        - 0.5 * title.endswith("…")
        - 0.1 * ("," in title)
        - 0.2 * bool(re.search(r"[!:]|\.\s", title))
        - 0.3 * (sum(word.isupper() and len(word) > 3 for word in title.split()) > 1)  # noqa: PLR2004
    )


def _sentences(text: str) -> list[str]:
    prose = _CODE.sub("\n", text) if _CODE.sub("", text).strip() else text
    return [bare for part in _SENTENCE.split(strip_chatter(prose)) if (bare := _trimmed(part))]


def _trimmed(sentence: str) -> str:
    """``sentence`` without marks at its edges, with one "?" at the end if it had any."""
    bare = " ".join(sentence.split())
    asked = "?" in bare[-4:]
    bare = strip_chatter(bare).lstrip(_EDGES + "?")
    led = _LEADING.sub("", bare)
    bare = led if len(led.split()) >= FEWEST_WORDS else bare
    bare = _closed(bare).rstrip(" \t\n.,;:!-–—*_/\\|<?…").lstrip(_EDGES)
    return f"{bare}?" if bare and (asked or _QUESTION.match(bare)) else bare


def _closed(text: str) -> str:
    """``text`` up to a bracket or quotation mark that is never closed, and without lone closing ones."""
    for opening, closing in _PAIRS.items():
        if opening == closing:
            if text.count(opening) % 2 and not re.search(rf"\w{opening}\w", text):
                cut = text.rfind(opening)
                text = text[:cut] if cut > len(text) // 2 else text[:cut] + text[cut + 1 :]
        elif text.count(opening) > text.count(closing):
            text = text[: text.rfind(opening)]
        elif text.count(opening) < text.count(closing):
            text = text.replace(closing, "", text.count(closing) - text.count(opening))
    return text


def _shown(sentence: str) -> str:
    return _capitalised(_shortened(sentence))


def _shortened(sentence: str) -> str:
    """``sentence`` cut at a word so that it fits, with an ellipsis."""
    if len(sentence) <= LONGEST:
        return sentence
    cut = sentence[: LONGEST - 1]
    whole = cut.rpartition(" ")[0]
    return (whole if len(whole) > LONGEST // 2 else cut).rstrip(_EDGES + "?") + "…"


def _capitalised(sentence: str) -> str:
    """First letter upper-case, unless the first word is written in a way of its own (`iPhone`, `pip.exe`)."""
    first, _, rest = sentence.partition(" ")
    if first.isupper() and rest and _SHOUTED.fullmatch(first):
        return f"{first.capitalize()} {rest}"
    return sentence if re.search(r"[A-ZА-ЯЁ0-9_./]", first) else sentence[0].upper() + sentence[1:]

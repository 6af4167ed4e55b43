"""Short, readable titles from students' questions, and how good a title each would be."""

from __future__ import annotations

import re
from collections.abc import Container
from functools import lru_cache

from clustering.word_forms import is_finite, tells, tells_the_past
from kbsearch.text.chatter import strip_chatter
from kbsearch.text.common_words import common_words
from kbsearch.text.quotes import without_quotes
from kbsearch.text.talk_marks import FAILS, PICTURES
from kbsearch.text.talk_words import GROUPS
from kbsearch.text.words import stem

LONGEST = 80
LEAST_WORDS, MOST_WORDS = 3, 9
"""Words of a good title."""
_CODE = re.compile(r"```.*?(?:```|\Z)|^\s*(?:>>>|File \"|Traceback).*$", re.DOTALL | re.MULTILINE)
_SENTENCE = re.compile(r"(?<=[.!?…])\s+|\n+|\)\s*(?=\()|\s[-–—]\s(?=\w)")
_CLAUSE = re.compile(r"[,;:]\s+|\s+\(")
_INTERROGATIVE = (
    r"как|где|куда|когда|почему|зачем|что|кто|чем|какой|какая|какие|какое|сколько|скока|можно|откуда|чего|"
    r"(?:нужно|надо)(?=\s+ли\b|[^?]*\?$)|"
    r"how|where|when|why|what|who|which|(?:can|could|is|are|do|does|should|will|may)(?!['’])"
)
_BEGINS_ASKING = re.compile(rf"^(?:{_INTERROGATIVE})\b", re.IGNORECASE)
_ASKS_LATER = re.compile(
    r"^(?:как|где|куда|откуда|сколько|скока|почему|зачем|можно|нельзя|могу|нужно\s+ли|надо\s+ли|есть\s+ли|"
    r"how|where|why|can|could|should|is\s+(?:it|there)|do\s+i)\b",
    re.IGNORECASE,
)
"""The clause of a sentence that asks, after what leads to it."""
_DANGLING = re.compile(
    r"\b(?:то|том|того|тем|тому|тот|та|те|так|такой|такая|такое|такие|и|а|но|что|чтобы|если|как|"
    r"and|or|that|the|a|to|if)$",
    re.IGNORECASE,
)
"""A clause that ends so goes on in the next one."""
_GOES_ON = re.compile(r"(?:а|но|и|or|and|but)\b", re.IGNORECASE)
_EXACT = re.compile(r"\d[\d ]*\d{3}|\d:\d\d")
"""Numbers of orders, sums and hours are one student's."""
_LEADING = re.compile(
    r"^(?:(?:а|и|но|ну|так|вот|то|or|and|so|but|also|кстати|короче|блин|ещё|еще|т\.?е\.?|вообще|ой|эх|эй|очень|теперь|"
    r"здра\w*|здрасьте|everyone|everybody|guys|team)\s*,?\s+)+",
    re.IGNORECASE,
)
_QUESTION = re.compile(
    r"^(?:(?:как(?!\s+(?:только|раз|будто|и|всегда|обычно)\b)|где|куда|откуда|почему|зачем|сколько|какой|какая|какие|"
    r"какое|чем|how|where|why|which|who|what|when\s+(?:is|are|do|does|did|will|can|should|was|were))\b(?!-)"
    r"[^,?]*(?:,\s*(?:если|когда|чтобы|или|if|when|or)\b[^?]*)?"
    r"|(?:\w+\s+ли|что\s+делать)\b[^?]*"
    r"|можно\s+(?:[^\W\d]+\s+){0,3}?[^\W\d]+(?:ть|ти|чь)(?:ся)?\b[^,?]*"
    r"|(?:is|are|am|was|were|do|does|did|can|could|should|will|would|may)\s+(?:i|you|we|they|he|she|it|there|the|"
    r"this|that|my|our|your|any\w*|some\w*|an?)\b[^?]*)$",
    re.IGNORECASE,
)
"""What asks, though its question mark is forgotten."""
_MAY_ASK = re.compile(r"^(?:когда|кто|кому|что|чего)\b(?!-)[^,?]*$", re.IGNORECASE)
"""What asks unless it leads to something else that is told: «Когда выдадут сертификат»."""
_WANTS = re.compile(
    r"\b(?:хочу|хотим|хотел[аи]?|хотелось|прошу|просим|можно|(?<!don't )(?<!dont )want|would\s+like)\b",
    re.IGNORECASE,
)
_ASKS_INSIDE = re.compile(
    r"\b(?:как|где|куда|откуда|сколько|почему|ли|чем|how|where|why|which)\b", re.IGNORECASE
)
_ALL_IS_WELL = re.compile(
    r"\b(?:претензий|проблем|вопросов|слов)\s+нет\b|\bнет\s+(?:претензий|проблем|вопросов|слов)\b",
    re.IGNORECASE,
)
_ACTS = re.compile(r"^\w{3,}ed\b|\b(?:i|i've|i'm|we|he|she|they)\b", re.IGNORECASE)
"""Somebody did something, in English; Russian verbs tell it by themselves."""
_FEELINGS = GROUPS["feels"] | GROUPS["thanks"]
_ERROR = re.compile(
    r"\b(?:ошибк\w+|нет|пропа\w+|error|wrong|missing|lost|fail\w*)\b|\w(?:Error|Exception)\b", re.IGNORECASE
)
_POINTS_BACK = re.compile(
    r"^(?:если\s+)?(?:он[аио]?|его|её|ее|их|это(?:т|й|го|м)?|эт[аи]|там|тогда|туда|оттуда|такое|такой|it|this|that|"
    r"these|those|they|he|she|there)\b|\b(?:тогда|так(?!\s+(?:ли|и|как)\b)|его|её|ей|ею|ему|ней|ним|них|их|ими|неё|него|это|этот|эту|эти|оно|these|this|it)\b",
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
MOST_TOLD = 2
"""Finite verbs of which one leads to the other."""


@lru_cache(maxsize=20_000)
def titles_of(text: str) -> tuple[str, ...]:
    """All that might be a title for ``text``: its sentences, and the first clauses of long ones.

    Each at most `LONGEST` characters, capitalised, without emoji and closing punctuation but a question
    mark.  What a message quotes of others makes none.
    """
    found = []
    for sentence in _sentences(PICTURES.sub(" ", without_quotes(text))):
        found.append(_shown(sentence))
        found += [_shown(clause) for clause in _clauses(sentence)]
    return tuple(dict.fromkeys(found))


def _clauses(sentence: str) -> list[str]:
    """What of a ``sentence`` of several clauses may stand alone: the first one, or a later one that asks.

    What leads to a clause that asks or says what fails, or is set against the next one, says too little.
    """
    parts = _CLAUSE.split(sentence)
    first, *later = [_trimmed(part) for part in parts]
    asked = "?" in sentence[-2:] and "?" not in first and _BEGINS_ASKING.match(first)
    begins = [f"{first}?" if asked else first]
    if _asks(first):
        kept = begins
    else:
        kept = [part if "?" in part else f"{part}?" for part in later if _ASKS_LATER.match(part)]
        kept = kept or [] if any(map(_fails, later)) and not _fails(first) else [*kept, *begins][:1]
    if kept == begins and (not later or _GOES_ON.match(parts[1])):
        return []
    return [
        part for part in kept if len(part.split()) >= LEAST_WORDS and not _DANGLING.search(part.rstrip("?"))
    ]


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
        + 0.2 * _fails(title)
        + 0.1 * title.endswith("?")
        - 0.3 * max(0, LEAST_WORDS - count)
        - 0.5 * (count < FEWEST_WORDS)
        - 0.2 * max(0, count - MOST_WORDS)
        - 0.35 * min(3, strange)
        - 0.5 * bool(_POINTS_BACK.search(title))
        - 0.15 * bool(_PERSONAL.search(title))
        - 0.4 * bool(_DEPENDS.match(title))
        - 0.3 * tells_the_past(title.partition(" ")[0])
        - _tale(title)
        - 0.25 * bool(_CODELIKE.search(title))
        - 0.1 * bool(re.search(r"\d", title))
        - 0.3 * bool(_EXACT.search(title))
        - 0.5 * title.endswith("…")
        - 0.2 * title.count(",")
        - 0.2 * bool(re.search(r"[!:]|\.\s", title))
        - 0.3 * (sum(word.isupper() and len(word) > 3 for word in title.split()) > 1)  # noqa: PLR2004
    )


def _fails(title: str) -> bool:
    return bool(FAILS.search(title) or _ERROR.search(title)) and not _ALL_IS_WELL.search(title)


def _tale(title: str) -> float:
    """What a title loses that tells, praises or complains, and neither asks, wants nor names a failure."""
    if _asks(title) or _fails(title):
        return 0.0
    found = _WORD.findall(title)
    feels = any(stem(word) in _FEELINGS for word in found)
    told = bool(_ACTS.search(title)) or any(map(tells, found))
    says = told or any(map(is_finite, found))
    return 0.4 * told + 0.2 * says + 0.4 * feels


def _asks(title: str) -> bool:
    return title.endswith("?") or any(one.search(title) for one in (_BEGINS_ASKING, _ASKS_INSIDE, _WANTS))


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
    return f"{bare}?" if bare and (asked or _QUESTION.match(bare) or _leads_nowhere(bare)) else bare


def _leads_nowhere(sentence: str) -> bool:
    """Whether a sentence that may ask tells at most one thing, and nothing of whoever wrote it."""
    if not _MAY_ASK.match(sentence):
        return False
    told = [word for word in _WORD.findall(sentence) if is_finite(word.lower())]
    return len(told) < MOST_TOLD and not _PERSONAL.search(sentence) and not any(map(tells, told))


def _closed(text: str) -> str:
    """``text`` up to a bracket that is never closed, and without lone closing ones and quotation marks."""
    for opening, closing in _PAIRS.items():
        if opening == closing:
            if text.count(opening) % 2 and not re.search(rf"\w{opening}\w", text):
                cut = text.rfind(opening)
                text = text[:cut] + text[cut + 1 :]
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

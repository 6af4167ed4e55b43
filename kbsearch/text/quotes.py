"""What a message quotes of others: lines that begin with ``>``, copied messages, reported speech.

Quotes are left out of what is searched for when the student's own words ask something by themselves, never
of what is stored.  Prompts (``>>>``), output, tags and comparisons that begin with ``>`` are no quotes, and
an error message that nobody is named for was pasted by the student.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kbsearch.text.common_words import common_words
from kbsearch.text.pointing import asks_by_itself
from kbsearch.text.quoted_messages import author_lines, copied_lines, mailed_lines
from kbsearch.text.quoted_speech import without_speech

_MAY_QUOTE = re.compile(
    r"^[ ]{0,3}>|\[\d{1,2}[./]\d|^\d{1,2}[./]\d{1,2}[./]\d{4}, \d|\d:\d\d$|[«\"“][^»\"”\n]{8,300}[»\"”]"
    r"|^[^\w\n]*(?:пересл|пересыл|исходное|forwarded|begin\s+forwarded|original|from:|от:|on\s.*wrote)",
    re.IGNORECASE | re.MULTILINE,
)
_MARK = re.compile(r" {0,3}>(?!=)")
_MARKS = re.compile(r"[ >]*")
_PROMPT = re.compile(r" {0,3}>>>(?:\s|$)")
_NUMBER = re.compile(r"[> ]*[\d.+-]")
_CODE = re.compile(
    r"[{}\\`$|]|\w\(|;\s*$|\s[=<>!+*/]=?\s|==|=>|->|</?\w|/>|^\W*$|^[\W\d_]*\d|\w/\w|\w_\w|\w\.\w|@\d|--\w"
)
_CALL = re.compile(r"\s*\w+\s*(?:\(|=)")
_COMMAND = re.compile(
    r"(?:npm|npx|node|yarn|git|python3?|pip3?|docker|kubectl|cd|ls|cat|echo|sudo|select|curl|make|start|let|const"
    r"|var|print|import|from|def|use|show|db|help|get|set)\b"
)
_MACHINE = re.compile(
    r"\w(?:Error|Exception|Warning)\b"
    r"|^[^\w\n]*(?:error|fatal|warning|remote|hint|npm err!|ошибка)(?:\s+\d+|\s*[:!])"
    r"|cannot\s+connect|permission\s+denied|not\s+(?:found|recognized)",
    re.IGNORECASE | re.MULTILINE,
)
"""What programs say."""
_LETTERS = re.compile(r"[^\W\d_]+")
_CYRILLIC = re.compile(r"[А-Яа-яЁё]")
FEWEST_WORDS = 3
"""A quoted line in Latin letters has so many words at least: one or two are rather a file or an output."""
EVERYDAY = 4.0
"""A line most of whose words have this frequency (Zipf scale) or more is prose."""


def without_quotes(text: str) -> str:
    """``text`` without what it quotes of others; ``text`` itself when the rest asks nothing by itself."""
    while _MAY_QUOTE.search(text):
        rest = own_words(text)
        if rest == text or not asks_by_itself(rest):
            return text
        text = rest
    return text


def own_words(text: str) -> str:
    """What of ``text`` is not quoted, without the space around it; may be empty."""
    lines = text.split("\n")
    code = _fenced(lines)
    quoted: set[int] = set()
    for find in (_marked_lines, mailed_lines, copied_lines):
        quoted |= find(["" if place in quoted else line for place, line in enumerate(lines)]) - code
    kept = (
        line if place in code else without_speech(line)
        for place, line in enumerate(lines)
        if place not in quoted
    )
    rest = "\n".join(kept)
    return text if rest == text else rest.strip()


def _fenced(lines: Sequence[str]) -> set[int]:
    """The places of lines between Markdown's fences."""
    found: set[int] = set()
    inside = False
    for place, line in enumerate(lines):
        fence = line.lstrip().startswith("```")
        if inside or fence:
            found.add(place)
        inside ^= fence and line.count("```") % 2 == 1
    return found


def _marked_lines(lines: Sequence[str]) -> set[int]:
    """The places of quotes that begin with ``>``, with the lines before them that say who wrote them."""
    found: set[int] = set()
    place = 0
    while place < len(lines):
        end = place
        while end < len(lines) and _MARK.match(lines[end]):
            end += 1
        if end > place and not _goes_on(lines, place):
            authors = author_lines(lines, place)
            if _is_quote(lines[place:end], named=bool(authors)):
                found |= {*range(place, end), *authors}
        place = end + 1
    return found


def _goes_on(lines: Sequence[str], place: int) -> bool:
    """Whether ``>`` compares what stands before it with a number."""
    return place > 0 and lines[place - 1].strip() != "" and _NUMBER.match(lines[place]) is not None


def _is_quote(run: Sequence[str], *, named: bool) -> bool:
    """Whether lines that begin with ``>`` are what somebody said, who may be ``named`` before them."""
    if any(map(_PROMPT.match, run)):
        return False
    said = [line for line in (_MARKS.sub("", line, count=1) for line in run) if line.strip()]
    if named or not said:
        return bool(said)
    if _MACHINE.search("\n".join(said)):
        return False
    prose = [_is_prose(line) for line in said]
    return prose[0] and sum(prose) * 2 > len(prose)


def _is_prose(line: str) -> bool:
    letters = "".join(_LETTERS.findall(line))
    if len(_CYRILLIC.findall(letters)) * 2 > len(letters):
        return not _CALL.match(line)
    words = _LETTERS.findall(line.lower())
    if len(words) < FEWEST_WORDS or _CODE.search(line) or _COMMAND.match(line.strip()):
        return False
    common = common_words()
    return sum(common.get(word, 0.0) >= EVERYDAY for word in words) * 2 > len(words)

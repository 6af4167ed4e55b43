"""Marks of small talk and of questions that are no words: laughter, smileys, code, digits, script."""

from __future__ import annotations

import re

LAUGHTER = re.compile(
    r"\b[ахпе]*(?:ха|ах|хе|ех|ахп)[ахпе]{2,}\b|\b(?:ha){2,}\w*|\blo+l\b|\blmao\b|\bлол\b|\bкек\b|\bору\b|\bржу\b"
    r"|\bур+а+\b|\byay\b|\bwo+\w*hoo+\b|\bwow\b|\bвау+\b|\bо+го+\b|\bго+л\b|\b[уы]{2,}\b|\bуф+\b",
    re.IGNORECASE,
)
EMOJI = re.compile("[\U0001f300-\U0001faff☀-➿❤]")
PICTURES = re.compile("[\U0001f1e6-\U0001f1ff\U0001f300-\U0001faff☀-➿⬀-⯿\u200d\ufe0f\u20e3]+")
"""Emoji with all that they are made of: flags, colours of skin, joiners."""
SMILE = re.compile(r"\){2,}|:-?\)|;-?\)|\w\s?\)\s*$")
CODE = re.compile(
    r"[A-Za-z]_[A-Za-z]|\w\.\w+\(|\w\(\w*\)|[{}<>=\[\]#;`|\\]|\w(?:Error|Exception)\b|[a-z][A-Z]|\w/\w|https?:"
    r"|\b\w+\.(?:py|js|css|html|csv|txt|exe|json|pdf|docx?|xlsx?)\b|\b[45]\d\d\b"
)
LATIN = re.compile(r"[A-Za-z]{2,}")
CYRILLIC = re.compile(r"[А-Яа-яЁё]")
DIGIT = re.compile(r"\d")
FAILS = re.compile(
    r"\bне\s+(?:\w+(?:ет|ит|ют|ат|ят|ёт|ся|ал|ил|ла|ло|ли|ать|ить|цца|ца|ш[её]л)|вид\w*|наход\w*|могу|получ\w*)\b"
    r"|\b(?:do(?:es)?n'?t|can'?t|won'?t|cannot)\b|\bnot\s+(?:found|\w+ing|\w+ed|show\w*|work\w*)\b",
    re.IGNORECASE,
)
"""What does not do what it should: «не открывается», "does not load"."""
AHEAD = re.compile(
    r"\bзаранее\s+(?:\w+\s+)?(?:спасиб\w*|спс|благодар\w*|признател\w*)"
    r"|\b(?:спасиб\w*|спс|благодар\w*)\s+(?:\w+\s+)?заранее\b"
    r"|\b(?:thanks|thank\s+you|thx|tnx)\s+(?:\w+\s+){0,2}in\s+advance\b",
    re.IGNORECASE,
)
"""Thanks for what is yet to be done: whoever says so asks for something."""
CLOSING_THANKS = re.compile(
    r"(?:\w+\W+){3}[\w'’-]+[\s,.!;:–—-]+(?:(?:большое|огромное)\s+)?"
    r"(?:спасиб\w*|спс|пасиб\w*|благодарю|благодар[ен]\w*|thanks|thank\s+you|thx|tnx|ty|cheers)\b(?:\W+\w+){0,3}\W*\Z",
    re.IGNORECASE,
)
"""Thanks that close a statement of four words and more: of one who has got something, or who wants it."""
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")

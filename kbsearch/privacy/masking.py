"""Masking: takes personal data out of a text before anything is stored.

What is found: e-mail addresses, phones, @names and profile links, links that carry tokens, secrets, bank
cards, and documents with check digits (a passport by the word beside it).  Names in running prose are not
found.  Everything else stays byte for byte.  Each pattern looks a bounded way ahead, so the time grows with
the length of the text and no faster.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from kbsearch.privacy.links import LINK, mask_link
from kbsearch.privacy.mentions import mask_mentions
from kbsearch.privacy.numbers import mask_numbers

KINDS = ("email", "phone", "name", "link", "card", "document", "secret")
"""What can be found; each stands in the text as ``[kind]``."""

PASSES = 6
"""Taking one thing out can bare another beside it, so masking is repeated until nothing is found."""

FEWEST_DIGITS = 8
"""No phone, card or document that is looked for has fewer digits."""

_SECRET = re.compile(
    r"""(?<![A-Za-z0-9_-])
    (?: eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?                       # JSON web tokens
      | gh[pousr]_[A-Za-z0-9]{20,} | github_pat_\w{20,} | glpat-[\w-]{16,}
      | sk-[\w-]{20,} | [sr]k_(?:live|test)_\w{16,} | (?:AKIA|ASIA)[0-9A-Z]{16} | AIza[\w-]{30,}
      | xox[abposr]-[\w-]{10,} | hf_[A-Za-z0-9]{20,} | npm_[A-Za-z0-9]{30,} | kbs_[\w-]{20,}
      | \d{6,12}:AA[\w-]{30,}                                      # Telegram bots
    )
    | -----BEGIN[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----[^-]{1,20000}(?:-----END[ ][A-Z ]{0,30}PRIVATE[ ]KEY-----)?
    | (?<=[Bb]earer[ ])[\w.~+/=-]{16,}""",
    re.VERBOSE,
)
_SECRET_SIGNS = (
    *("eyJ", "gh", "glpat-", "sk", "rk_", "AKIA", "ASIA", "AIza", "xox", "hf_", "npm_", "kbs_", ":AA"),
    *("-----BEGIN", "earer "),
)
_LONG_WORD = re.compile(r"[\w.~+/=-]{16}", re.ASCII)
_EMAIL = re.compile(
    r"""(?<![\w.%+-])(?!git@)[\w.%+-]{1,64}@
    (?:[\w-]{1,63}\.){1,6}(?!(?:png|jpe?g|svg|webp|gif|css|js)\b)(?:[A-Za-z]{2,24}|[а-яё]{2,24})(?![(\[])""",
    re.IGNORECASE | re.VERBOSE,
)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_DIGIT = re.compile(r"\d")


@dataclass(frozen=True, slots=True)
class Masked:
    """A masked text, and how many of each kind were found in it."""

    text: str
    found: Counter[str]


def mask(text: str) -> Masked:
    """``text`` with personal data replaced by placeholders such as ``[email]``.

    Masking what is masked changes nothing.  Kinds are those of `KINDS`.
    """
    found: Counter[str] = Counter()
    for _ in range(PASSES):
        before = text
        text = _outside_links(text, found)
        if text == before:
            break
    return Masked(text, found)


def _outside_links(text: str, found: Counter[str]) -> str:
    """One pass: each link by the rules of links, all between them by those of prose."""
    if _LONG_WORD.search(text) and any(sign in text for sign in _SECRET_SIGNS):
        text = _substituted(_SECRET, "secret", text, found)
    if "/" not in text and "?" not in text:
        return _prose(text, found)
    parts, end = [], 0
    for match in LINK.finditer(text):
        parts.append(_prose(text[end : match.start()], found))
        link = mask_link(match[0], found)
        parts.append(_substituted(_EMAIL, "email", link, found) if "@" in link else link)
        end = match.end()
    return "".join([*parts, _prose(text[end:], found)])


def _prose(text: str, found: Counter[str]) -> str:
    if "@" in text:
        text = _substituted(_EMAIL, "email", text, found)
        text = _outside_code(text, lambda prose: mask_mentions(prose, found))
    if len(_DIGIT.findall(text)) >= FEWEST_DIGITS:
        text = mask_numbers(text, found)
    return text


def _substituted(pattern: re.Pattern[str], kind: str, text: str, found: Counter[str]) -> str:
    text, count = pattern.subn(f"[{kind}]", text)
    if count:
        found[kind] += count
    return text


def _outside_code(text: str, change: Callable[[str], str]) -> str:
    """``text`` with ``change`` made to what stands outside of Markdown code."""
    if "`" not in text:
        return change(text)
    return "".join(part if at % 2 else change(part) for at, part in enumerate(_CODE.split(text)))

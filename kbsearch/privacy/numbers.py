"""Personal numbers in running text: phones, bank cards and documents, told from ids, dates and versions."""

# ruff: noqa: PLR2004  # lengths of phones, cards and documents are clearer as numbers

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable

from kbsearch.privacy.check_digits import is_card, is_inn, is_ogrn, is_snils

_APART = r"[ \t\u00a0\u2009\u202f().\-\u2010-\u2015]{0,3}"
_PHONE = re.compile(
    rf"""(?<![0-9A-Za-z_+\#№]) (?<!\d[.,:/-])
    (?: \+ \s? \(? \d (?:{_APART}\d){{7,14}}        # international
      | [78] (?:{_APART}\d){{10}}                   # Russian, with its 7 or 8
      | \( \d{{3,5}} \) (?:{_APART}\d){{5,7}}       # Russian, beginning with the code
      | 9\d\d (?:{_APART}\d){{7}}                   # a Russian mobile without 7 or 8
    )
    (?![0-9A-Za-z_]) (?![.,:/-]\d)""",
    re.VERBOSE,
)
_ADDRESS = re.compile(r"(?:\d{1,3}\.){3}\d{1,3}")
_GROUP_END = re.compile(r"\d(?!\d)")
_GROUPS = re.compile(r"\d+")

_LONG = re.compile(r"(?<![\w№#])(?<!\d[.,-])\d{10,19}(?!\w)(?![.,]\d)")
_GROUPED_CARD = re.compile(
    r"""(?<![\w№#])(?<!\d[.,-])
    (?: \d{4}(?P<a>[ \u00a0-]{1,2})\d{4}(?P=a)\d{4}(?P=a)\d{1,4}(?:(?P=a)\d{3})?
      | \d{4}(?P<b>[ \u00a0-])\d{6}(?P=b)\d{4,5}
      | \d{8}[ -]\d{8,10} | \d{6}[ -]\d{10,13} )
    (?!\w)(?![.,]\d)""",
    re.VERBOSE,
)
_SNILS = re.compile(r"(?<![\w-])\d{3}[- ]\d{3}[- ]\d{3}[- ]{1,2}\d{2}(?![\w-])")
_INN_WORD = re.compile(r"(?:инн|inn|кпп)\W{0,5}$", re.IGNORECASE)
_PASSPORT = re.compile(
    r"""((?:паспорт|passport|загранпаспорт)[^\W\d_]{0,4}[^\d\n]{0,40}?(?<!\w))
    (\d{2}\s?\d{2}) ([^\d\n]{1,15}?|) (?<!\w|№) ?(\d{6})(?!\w)""",
    re.IGNORECASE | re.VERBOSE,
)

Replace = Callable[[re.Match[str]], str]


def mask_numbers(text: str, found: Counter[str]) -> str:
    """``text`` with phones, cards and documents masked, counted in ``found``."""
    text = _PASSPORT.sub(_counted(found, "document", lambda match: True, keep=1), text)
    text = _SNILS.sub(_counted(found, "document", lambda match: is_snils(_digits(match[0]))), text)
    text = _GROUPED_CARD.sub(_counted(found, "card", _is_grouped_card), text)
    text = _PHONE.sub(lambda match: _without_phone(match[0], found), text)
    text = _LONG.sub(_counted(found, "card", lambda match: is_card(match[0])), text)
    return _LONG.sub(_counted(found, "document", _is_document), text)


def _counted(
    found: Counter[str], kind: str, holds: Callable[[re.Match[str]], bool], keep: int = 0
) -> Replace:
    """A replacement for `re.sub`: the placeholder of ``kind`` where ``holds``, after group ``keep``."""

    def replace(match: re.Match[str]) -> str:
        if not holds(match):
            return match[0]
        found[kind] += 1
        return f"{match[keep] if keep else ''}[{kind}]"

    return replace


def _digits(text: str) -> str:
    return "".join(filter(str.isdigit, text))


def _is_grouped_card(match: re.Match[str]) -> bool:
    """Whether a card is there, alone or with the three digits of its back."""
    digits = _digits(match[0])
    return is_card(digits) or (len(digits) == 19 and is_card(digits[:16]))


def _without_phone(written: str, found: Counter[str]) -> str:
    """``written`` with the phone at its beginning masked, if one is there."""
    if written.startswith("+"):
        ends = [match.end() for match in _GROUP_END.finditer(written)]
        end = next((end for end in reversed(ends) if _exists(_digits(written[:end]))), 0)
    else:
        end = len(written) if _is_russian_phone(written) else 0
    if not end:
        return written
    found["phone"] += 1
    return "[phone]" + written[end:]


def _is_russian_phone(written: str) -> bool:
    """Whether digits are grouped as people group phones and the number is in the numbering plan."""
    digits, groups = _digits(written), _GROUPS.findall(written)
    if _ADDRESS.fullmatch(written):
        return False
    if len(digits) == 11 and digits[0] in "78":
        digits = digits[1:]
        groups = groups[1:] if len(groups[0]) == 1 else [groups[0][1:], *groups[1:]]
    grouped = len(groups[0]) >= 3 and all(len(group) >= 2 for group in groups)
    return len(digits) == 10 and grouped and _exists("7" + digits)


def _exists(digits: str) -> bool:
    """Whether some country's numbering plan has the number."""
    if len(digits) == 11 and digits.startswith("79"):
        return True  # all Russian mobiles; new ranges open all the time
    import phonenumbers

    try:
        number = phonenumbers.parse("+" + digits, None)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(number))


def _is_document(match: re.Match[str]) -> bool:
    digits = match[0]
    if len(digits) == 10:
        called_so = bool(_INN_WORD.search(match.string[max(0, match.start() - 12) : match.start()]))
        return is_inn(digits) and (called_so or not digits.startswith("1"))  # 1…: a time stamp
    return is_snils(digits) or is_inn(digits) or is_ogrn(digits)

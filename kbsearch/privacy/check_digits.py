"""Check digits of card and document numbers: what tells them from any other long number."""

# ruff: noqa: PLR2004  # the numbers are those of the standards named in the docstrings

from __future__ import annotations

from collections.abc import Sequence
from itertools import cycle

SNILS_WITHOUT_CHECK = 1_001_998
"""Up to this number insurance numbers were given out without check digits."""


def is_card(digits: str) -> bool:
    """Whether ``digits`` (13–19) are a bank card's number: a known first digit and the Luhn sum.

    ISO/IEC 7812-1, annex B.
    """
    if not 13 <= len(digits) <= 19 or digits[0] not in "23456" or len(set(digits)) == 1:
        return False
    doubled = (int(digit) * weight for digit, weight in zip(reversed(digits), cycle((1, 2)), strict=False))
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def is_snils(digits: str) -> bool:
    """Whether 11 ``digits`` are a Russian insurance number (СНИЛС).

    The sum of the first nine digits weighted 9…1, modulo 101 (100 counts as 0), is the last two.
    """
    if len(digits) != 11 or int(digits[:9]) <= SNILS_WITHOUT_CHECK:
        return False
    return _weighted(digits, range(9, 0, -1)) % 101 % 100 == int(digits[9:])


def is_inn(digits: str) -> bool:
    """Whether 10 or 12 ``digits`` are a Russian taxpayer's number (ИНН) with its one or two check digits."""
    if len(digits) == 10:
        return _inn_digit(digits, (2, 4, 10, 3, 5, 9, 4, 6, 8)) == int(digits[9])
    if len(digits) == 12:
        eleventh = _inn_digit(digits, (7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
        twelfth = _inn_digit(digits, (3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8))
        return f"{eleventh}{twelfth}" == digits[10:]
    return False


def is_ogrn(digits: str) -> bool:
    """Whether 13 or 15 ``digits`` are a Russian registration number (ОГРН, ОГРНИП).

    All digits but the last, as one number, modulo 11 (13 digits) or 13 (15), modulo 10, is the last.  The
    second and third are the year of registration (from 2002), which tells it from a time stamp.
    """
    if len(digits) not in {13, 15} or digits[0] not in "12356789" or not 2 <= int(digits[1:3]) <= 40:
        return False
    return int(digits[:-1]) % (len(digits) - 2) % 10 == int(digits[-1])


def _inn_digit(digits: str, weights: Sequence[int]) -> int:
    return _weighted(digits, weights) % 11 % 10


def _weighted(digits: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(digits, weights, strict=False))

"""How passwords are checked and kept: argon2id, with a decoy for logins that nobody has."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from kbsearch.errors import InvalidInput

SHORTEST = 10
LONGEST = 1_000

# OWASP Password Storage Cheat Sheet, argon2id: 19 MiB, two passes, one lane.  Four sign-ins at once then
# take 76 MiB, where the library's own default would take 256.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The argon2id hash of ``password``, about 100 characters with its parameters.

    Raises:
        InvalidInput: shorter than 10 or longer than 1,000 characters.
    """
    if not SHORTEST <= len(password) <= LONGEST:
        raise InvalidInput(
            "A password has {shortest} to {longest} characters.",
            remedy="Take a few words that nobody else would put together.",
            shortest=SHORTEST,
            longest=LONGEST,
        )
    return _HASHER.hash(password)


def password_fits(kept_hash: str | None, password: str) -> bool:
    """Whether ``password`` is the one that ``kept_hash`` was made of.

    ``None`` (no such login) takes as long as a wrong password, so that time does not tell who exists.
    """
    candidate = password[: LONGEST + 1]
    try:
        return _HASHER.verify(kept_hash or _decoy(), candidate) and kept_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False


def is_outdated(kept_hash: str) -> bool:
    """Whether ``kept_hash`` was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(kept_hash)


@cache
def _decoy() -> str:
    return _HASHER.hash("nobody has this password")

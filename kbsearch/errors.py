"""The one error tree of kbsearch.

    KbsearchError
    ├── ConfigurationError      a setting is missing or wrong
    ├── InvalidInput            what a person or a program sent cannot be used
    │   ├── TooLarge            it is over a limit
    │   └── UnreadableFile      a file is broken, encoded oddly or of another kind
    ├── NotFound                there is no such question, case, cluster, job …
    ├── Conflict                somebody else changed it first, or the step is not allowed now
    ├── NotAuthenticated        no sign-in or token, or a wrong one
    ├── NotAllowed              signed in, but the role does not permit it
    ├── StorageUnavailable      the database or the disk refuses (locked, full, unreachable)
    │   └── DiskFull            there is no room left on a disk
    ├── IndexUnavailable        the search index cannot be opened or is corrupt
    └── EncoderUnavailable      the embedder cannot be loaded or failed

Every error carries a stable ``code``, an English ``message`` and a ``remedy``: what the reader can do
about it.  Pages and the command line translate ``message`` templates through the catalogue, so both are
``str.format`` templates filled from ``details``.
"""

from __future__ import annotations

import errno
from typing import ClassVar


class KbsearchError(Exception):
    """Base of all errors that kbsearch raises on purpose.

    Args:
        message: English template that says what happened and where, filled from ``details``.
        remedy: English template that says what to do next; may be empty.
        details: values for the templates, and for machines that read the error.
    """

    code: ClassVar[str] = "error"

    def __init__(self, message: str, *, remedy: str = "", **details: object) -> None:
        self.template = message
        self.remedy_template = remedy
        self.details = details
        super().__init__(self.message)

    @property
    def message(self) -> str:
        """The message with its details filled in."""
        return fill(self.template, self.details)

    @property
    def remedy(self) -> str:
        """The remedy with its details filled in; empty when there is none."""
        return fill(self.remedy_template, self.details)


def is_full(error: OSError) -> bool:
    """Whether a disk, or a person's share of it, has no room left, or takes no file of such a length."""
    return error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def fill(template: str, details: dict[str, object]) -> str:
    """``template`` with ``details`` filled in, or as it is when it has no placeholders."""
    return template.format(**details) if details else template


class ConfigurationError(KbsearchError):
    """A setting is missing or wrong."""

    code = "configuration"


class InvalidInput(KbsearchError):
    """What a person or a program sent cannot be used."""

    code = "invalid-input"


class TooLarge(InvalidInput):
    """The input is over a limit."""

    code = "too-large"


class UnreadableFile(InvalidInput):
    """A file is broken, in an unknown encoding or of another kind than its name says."""

    code = "unreadable-file"


class NotFound(KbsearchError):
    """There is no such thing."""

    code = "not-found"


class Conflict(KbsearchError):
    """Somebody else changed it first, or the step is not allowed in the present state."""

    code = "conflict"


class NotAuthenticated(KbsearchError):
    """There is no sign-in or token, or a wrong one."""

    code = "not-authenticated"


class NotAllowed(KbsearchError):
    """The person or token is known, but the role does not permit the step."""

    code = "not-allowed"


class StorageUnavailable(KbsearchError):
    """The database or the disk refuses: locked, full or unreachable."""

    code = "storage-unavailable"


class DiskFull(StorageUnavailable):
    """There is no room left on a disk."""

    code = "disk-full"


class IndexUnavailable(KbsearchError):
    """The search index cannot be opened or is corrupt."""

    code = "index-unavailable"


class EncoderUnavailable(KbsearchError):
    """The embedder cannot be loaded or failed."""

    code = "encoder-unavailable"

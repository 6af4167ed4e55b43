"""Locks between processes: a file that one holder at a time keeps locked.

The operating system frees the lock when its holder dies, however it dies.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kbsearch.errors import StorageUnavailable

RETRY_SECONDS = 0.02


def try_lock(path: Path) -> int | None:
    """The descriptor of ``path``, locked, or None when somebody else holds it.

    ``flock`` belongs to the open file, so it also keeps the threads of one process apart.

    Raises:
        StorageUnavailable: the file cannot be made, as on a read-only disk.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise StorageUnavailable(
            "{path} cannot be written: {reason}.",
            remedy="Check that the folder can be written.",
            path=str(path),
            reason=error.strerror or str(error),
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(descriptor)
        if error.errno in {errno.EAGAIN, errno.EACCES}:
            return None
        raise
    return descriptor


def unlock(descriptor: int) -> None:
    """Free a lock that `try_lock` gave."""
    os.close(descriptor)


@contextmanager
def locked(path: Path, wait_seconds: float) -> Iterator[bool]:
    """Hold the lock of ``path``; gives False, without it, when it is not free after ``wait_seconds``."""
    deadline = time.monotonic() + wait_seconds
    descriptor = try_lock(path)
    while descriptor is None and time.monotonic() < deadline:
        time.sleep(RETRY_SECONDS)
        descriptor = try_lock(path)
    try:
        yield descriptor is not None
    finally:
        if descriptor is not None:
            unlock(descriptor)

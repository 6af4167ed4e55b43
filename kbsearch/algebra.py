"""How many threads a product of matrices takes."""

from __future__ import annotations

import threading
from functools import cached_property
from typing import Any


class OneThread:
    """Keeps BLAS, the library behind products of matrices, at one thread while anybody is inside.

    Where matrices are small, or each thread of ours has its own, more are slower: up to 50 times with four on
    two cores.  The limit holds for the whole process, and those of several threads would undo each other's.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._limit: Any = None

    @cached_property
    def _controller(self) -> Any:
        """Finding the BLAS libraries takes a millisecond, so it is done once."""
        from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]  # it has none

        return ThreadpoolController()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._limit = self._controller.limit(limits=1, user_api="blas")
                self._limit.__enter__()

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if self._inside == 0:
                self._limit.__exit__(None, None, None)


ONE_THREAD = OneThread()
"""The one of this process."""

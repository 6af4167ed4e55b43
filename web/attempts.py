"""How often an address may fail: counts in this process, of a bounded number of addresses."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from ipaddress import IPv6Address, IPv6Network, ip_address
from threading import Lock

from limits import parse_many

MOST_CALLERS = 10_000
"""Callers that are remembered; of more, those that failed longest ago are forgotten."""

_OF_ONE_CALLER = 64
"""Bits that the addresses of one customer share in IPv6: a caller may use any address below."""


class FailedAttempts:
    """Counts failures of callers, within the rates written in ``rate`` as ``10/minute;100/hour``.

    ``now``: a clock in seconds.  ``most_callers``: how many are remembered.
    """

    def __init__(
        self, rate: str, *, now: Callable[[], float] = time.monotonic, most_callers: int = MOST_CALLERS
    ) -> None:
        self._rates = [(one.amount, one.get_expiry()) for one in parse_many(rate)]
        self._now = now
        self._most_callers = most_callers
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        """How many callers are remembered."""
        return len(self._failures)

    def note(self, caller: str) -> float:
        """Note a failure of ``caller``; returns 0, or in how many seconds its next one is within the rate.

        What is over the rate is not counted: whoever goes on failing is not kept out for longer.
        """
        with self._lock:
            now = self._now()
            times = self._failures.setdefault(caller, deque(maxlen=max(amount for amount, _ in self._rates)))
            self._failures.move_to_end(caller)
            wait = max(self._wait(times, amount, span, now) for amount, span in self._rates)
            if wait <= 0:
                times.append(now)
            if len(self._failures) > self._most_callers:
                self._failures.popitem(last=False)
        return max(wait, 0.0)

    @staticmethod
    def _wait(times: deque[float], amount: int, span: int, now: float) -> float:
        return times[-amount] + span - now if len(times) >= amount else 0.0


def caller_of(address: str | None) -> str:
    """What stands for the caller at ``address``: itself, or the network of one customer in IPv6."""
    try:
        found = ip_address((address or "").partition("%")[0])
    except ValueError:
        return address or "unknown"
    if isinstance(found, IPv6Address):
        inner = found.ipv4_mapped
        return str(inner or IPv6Network((found, _OF_ONE_CALLER), strict=False))
    return str(found)

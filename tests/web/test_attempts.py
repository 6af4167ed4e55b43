"""How often an address may fail."""

from __future__ import annotations

import pytest

from web.attempts import FailedAttempts, caller_of


class Clock:
    """A clock that is set by hand."""

    now = 1000.0

    def read(self) -> float:
        """Seconds."""
        return self.now


def test_failures_within_the_rate_cost_nothing_and_others_the_rest_of_the_time() -> None:
    clock = Clock()
    failures = FailedAttempts("2/minute;3/hour", now=clock.read)
    assert [failures.note("a"), failures.note("a")] == [0, 0]
    clock.now += 10
    assert failures.note("a") == 50
    assert failures.note("b") == 0
    clock.now += 50
    assert failures.note("a") == 0
    clock.now += 60
    assert failures.note("a") == pytest.approx(3600 - 120)


def test_only_so_many_callers_are_remembered() -> None:
    failures = FailedAttempts("1/minute", now=Clock().read, most_callers=3)
    assert failures.note("0") == 0
    for caller in range(1, 3):
        failures.note(str(caller))
    assert failures.note("0") > 0
    for caller in range(3, 5):
        failures.note(str(caller))
    assert len(failures) == 3
    assert failures.note("0") > 0
    assert failures.note("1") == 0


@pytest.mark.parametrize(
    ("address", "caller"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unix:/run/socket", "unix:/run/socket"),
        (None, "unknown"),
    ],
)
def test_who_a_caller_is(address: str | None, caller: str) -> None:
    assert caller_of(address) == caller

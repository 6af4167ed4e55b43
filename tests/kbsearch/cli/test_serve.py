"""`kbsearch serve` as a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

DEADLINE_SECONDS = 40


class Serving:
    """A running `kbsearch serve` and what it printed."""

    def __init__(self, home: Path, *arguments: str) -> None:
        environment = os.environ | {
            "KBSEARCH_HOME": str(home),
            "KBSEARCH_ENCODER": "hashing",
            "PYTHONUNBUFFERED": "1",
        }
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from kbsearch.cli import main; main()", "serve", *arguments],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        # A process that hangs is ended, so that reading its output ends, too.
        self._guard = threading.Timer(DEADLINE_SECONDS, self.process.kill)
        self._guard.start()

    def address(self) -> str:
        """Where it listens, read from what it prints."""
        assert self.process.stdout is not None
        seen = []
        for line in self.process.stdout:
            seen.append(line)
            if found := re.search(r"serves (http://\S+)", line):
                return found[1]
        raise AssertionError("".join(seen))

    def stop(self) -> str:
        """End it as a service manager would; what it printed since."""
        assert self.process.stdout is not None
        self.process.send_signal(signal.SIGTERM)
        with self.process.stdout as printed:  # `communicate` would lose what was read ahead with the address
            rest = printed.read()
        self.process.wait()
        self._guard.cancel()
        return rest


@pytest.fixture
def serving(tmp_path: Path) -> Iterator[Serving]:
    running = Serving(tmp_path / "home", "--port", "0")
    yield running
    if running.process.poll() is None:
        running.process.kill()
        running.process.communicate()


def _health(address: str) -> dict[str, object]:
    with urllib.request.urlopen(f"{address}/api/v1/health", timeout=DEADLINE_SECONDS) as answer:  # noqa: S310
        health: dict[str, object] = json.load(answer)
    return health


def test_it_serves_from_nothing_and_stops_when_told(serving: Serving) -> None:
    address = serving.address()
    assert _health(address)["status"] == "ok"
    rest = serving.stop()
    assert "kbsearch user add" in rest
    assert "kbsearch has stopped." in rest
    assert "Traceback" not in rest
    assert serving.process.returncode == 0


def test_its_worker_works_the_outbox_off(serving: Serving, tmp_path: Path) -> None:
    from kbsearch.app import Kbsearch
    from kbsearch.config import Settings
    from kbsearch.importers.records import IncomingQuestion

    address = serving.address()
    app = Kbsearch(Settings(home=tmp_path / "home", encoder="hashing"))
    app.questions.receive(IncomingQuestion("Как отменить коммит?"))
    app.database.close()
    until = time.monotonic() + DEADLINE_SECONDS
    while _health(address)["waiting"] != 0:
        assert time.monotonic() < until
    assert serving.stop()


def test_a_port_in_use_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        refused = Serving(tmp_path / "home", "--port", str(port))
        said, _ = refused.process.communicate(timeout=DEADLINE_SECONDS)
        refused._guard.cancel()
    assert refused.process.returncode == 1
    assert f"Cannot listen on 127.0.0.1, port {port}" in said
    assert "--port" in said
    assert "Traceback" not in said

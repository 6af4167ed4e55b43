"""Reports by webhook, sent to a real server on this machine."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.config import Settings
from kbsearch.models import DeliveryState, Fault, FaultDelivery, utc_now
from kbsearch.services.faults import FaultService
from kbsearch.services.webhooks import MOST_ATTEMPTS, Webhooks, signature

SECRET = "a secret of the test"


class Receiver:
    """A server that keeps what it gets and answers with ``status``."""

    def __init__(self) -> None:
        self.got: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                """Keep the request, answer with the status."""
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((self.path, dict(self.headers), body))
                self.send_response(receiver.status)
                self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                """Keep the test's output clean."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server.server_port}/hook?from=kbsearch"

    def close(self) -> None:
        """Stop it; again is harmless."""
        self.server.shutdown()
        self.thread.join(10)
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


class Sender:
    """A school with one fault, and a clock."""

    def __init__(self, home: Path, url: str, **settings: object) -> None:
        self.moment = utc_now()
        options = {"fault_webhook_private": True, "fault_webhook_secret": SECRET} | settings
        self.app = Kbsearch(
            Settings(home=home, encoder="hashing", fault_webhook_url=url, **options)  # type: ignore[arg-type]
        )
        self.app.database.upgrade()
        with self.app.database.writing() as session:
            session.add(Fault(started_at=self.moment, last_at=self.moment, evidence={"count": 5, "hours": 1}))
        self.faults = FaultService(self.app.database, self.app.settings, lambda: self.moment)
        self.webhooks = Webhooks(self.app.database, self.app.settings, self.faults, lambda: self.moment)

    def delivery(self) -> FaultDelivery:
        """The newest delivery."""
        return self.faults.get(1).deliveries[0]

    def deliver(self) -> FaultDelivery:
        """Let the worker deliver what is due."""
        assert self.webhooks.deliver_due()
        return self.delivery()


def test_a_report_arrives_signed_and_is_noted(tmp_path: Path, receiver: Receiver) -> None:
    sender = Sender(tmp_path, receiver.url)
    sender.faults.send(1)
    delivery = sender.deliver()
    assert (delivery.state, delivery.outcome) == (DeliveryState.SENT, "HTTP 204")
    assert delivery.sent_at is not None
    ((path, headers, body),) = receiver.got
    assert path == "/hook?from=kbsearch"
    expected = signature(SECRET, headers["X-Kbsearch-Timestamp"], body)
    assert headers["X-Kbsearch-Signature"] == f"sha256={expected}"
    assert json.loads(body)["fault"]["id"] == 1
    assert SECRET.encode() not in body
    assert not sender.webhooks.deliver_due()


def test_a_server_that_fails_is_tried_again_later_and_later_and_at_last_given_up(
    tmp_path: Path, receiver: Receiver
) -> None:
    sender = Sender(tmp_path, receiver.url)
    receiver.status = 503
    sender.faults.send(1)
    pauses = []
    for attempt in range(1, MOST_ATTEMPTS + 1):
        delivery = sender.deliver()
        assert (delivery.attempts, delivery.outcome) == (attempt, "HTTP 503")
        if attempt < MOST_ATTEMPTS:
            assert delivery.state == DeliveryState.WAITING
            assert not sender.webhooks.deliver_due()
            pauses.append(delivery.due_at - sender.moment)
            sender.moment = delivery.due_at
    assert sender.delivery().state == DeliveryState.FAILED
    assert pauses == [timedelta(seconds=30 * 2**n) for n in range(MOST_ATTEMPTS - 1)]


@pytest.mark.parametrize("status", [302, 400, 404])
def test_redirects_are_not_followed_and_refusals_are_final(
    tmp_path: Path, receiver: Receiver, status: int
) -> None:
    sender = Sender(tmp_path, receiver.url)
    receiver.status = status
    sender.faults.send(1)
    assert sender.deliver().state == DeliveryState.FAILED
    assert len(receiver.got) == 1


@pytest.mark.parametrize(
    ("url", "settings", "outcome"),
    [
        ("", {"fault_webhook_private": False}, "private"),
        ("http://localhost:9/", {"fault_webhook_private": False}, "private"),
        ("http://[::1]:9/", {"fault_webhook_private": False}, "private"),
        ("http://[::ffff:10.0.0.1]/", {"fault_webhook_private": False}, "private"),
        ("http://169.254.169.254/latest", {"fault_webhook_private": False}, "private"),
        ("ftp://127.0.0.1/", {}, "http"),
        ("file:///etc/passwd", {}, "http"),
        ("", {"fault_webhook_secret": ""}, "secret"),
    ],
)
def test_what_may_not_be_called_is_not(
    tmp_path: Path, receiver: Receiver, url: str, settings: dict[str, object], outcome: str
) -> None:
    sender = Sender(tmp_path, url or receiver.url, **settings)
    sender.faults.send(1)
    delivery = sender.deliver()
    assert delivery.state == DeliveryState.FAILED
    assert outcome in delivery.outcome
    assert receiver.got == []


def test_nobody_there_is_tried_again(tmp_path: Path, receiver: Receiver) -> None:
    url = receiver.url
    receiver.close()
    sender = Sender(tmp_path, url)
    sender.faults.send(1)
    delivery = sender.deliver()
    assert delivery.state == DeliveryState.WAITING
    assert "refused" in delivery.outcome


def test_the_secret_shows_nowhere(tmp_path: Path, receiver: Receiver) -> None:
    sender = Sender(tmp_path, receiver.url)
    assert SECRET not in repr(sender.app.settings)
    assert SECRET not in str(sender.app.settings.model_dump())

"""Sends the reports of faults to the address that the settings name.

Requests are signed; redirects are not followed; private addresses are refused unless a setting allows them,
and the address that was checked is the one that is connected to, so that a name cannot change its mind.
"""

from __future__ import annotations

import hashlib
import hmac
import http.client
import ipaddress
import json
import socket
import ssl
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sqlalchemy import select

from kbsearch import __version__
from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.models import DeliveryState, FaultDelivery, utc_now
from kbsearch.services.fault_report import as_data
from kbsearch.services.faults import FaultService

TIMEOUT_SECONDS = 10.0
MOST_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=30)
"""Before the second attempt; doubled before each further one."""
WORTH_RETRYING = (408, 425, 429)
"""Statuses under 500 after which another attempt may succeed."""
OK = range(200, 300)
MISSING = range(300, 500)


class Webhooks:
    """Works off the deliveries that wait.  ``now`` tells the time."""

    def __init__(
        self,
        database: Database,
        settings: Settings,
        faults: FaultService,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._database = database
        self._settings = settings
        self._faults = faults
        self._now = now

    def deliver_due(self) -> bool:
        """Try the oldest delivery that is due; whether there was one."""
        due = (
            select(FaultDelivery)
            .where(FaultDelivery.state == DeliveryState.WAITING, FaultDelivery.due_at <= self._now())
            .order_by(FaultDelivery.due_at, FaultDelivery.id)
            .limit(1)
        )
        with self._database.reading() as session:
            delivery = session.scalar(due)
        if delivery is None:
            return False
        outcome, state = self._attempt(delivery)
        with self._database.writing() as session:
            known = session.get(FaultDelivery, delivery.id)
            if known is not None:
                self._note(known, outcome, state)
        return True

    def _note(self, delivery: FaultDelivery, outcome: str, state: DeliveryState) -> None:
        delivery.attempts += 1
        delivery.outcome = outcome[:300]
        if state == DeliveryState.WAITING and delivery.attempts >= MOST_ATTEMPTS:
            state = DeliveryState.FAILED
        delivery.state = state
        if state == DeliveryState.SENT:
            delivery.sent_at = self._now()
        elif state == DeliveryState.WAITING:
            delivery.due_at = self._now() + FIRST_PAUSE * 2 ** (delivery.attempts - 1)

    def _attempt(self, delivery: FaultDelivery) -> tuple[str, DeliveryState]:
        """What came of it in words, and whether it is settled."""
        secret = self._settings.fault_webhook_secret.get_secret_value()
        url = urlsplit(self._settings.fault_webhook_url)
        if not secret:
            return "fault_webhook_secret is not set", DeliveryState.FAILED
        if url.scheme not in {"http", "https"} or not url.hostname:
            return "fault_webhook_url is no http or https address", DeliveryState.FAILED
        detail = self._faults.get(delivery.fault_id)
        payload = {
            "event": "platform-fault",
            "delivery": delivery.id,
            "fault": as_data(detail.fault, detail.report),
        }
        try:
            status = self._post(url, json.dumps(payload, ensure_ascii=False).encode(), secret, delivery.id)
        except _Refused as refusal:
            return str(refusal), DeliveryState.FAILED
        except (OSError, ValueError, http.client.HTTPException) as error:
            return _reason(error), DeliveryState.WAITING
        return f"HTTP {status}", _settled(status)

    def _post(self, url: SplitResult, body: bytes, secret: str, delivery_id: int) -> int:
        """The status of the answer, whose body nobody reads."""
        connection = _connect(url, private=self._settings.fault_webhook_private)
        moment = str(int(self._now().timestamp()))
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": f"kbsearch/{__version__}",
            "X-Kbsearch-Delivery": str(delivery_id),
            "X-Kbsearch-Timestamp": moment,
            "X-Kbsearch-Signature": f"sha256={signature(secret, moment, body)}",
        }
        path = (url.path or "/") + (f"?{url.query}" if url.query else "")
        try:
            connection.request("POST", path, body, headers)
            return connection.getresponse().status
        finally:
            connection.close()


def _settled(status: int) -> DeliveryState:
    """What an answer with ``status`` means; redirects are not followed, so they are failures."""
    if status in OK:
        return DeliveryState.SENT
    final = status in MISSING and status not in WORTH_RETRYING
    return DeliveryState.FAILED if final else DeliveryState.WAITING


def signature(secret: str, timestamp: str, body: bytes) -> str:
    """HMAC-SHA256 of the timestamp, a full stop and the body, in hexadecimal: what the receiver checks."""
    return hmac.new(secret.encode(), timestamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class _Refused(Exception):
    """The address may not be called."""


def _connect(url: SplitResult, *, private: bool) -> http.client.HTTPConnection:
    """A connection to the first allowed address of the host."""
    host = str(url.hostname)
    port = url.port or (443 if url.scheme == "https" else 80)
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    addresses = [str(entry[4][0]) for entry in found]
    if not private and not all(_is_public(address) for address in addresses):
        raise _Refused("the address is private; fault_webhook_private would allow it")
    made: http.client.HTTPConnection
    if url.scheme == "https":
        made = http.client.HTTPSConnection(
            host, port, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        made = http.client.HTTPConnection(host, port, timeout=TIMEOUT_SECONDS)

    def to_checked(address: tuple[str, int], *rest: Any, **named: Any) -> socket.socket:
        return socket.create_connection((addresses[0], address[1]), *rest, **named)

    vars(made)["_create_connection"] = to_checked
    return made


def _is_public(address: str) -> bool:
    parsed = ipaddress.ip_address(address.partition("%")[0])
    mapped = getattr(parsed, "ipv4_mapped", None)
    return bool((mapped or parsed).is_global) and not parsed.is_multicast


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionError):
        return "the connection was refused or broke off"
    if isinstance(error, socket.gaierror):
        return "the host is unknown"
    if isinstance(error, ssl.SSLError):
        return "the certificate is not trusted, or TLS failed"
    return type(error).__name__

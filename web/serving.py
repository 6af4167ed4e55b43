"""Waitress, so that whoever sends more than the temporary folder has room for hears why."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from flask import Flask
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server

from kbsearch.errors import is_full
from web.request_bodies import LOST


def listen(app: Flask, **options: Any) -> Any:
    """A server of ``app`` that listens, to be ``run``; ``options`` are those of `waitress.serve`.

    Raises:
        OSError, ValueError: it cannot listen there.
    """
    sockets: dict[int, Any] = {}
    server = create_server(app, map=sockets, **options)
    for each in sockets.values():  # one for each address of the host
        if hasattr(each, "channel_class"):
            each.channel_class = _Channel
    return server


class _Nothing:
    """A buffer that forgets what it gets."""

    def append(self, data: bytes) -> None:
        """Forget ``data``."""

    def __len__(self) -> int:
        return 0

    def getfile(self) -> BytesIO:
        """An empty file."""
        return BytesIO()

    def close(self) -> None:
        """There is nothing to close."""


class _Parser(HTTPRequestParser):  # type: ignore[misc]  # Waitress has no types
    """Goes on without the body when there is no room for it, so that whoever sends it hears why."""

    def received(self, data: bytes) -> int:
        """Take ``data`` in; returns how many bytes."""
        try:
            taken: int = super().received(data)
        except OSError as error:
            if self.chunked or self.body_rcv is None or not is_full(error):
                raise
            self.body_rcv.buf = _Nothing()
            self.headers[LOST] = "1"
            taken = super().received(data)
        return taken


class _Channel(HTTPChannel):  # type: ignore[misc]  # Waitress has no types
    """A connection whose requests may lose their bodies."""

    parser_class: Any = _Parser

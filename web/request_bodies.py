"""What is sent to us when the temporary folder has no room for it: an answer in words.

Bodies of more than half a megabyte are kept in temporary files: by Waitress while they arrive
(`web.serving`), by Werkzeug when a form is read.
"""

from __future__ import annotations

import tempfile
from io import BytesIO

from flask import Request, request

from kbsearch.errors import DiskFull, is_full

LOST = "KBSEARCH_BODY_LOST"
"""Header of a request whose body there was no room for.  Who sends it gets the error that it asks for."""


class FormRequest(Request):
    """A request whose form can be refused for want of room."""

    def _load_form_data(self) -> None:
        try:
            super()._load_form_data()
        except OSError as error:
            if not is_full(error):
                raise
            self.environ["wsgi.input"] = BytesIO()  # the page of the error may look at the form
            self.environ.update(CONTENT_LENGTH="0", **{f"HTTP_{LOST}": "1"})
            self.__dict__.pop("stream", None)
            raise no_room() from error


def no_room() -> DiskFull:
    """The error for a body that the temporary folder has no room for."""
    return DiskFull(
        "There is no room in {folder} for what was sent.",
        remedy="Free some disk space there, or start kbsearch with another TMPDIR; then send it again.",
        folder=tempfile.gettempdir(),
    )


def refuse_lost_body() -> None:
    """Answer a request whose body is lost.

    Raises:
        DiskFull: it is.
    """
    if f"HTTP_{LOST}" in request.environ:
        raise no_room()

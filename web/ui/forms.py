"""What pages read from forms and addresses, and what they say back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from flask import flash, redirect, request
from werkzeug.exceptions import BadRequest
from werkzeug.wrappers import Response

from web.session import safe_next


def text_of(name: str, default: str = "") -> str:
    """The stripped value of a form field, or of the address."""
    return request.values.get(name, default).strip()


def number_of(name: str, default: int | None = None) -> int:
    """A whole number from the form or the address.

    Raises:
        BadRequest: it is missing or no number of a sane size.
    """
    value = request.values.get(name, "")
    if not value and default is not None:
        return default
    if not value.isdecimal() or len(value) > 15:  # noqa: PLR2004  # SQLite's integers have 19 digits
        raise BadRequest
    return int(value)


def say(text: str, category: str = "good", undo: tuple[str, Mapping[str, str]] | None = None) -> None:
    """Show ``text`` on the next page; ``undo`` is an address and the fields that take the step back."""
    message: dict[str, Any] = {"text": text}
    if undo is not None:
        message["undo"] = {"url": undo[0], "fields": dict(undo[1])}
    flash(message, category)  # type: ignore[arg-type]  # templates read text and undo from it


def go(url: str) -> Response:
    """To another page, after a form."""
    return redirect(url, 303)


def back(default: str) -> Response:
    """To the page that the form names in ``next``, else to ``default``."""
    return go(safe_next(request.form.get("next"), default))


def wants_block(name: str) -> bool:
    """Whether a script asks for the block ``name`` of the page only."""
    return request.headers.get("HX-Target") == name


def address(**changes: object) -> str:
    """This page's address with some of its query changed; empty values are left out."""
    query = request.args.to_dict(flat=True) | {name: str(value) for name, value in changes.items()}
    kept = {name: value for name, value in query.items() if value}
    return f"{request.path}?{urlencode(kept)}" if kept else request.path

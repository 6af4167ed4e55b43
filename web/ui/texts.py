"""Typed doors to Flask-Babel, which has no types of its own."""

from __future__ import annotations

import flask_babel


def gettext(text: str, **values: object) -> str:
    """``text`` in the language of the page, with ``%(name)s`` filled from ``values``."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, count: int) -> str:
    """The form of the text that fits ``count``, which also fills ``%(num)d``."""
    return str(flask_babel.ngettext(one, many, count))

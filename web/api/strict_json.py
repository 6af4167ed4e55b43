"""JSON as bodies of the API must be: what is none, or says a field twice, is refused, and where is said."""

from __future__ import annotations

import json
from collections import Counter
from typing import Any, NoReturn

from web.errors import Malformed

LISTED = 100
"""The most places that are told."""


class Twice(dict[str, Any]):
    """An object that names fields, ``names``, more than once."""

    names: tuple[str, ...] = ()


class StrictJson:
    """Reads one body, as the ``json_module`` of its request.

    ``twice`` tells where fields are named more than once, such as ``questions.3.text``.
    """

    def __init__(self) -> None:
        self.twice: list[str] = []
        self._found = False

    def loads(self, body: bytes) -> Any:
        """What ``body`` says.

        Raises:
            Malformed: it is no JSON.
        """
        if not body.strip():
            raise Malformed("The body is empty.")
        said = self._read(body)
        if self._found:
            self.twice = _twice_in(said)
        return said

    def _read(self, body: bytes) -> Any:
        try:
            return json.loads(body, object_pairs_hook=self._object, parse_constant=_constant)
        except RecursionError as error:
            raise Malformed("The body is nested too deeply.") from error
        except UnicodeDecodeError as error:
            raise Malformed("The body is not in UTF-8, from byte {byte} on.", byte=error.start + 1) from error
        except json.JSONDecodeError as error:
            raise Malformed(
                "The body is not JSON: {fault} (line {line}, column {column}).",
                fault=error.msg,
                line=error.lineno,
                column=error.colno,
            ) from error
        except ValueError as error:  # of what is JSON only numbers can be too long for Python
            raise Malformed("A number in the body has too many digits.") from error

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) == len(pairs):
            return found
        self._found = True
        twice = Twice(found)
        counts = Counter(name for name, _ in pairs)
        twice.names = tuple(name for name, count in counts.items() if count > 1)
        return twice


def _constant(name: str) -> NoReturn:
    raise Malformed("The body is not JSON: {name} is none of its numbers.", name=name)


def _twice_in(said: Any) -> list[str]:
    """Where objects name fields twice, the first `LISTED` of them."""
    places: list[str] = []
    waiting: list[tuple[str, Any]] = [("", said)]
    while waiting and len(places) < LISTED:
        place, one = waiting.pop()
        if isinstance(one, Twice):
            places += [place + name for name in one.names]
        inside = one.items() if isinstance(one, dict) else enumerate(one) if isinstance(one, list) else ()
        waiting += [(f"{place}{name}.", value) for name, value in inside]
    return sorted(places[:LISTED])

"""What pages and API need to know of a reason that matching gives."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class ReasonLike(Protocol):
    """An English template with what fills it."""

    @property
    def kind(self) -> str:
        """Which reason it is."""

    @property
    def text(self) -> str:
        """English template."""

    @property
    def details(self) -> Mapping[str, object]:
        """Values for the template."""

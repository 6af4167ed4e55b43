"""Versions of the matching model: stored, activated, listed and rolled back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from kbsearch.database import Database
from kbsearch.errors import Conflict, NotFound
from kbsearch.matching.model import MatchingModel, load_model
from kbsearch.models import ModelVersion, utc_now


class ModelVersions:
    """The versions that were learned here; the shipped one has no row and is active when no row is."""

    def __init__(self, database: Database, *, twice_read: bool = False) -> None:
        self._database = database
        self._twice_read = twice_read

    @property
    def shipped(self) -> str:
        """The name of the version that comes with kbsearch."""
        return load_model(twice_read=self._twice_read).version

    def list(self) -> list[ModelVersion]:
        """All versions that were learned, newest first."""
        with self._database.reading() as session:
            return list(session.scalars(select(ModelVersion).order_by(ModelVersion.id.desc())))

    def active(self) -> str:
        """The name of the active version."""
        with self._database.reading() as session:
            row = _active(session)
        return row.name if row else self.shipped

    def store(
        self,
        model: MatchingModel,
        *,
        parent: str,
        figures: Mapping[str, Any],
        provenance: Mapping[str, Any],
    ) -> ModelVersion:
        """Keep ``model`` under its own version's name, not active yet.

        Two steps, so that a process that dies between them leaves the old model at work and the new one
        stored.

        Raises:
            Conflict: the name is taken.
        """
        with self._database.writing() as session:
            if session.scalar(select(ModelVersion.id).where(ModelVersion.name == model.version)):
                raise Conflict(
                    "There is already a model version '{name}'.",
                    remedy="Somebody learned at the same moment: learn again.",
                    name=model.version,
                )
            row = ModelVersion(
                name=model.version,
                parent=parent,
                model=model.as_dict(),
                figures=dict(figures),
                provenance=dict(provenance),
            )
            session.add(row)
        return row

    def activate(self, name: str) -> None:
        """Have every process match with version ``name``, within about a second.

        Raises:
            NotFound: there is no such version.
        """
        with self._database.writing() as session:
            row = session.scalar(select(ModelVersion).where(ModelVersion.name == name))
            if row is None and name != self.shipped:
                raise NotFound(
                    "There is no model version '{name}'.",
                    remedy="`kbsearch learn --list` shows all.",
                    name=name,
                )
            session.execute(update(ModelVersion).where(ModelVersion.active).values(active=False))
            if row is not None:
                row.active, row.activated_at = True, utc_now()

    def roll_back(self, name: str = "") -> str:
        """Go back to version ``name``, or to the one that the active version followed; returns its name.

        Raises:
            NotFound: there is no such version.
            Conflict: the shipped version is active, so there is none before it.
        """
        with self._database.reading() as session:
            row = _active(session)
        if not name and row is None:
            raise Conflict(
                "The shipped model is active: there is nothing to roll back.",
                remedy="`kbsearch learn --list` shows all versions; name one to go to it.",
            )
        target = name or (self._known(row.parent) if row else "")
        self.activate(target)
        return target

    def _known(self, name: str) -> str:
        """``name`` if it can still be activated, else the shipped version: it may be of an older release."""
        return name if name in {version.name for version in self.list()} else self.shipped


def next_name(taken: Iterable[str]) -> str:
    """A new name: the day, and a number from the second of the day on."""
    day = f"learned-{utc_now():%Y-%m-%d}"
    known = set(taken)
    if day not in known:
        return day
    return next(name for n in range(2, len(known) + 3) if (name := f"{day}-{n}") not in known)


def _active(session: Session) -> ModelVersion | None:
    return session.scalar(select(ModelVersion).where(ModelVersion.active))

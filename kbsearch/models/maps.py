"""Where the questions of a run lie on its map."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class RunMap(Base):
    """The map of a run.  ``points``: `kbsearch.services.map_points.packed`, gzipped.

    ``places``: cluster id (as text) → x and y of its middle and its radius; the next map starts from them.
    ``drawn_at``: what happened to clusters since is not on it.
    """

    __tablename__ = "run_map"

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    points: Mapped[bytes] = mapped_column(LargeBinary)
    places: Mapped[dict[str, Any]] = mapped_column(default=dict)
    drawn_at: Mapped[datetime] = mapped_column(default=utc_now)

"""What counts over time told the worker: the trend of each cluster, and the effect of each case."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class ClusterTrend(Base):
    """What a cluster does now.  ``state``: a `kbsearch.insights.trend.TrendState`.

    ``observed`` students asked in the last ``weeks``, where its past made ``expected`` likely; ``p``: the
    chance of as much without a trend, in [0, 1].  Asleep: ``weeks`` of silence.  ``course_week``: the week
    of the course, from 1, that the youngest cohort with it is in, when the cluster is expected in it.
    ``since``: when it came into this state.
    """

    __tablename__ = "cluster_trend"

    cluster_id: Mapped[int] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"))
    state: Mapped[str] = mapped_column(String(20), index=True)
    p: Mapped[float]
    weeks: Mapped[int]
    observed: Mapped[int]
    expected: Mapped[float]
    course_week: Mapped[int | None]
    since: Mapped[datetime] = mapped_column(default=utc_now)
    computed_at: Mapped[datetime] = mapped_column(default=utc_now)


class CaseEffect(Base):
    """What publishing a case did.  ``verdict``: a `kbsearch.insights.effect.EffectVerdict`.

    The verdict is "" when no cluster is known for the case.  ``run_id``: the run that it was judged on.

    ``ratio``: the rate of its questions over what it would have been, with its 95 % interval ``low`` to
    ``high``; None when nothing can be said.  ``before`` and ``after``: students who asked; ``expected``:
    who would have asked after.  ``clusters``: ids of what it answers; ``controls``: ids of what it was
    compared with.  ``series``: by week ``week`` (ISO day of its end), ``asked``, ``expected`` and ``side``
    (before, gap, after).
    """

    __tablename__ = "case_effect"

    case_id: Mapped[int] = mapped_column(ForeignKey("case.id", ondelete="CASCADE"), primary_key=True)
    run_id: Mapped[int | None] = mapped_column(ForeignKey("run.id", ondelete="SET NULL"))
    verdict: Mapped[str] = mapped_column(String(20), index=True)
    before: Mapped[int]
    after: Mapped[int]
    expected: Mapped[float | None]
    ratio: Mapped[float | None]
    low: Mapped[float | None]
    high: Mapped[float | None]
    p: Mapped[float | None]
    weeks_before: Mapped[int]
    weeks_after: Mapped[int]
    published_at: Mapped[datetime]
    clusters: Mapped[list[int]] = mapped_column(default=list)
    controls: Mapped[list[int]] = mapped_column(default=list)
    series: Mapped[list[dict[str, Any]]] = mapped_column(default=list)
    computed_at: Mapped[datetime] = mapped_column(default=utc_now)

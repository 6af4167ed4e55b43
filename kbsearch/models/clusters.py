"""Runs of clustering, the clusters they found, and how clusters live on from run to run."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String, false
from sqlalchemy.orm import Mapped, mapped_column

from kbsearch.models.base import Base, utc_now


class Relation(StrEnum):
    """How a cluster of this run stems from one of the last run."""

    CONTINUES = "continues"
    SPLIT = "split"
    MERGED = "merged"
    BORN = "born"
    GONE = "gone"


class RunState(StrEnum):
    """Where a run stands.

    ``proposed``: nothing of it was accepted yet.  ``accepted``: all or some of it was; the newest accepted
    run of a scope holds the current memberships.  ``rejected``: nothing was, and nothing will be.
    ``replaced``: a newer run proposes something else.
    """

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"
    REPLACED = "replaced"


class Run(Base):
    """One execution of clustering.  ``finished_at`` is set when all that it found is stored.

    ``course``: its scope; "" is the whole school.  ``parameters``: the clusterer and its settings.
    ``quality``: questions, clusters, share clustered, mean strength, seconds.  ``decided_at``: when it was
    first accepted, or rejected.
    """

    __tablename__ = "run"
    __table_args__ = (Index("ix_run_scope", "course", "state"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    course: Mapped[str] = mapped_column(String(100), default="", server_default="")
    state: Mapped[RunState] = mapped_column(
        String(20), default=RunState.ACCEPTED, server_default=RunState.ACCEPTED
    )
    algorithm: Mapped[str] = mapped_column(String(50))
    parameters: Mapped[dict[str, Any]] = mapped_column(default=dict)
    quality: Mapped[dict[str, Any]] = mapped_column(default=dict)
    model_id: Mapped[str] = mapped_column(String(200), default="")
    started_at: Mapped[datetime] = mapped_column(default=utc_now)
    finished_at: Mapped[datetime | None]
    decided_at: Mapped[datetime | None]


class Theme(Base):
    """Clusters about one subject.  The id is never given to another theme.

    The fields mean what they mean for a `Cluster`; ``size``: questions in its clusters in its last run.
    """

    __tablename__ = "theme"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(300))
    label_pinned: Mapped[bool] = mapped_column(default=False)
    keywords: Mapped[list[str]] = mapped_column(default=list)
    size: Mapped[int] = mapped_column(default=0)
    first_run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    last_run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)


class Cluster(Base):
    """Questions asking the same.  The id is never given to another cluster.

    ``label_pinned``: a person named it, runs leave the label alone.  ``last_run_id``: the last accepted run
    that has it; older than the current run, or no ``size``, means the cluster is gone.  ``keywords``: words,
    best first.  ``theme_id``: the theme that its last run put it into.
    ``candidate``: new questions opened it between runs; the next run confirms it or not.
    """

    __tablename__ = "cluster"

    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(String(300))
    label_pinned: Mapped[bool] = mapped_column(default=False)
    keywords: Mapped[list[str]] = mapped_column(default=list)
    theme_id: Mapped[int | None] = mapped_column(ForeignKey("theme.id"), index=True)
    size: Mapped[int] = mapped_column(default=0)
    first_run_id: Mapped[int] = mapped_column(ForeignKey("run.id"))
    last_run_id: Mapped[int] = mapped_column(ForeignKey("run.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(default=utc_now)
    candidate: Mapped[bool] = mapped_column(default=False, server_default=false())


class Membership(Base):
    """A question's place in a run.  ``strength`` in [0, 1]; ``exemplar_rank`` 1…3 marks exemplars.

    ``joined``: it came after the run and was put here then.
    """

    __tablename__ = "membership"
    __table_args__ = (
        # All that lists of clusters read of memberships, so that they never touch the table itself.
        Index("ix_membership_cluster", "cluster_id", "run_id", "exemplar_rank", "question_id"),
    )

    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), primary_key=True)
    question_id: Mapped[int] = mapped_column(
        ForeignKey("question.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    cluster_id: Mapped[int] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"))
    strength: Mapped[float] = mapped_column(default=1.0)
    exemplar_rank: Mapped[int | None]
    joined: Mapped[bool] = mapped_column(default=False, server_default=false())


class Lineage(Base):
    """Which cluster of a run stems from which of the run before.  ``overlap``: Jaccard in [0, 1]."""

    __tablename__ = "lineage"

    id: Mapped[int] = mapped_column(primary_key=True)
    run_id: Mapped[int] = mapped_column(ForeignKey("run.id", ondelete="CASCADE"), index=True)
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"))
    previous_cluster_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id", ondelete="CASCADE"))
    relation: Mapped[Relation] = mapped_column(String(20))
    overlap: Mapped[float] = mapped_column(default=0.0)

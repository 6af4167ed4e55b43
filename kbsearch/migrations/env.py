"""Alembic's entry: runs the migrations on the connection that `kbsearch.database` hands over."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection

from kbsearch.models import Base


def run(connection: Connection) -> None:
    """Run what was asked for on ``connection``."""
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
    )
    with context.begin_transaction():
        context.run_migrations()


run(context.config.attributes["connection"])

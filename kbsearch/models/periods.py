"""Weeks counted back from a moment, in SQL of whichever database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import ColumnElement, Integer, literal
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.expression import FunctionElement
from sqlalchemy.types import DateTime


class weeks_before(FunctionElement[int]):  # noqa: N801  # reads as the SQL function it is
    """Whole weeks from a column's moment to ``now``, which is not earlier: 0 for the last seven days."""

    type = Integer()
    inherit_cache = True

    def __init__(self, now: datetime, column: Any) -> None:
        plain: ColumnElement[datetime] = literal(now.astimezone(UTC).replace(tzinfo=None), DateTime())
        super().__init__(plain, column)


@compiles(weeks_before, "sqlite")
def _for_sqlite(element: weeks_before, compiler: SQLCompiler, **options: Any) -> str:
    now, column = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST((julianday({now}) - julianday({column})) / 7 AS INTEGER)"


@compiles(weeks_before)
def _for_others(element: weeks_before, compiler: SQLCompiler, **options: Any) -> str:
    now, column = (compiler.process(clause, **options) for clause in element.clauses)
    return f"CAST(FLOOR(EXTRACT(EPOCH FROM (CAST({now} AS TIMESTAMP) - {column})) / 604800) AS INTEGER)"

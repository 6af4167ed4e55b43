"""Whether kbsearch works, for whoever watches over it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Literal

from flask import Response, jsonify
from pydantic import Field

from kbsearch import __version__
from kbsearch.errors import KbsearchError, StorageUnavailable
from web.api.contract import Output, api_blueprint, problems
from web.session import kb, public

blueprint = api_blueprint("health", "Is it up?")
_log = logging.getLogger(__name__)

State = Literal["ok", "failed"]


class Health(Output):
    """The state of each part."""

    status: Literal["ok", "degraded", "failed"] = Field(
        description="degraded: text search still answers; failed: it cannot work, the status is 503."
    )
    version: str
    database: State
    index: State
    encoder: State
    waiting: int | None = Field(description="Changes that wait for the index; null when unknown.")
    failed: int | None = Field(description="Changes that the worker gave up on; null when unknown.")
    promise: Literal["kept", "lowered"] | None = Field(
        description="lowered: live precision fell, so fewer questions get an answer; null when unknown."
    )


@blueprint.get("/health", responses={200: Health, 503: Health, **problems(429, 500)}, security=[{}])
@public
def health() -> tuple[Response, int]:
    """Tell the state of the database, the index, the encoder and the worker.

    Needs no token.
    """
    database, index, encoder = _state(_ask_database), _state(_ask_indexes), _state(_ask_encoder)
    waiting, failed = _outbox()
    works = database == index == "ok"
    status: Literal["ok", "degraded", "failed"] = "failed"
    if works:
        status = "ok" if encoder == "ok" and not failed else "degraded"
    report = Health(
        status=status,
        version=__version__,
        database=database,
        index=index,
        encoder=encoder,
        waiting=waiting,
        failed=failed,
        promise=_promise(),
    )
    return jsonify(report.model_dump()), 200 if works else 503


def _state(ask: Callable[[], None]) -> State:
    try:
        ask()
    except KbsearchError as error:
        _log.error("health: %s", error.message)
        return "failed"
    return "ok"


def _ask_database() -> None:
    if not kb().database.is_current():
        raise StorageUnavailable("The schema is outdated.", remedy="Run `kbsearch init`.")


def _ask_indexes() -> None:
    kb().case_index.ping()
    kb().question_index.ping()


def _ask_encoder() -> None:
    for encoder in (kb().embedder, kb().second_embedder):
        if encoder:
            encoder.encode(["?"], "query")


def _promise() -> Literal["kept", "lowered"] | None:
    try:
        return "lowered" if kb().promise.lowered() else "kept"
    except KbsearchError:
        return None


def _outbox() -> tuple[int | None, int | None]:
    try:
        status = kb().maintenance.status()
    except KbsearchError:
        return None, None  # the states above already say what is broken
    return status.waiting, status.failed

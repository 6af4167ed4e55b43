"""Finds the few bad ones in a batch that fails as a whole."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from kbsearch.errors import EncoderUnavailable, IndexUnavailable, KbsearchError, StorageUnavailable
from kbsearch.ports import Embedder

_log = logging.getLogger(__name__)


def each_that_works(
    ids: Sequence[int], action: Callable[[Sequence[int]], object], embedder: Embedder
) -> dict[int, str]:
    """Do ``action`` with all ``ids``, in halves where it fails; returns the error of each bad id.

    Raises:
        EncoderUnavailable: ``embedder`` fails whatever the text, so none of the ids is to blame.
        IndexUnavailable: as raised by ``action``; no id is to blame.
        StorageUnavailable: as raised by ``action``; no id is to blame.
    """
    try:
        action(ids)
    except (IndexUnavailable, StorageUnavailable):
        raise
    except Exception as error:
        if isinstance(error, EncoderUnavailable):
            embedder.encode(["works at all"], "query")
        if len(ids) == 1:
            _log.exception("document %s cannot be indexed", ids[0])
            return {ids[0]: _reason(error)}
        half = len(ids) // 2
        first = each_that_works(ids[:half], action, embedder)
        return first | each_that_works(ids[half:], action, embedder)
    return {}


def _reason(error: Exception) -> str:
    return error.message if isinstance(error, KbsearchError) else f"{type(error).__name__}: {error}"

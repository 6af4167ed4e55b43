"""Writing to one generation: vectors first, then the Whoosh commit, which is the one commit point.

A writer that dies in between leaves rows of vectors that nothing refers to, and no other trace.
"""

from __future__ import annotations

import errno
from collections.abc import Collection, Sequence
from typing import Any

import numpy as np

from indexer.documents import stored
from indexer.generations import Generation, Manifest
from indexer.store import Store, add_document, keep_all, merge_some, to_merge
from indexer.vectors import append_rows, put_rows
from indexer.view import View
from kbsearch.errors import StorageUnavailable
from kbsearch.ports import Document, Floats


def write(
    generation: Generation, view: View, documents: Sequence[Document], deleted: Collection[int] = ()
) -> None:
    """Replace ``documents`` and remove the ids ``deleted``; durable when it returns.

    The caller holds the collection's lock, and ``view`` is the newest state of ``generation``.  Of
    documents with the same id the last one counts.

    Raises:
        StorageUnavailable: the disk is full or cannot be written; nothing has changed.
    """
    latest = list({document.id: document for document in documents}.values())
    stale = view.numbers({document.id for document in latest} | set(deleted))
    if not latest and not len(stale):
        return
    dimension = generation.manifest.dimension
    vectors = [np.asarray(document.vectors, np.float32).reshape(-1, dimension) for document in latest]
    counts = [len(rows) for rows in vectors]
    if counts != [len(document.parts) for document in latest]:
        raise ValueError("each part of a document needs one vector")
    try:
        first = append_rows(generation.vectors_path, np.concatenate(vectors)) if sum(counts) else 0
        if sum(counts) and generation.manifest.second_dimension:
            put_rows(generation.second_path, _second_rows(latest, generation.manifest), first)
        rows = (first + np.cumsum([0, *counts])).tolist()
        records = [stored(document, row) for document, row in zip(latest, rows, strict=False)]
        _commit(Store(generation.folder), records, stale.tolist())
    except OSError as error:
        raise _storage(generation, error) from error


def _second_rows(documents: Sequence[Document], manifest: Manifest) -> Floats:
    """The vectors of all parts of ``documents`` by the second encoder; zeros where one lacks them."""
    rows = []
    for document in documents:
        shape = (len(document.parts), manifest.second_dimension)
        rows.append(document.second if document.second.shape == shape else np.zeros(shape, np.float32))
    return np.concatenate(rows)


def _commit(store: Store, records: Sequence[dict[str, Any]], stale: Sequence[int]) -> None:
    writer = store.writer()
    try:
        for number in stale:
            writer.delete_document(number)
        for record in records:
            add_document(writer, record)
        writer.commit(mergetype=keep_all)
    except BaseException:
        _abandon(writer)
        raise


def compact(generation: Generation, view: View) -> bool:
    """Merge one group of segments, if there is a group worth it; returns whether it did."""
    store = Store(generation.folder)
    if not to_merge(store.segments(view.commit)):
        return False
    try:
        writer = store.writer()
        try:
            writer.commit(mergetype=merge_some)
        except BaseException:
            _abandon(writer)
            raise
    except OSError as error:
        raise _storage(generation, error) from error
    return True


def _abandon(writer: Any) -> None:
    """Give up what ``writer`` has begun and free its lock, even where Whoosh itself stumbles."""
    try:
        if not writer.is_closed:
            writer.cancel()
    except Exception:  # the first error is the one to report
        if writer.writelock:
            writer.writelock.release()


def _storage(generation: Generation, error: OSError) -> StorageUnavailable:
    full = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
    return StorageUnavailable(
        "The search index in {folder} cannot be written: {reason}.",
        remedy="Free some disk space; what waits is indexed then."
        if full
        else "Check that the folder can be written.",
        folder=str(generation.folder),
        reason=error.strerror or str(error),
    )

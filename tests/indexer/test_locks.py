"""Locks between processes."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.locks import try_lock
from kbsearch.errors import StorageUnavailable


def test_a_lock_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a file where a folder should be")
    with pytest.raises(StorageUnavailable, match="cannot be written"):
        try_lock(tmp_path / "index" / "REBUILD.lock")

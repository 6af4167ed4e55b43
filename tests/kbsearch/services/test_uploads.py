"""Uploaded files: kept while an import may need them, then deleted."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import KbsearchError
from kbsearch.models import JobKind, utc_now

SOON, LATER = timedelta(hours=1.9), timedelta(hours=2.1)


@pytest.fixture
def upload(app: Kbsearch) -> Path:
    """A file that was uploaded just now."""
    path = app.settings.uploads_dir / "0123456789abcdef" / "upload.csv"
    path.parent.mkdir(parents=True)
    path.write_text("вопрос\nпочему?\n", "utf-8")
    return path


def test_a_file_that_is_never_taken_in_is_forgotten(app: Kbsearch, upload: Path) -> None:
    assert app.uploads.sweep(utc_now() + SOON) == 0
    assert upload.exists()
    assert app.uploads.sweep(utc_now() + LATER) == 1
    assert not upload.parent.exists()
    assert app.uploads.sweep(utc_now() + LATER) == 0


def test_a_file_is_kept_while_its_import_waits_or_runs(app: Kbsearch, upload: Path) -> None:
    app.jobs.enqueue(JobKind.IMPORT, {"path": str(upload)})
    assert app.uploads.sweep(utc_now() + 10 * LATER) == 0
    app.jobs.claim()
    assert app.uploads.sweep(utc_now() + 10 * LATER) == 0
    assert upload.exists()


@pytest.mark.parametrize("failed", [True, False])
def test_a_file_outlives_its_import_so_that_it_can_be_repeated(
    app: Kbsearch, upload: Path, failed: bool
) -> None:
    job = app.jobs.enqueue(JobKind.IMPORT, {"path": str(upload)})
    app.jobs.claim()
    if failed:
        app.jobs.fail(job.id, KbsearchError("broken"))
    else:
        app.jobs.finish(job.id, {})
    assert app.uploads.sweep(utc_now() + SOON) == 0
    again = app.jobs.enqueue(JobKind.IMPORT, {"path": str(upload)})
    assert app.uploads.sweep(utc_now() + LATER) == 0
    app.jobs.cancel(again.id)
    assert app.uploads.sweep(utc_now() + LATER) == 1
    assert not upload.exists()


def test_files_imported_from_elsewhere_are_nobodys_to_delete(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "own.csv"
    path.write_text("вопрос\n", "utf-8")
    app.jobs.enqueue(JobKind.IMPORT, {"path": str(path)})
    app.jobs.claim()
    assert app.uploads.sweep(utc_now() + LATER) == 0
    assert path.exists()

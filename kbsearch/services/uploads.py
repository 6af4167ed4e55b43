"""Uploaded files: where they are kept for their import, and when they are deleted.

They hold personal data that nothing has masked yet, so none stays longer than somebody may need it.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import or_, select

from kbsearch.config import Settings
from kbsearch.database import Database
from kbsearch.errors import StorageUnavailable
from kbsearch.models import Job, JobKind, JobState, utc_now


class UploadService:
    """The folder of uploaded files: a folder for each, which nothing else is in."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self._database = database
        self._folder = settings.uploads_dir
        self._kept = timedelta(hours=settings.keep_uploads_hours)

    def sweep(self, now: datetime | None = None) -> int:
        """Delete what is no longer needed; returns how many files that were.

        An upload is needed while an import of it waits or runs, and for `Settings.keep_uploads_hours` after
        it came, was last asked for, or its last import ended, so that the import can be tried again.

        Raises:
            StorageUnavailable: some could not be deleted; the others are.
        """
        if not self._folder.is_dir():
            return 0
        bar = (now or utc_now()) - self._kept
        needed = self._needed(bar)
        failures: list[OSError] = []
        uploads = (each for each in self._folder.iterdir() if each.is_dir() and each.name not in needed)
        old = [upload for upload in uploads if _touched(upload) <= bar]
        for upload in old:
            try:
                shutil.rmtree(upload)
            except OSError as error:
                failures.append(error)
        if failures:
            raise StorageUnavailable(
                "{count} uploaded files could not be deleted: {reason}.",
                remedy="They hold personal data: delete them by hand.",
                count=len(failures),
                reason=str(failures[0]),
            )
        return len(old)

    def _needed(self, bar: datetime) -> set[str]:
        """Names of the folders whose imports have not ended, or have after ``bar``."""
        busy = Job.state.in_([JobState.WAITING, JobState.RUNNING])
        query = select(Job.parameters).where(Job.kind == JobKind.IMPORT, or_(busy, Job.finished_at > bar))
        with self._database.reading() as session:
            return {Path(each["path"]).parent.name for each in session.scalars(query) if "path" in each}


def _touched(upload: Path) -> datetime:
    """When the upload was last written or touched."""
    paths = (upload, *upload.iterdir())
    return datetime.fromtimestamp(max(path.stat().st_mtime for path in paths), UTC)

"""The worker's first loop: the indexes follow the database, and the second encoder reads what is new."""

from __future__ import annotations

import logging
import time

from kbsearch.app import Kbsearch
from kbsearch.errors import EncoderUnavailable, IndexUnavailable

LOOK_SECONDS = 60.0
"""Damage of the indexes is looked for this often; so long a second encoder that failed is left alone."""
READING_SECONDS = 5.0
"""Questions that the second encoder has not read are looked for this often, once it has read all."""
REST_SECONDS = 0.5
"""Between two slices of reading or asking, so that who waits for an answer has the processor."""
_log = logging.getLogger(__name__)


class IndexUpkeep:
    """Brings the indexes up to date, step by step."""

    def __init__(self, app: Kbsearch) -> None:
        self._app = app
        self._untidy = True
        self._next_look = 0.0
        self._next_reading = 0.0
        self._encoder_rests = 0.0

    def step(self) -> bool:
        """Bring the indexes up to date; an index that is lost or damaged is rebuilt.

        Returns whether there was something to do.
        """
        maintenance = self._app.maintenance
        if lost := maintenance.lost():
            _log.warning("the index of %s is gone and is built anew", ", ".join(lost))
            maintenance.rebuild(only=lost)
            return True
        try:
            worked = self._app.pipeline.drain() > 0
            if not worked:
                self._look_at_indexes()
                if self._read_once_more():
                    return True
        except IndexUnavailable as error:
            if not error.details.get("rebuild"):
                raise
            _log.warning("%s It is built anew.", error.message)
            maintenance.rebuild()
            return True
        self._untidy = self._untidy or worked
        if not worked and self._untidy:
            self._untidy = maintenance.compact()
            return self._untidy
        return worked

    def _read_once_more(self) -> bool:
        """Let the second encoder read cases, else questions; returns whether there may be more cases.

        While it fails, what it has not read is found and clustered without it.
        """
        if time.monotonic() < self._encoder_rests:
            return False
        try:
            return self._read_cases() or self._read_questions()
        except EncoderUnavailable as error:
            _log.warning("nothing is read by the second encoder: %s", error)
            self._encoder_rests = time.monotonic() + LOOK_SECONDS
            return False

    def _read_cases(self) -> bool:
        maintenance = self._app.maintenance
        if unread := maintenance.without_second_opinions():
            _log.info("the second encoder reads the %s: the index is built anew", ", ".join(unread))
            maintenance.rebuild(only=unread)
            return True
        if maintenance.read_again():
            self._untidy = True
            return True
        return False

    def _read_questions(self) -> bool:
        reader = self._app.question_reader
        if reader and time.monotonic() >= self._next_reading:
            pause = REST_SECONDS if reader.read_some() else READING_SECONDS
            self._next_reading = time.monotonic() + pause
        return False

    def _look_at_indexes(self) -> None:
        """Now and then, so that damage is mended before there is something to write."""
        now = time.monotonic()
        if now >= self._next_look:
            self._next_look = now + LOOK_SECONDS
            self._app.case_index.ping()
            self._app.question_index.ping()

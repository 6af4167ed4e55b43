"""Rows by which new questions are compared with members, of both encoders if the run had them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select

from clustering.neighbours import middle_of, together
from kbsearch.database import Database
from kbsearch.matching.queries import bare_text
from kbsearch.models import Question
from kbsearch.ports import Floats, SearchBackend, SecondVectors
from kbsearch.services.row_chunks import chunks


class SecondRows:
    """Vectors of questions by a second encoder, remembered by their ids: 1 kB each."""

    def __init__(self, database: Database, second: SecondVectors) -> None:
        self._database = database
        self._second = second
        self._known: dict[int, NDArray[np.float16]] = {}

    @property
    def model_id(self) -> str:
        """The model that reads them."""
        return self._second.model_id

    def of(self, ids: Sequence[int]) -> Floats:
        """The vectors of questions, (n, e); what has none is read now.

        Raises:
            EncoderUnavailable: the encoder fails.
            StorageUnavailable: the database refuses, or what was read cannot be kept.
        """
        missing = [one for one in ids if one not in self._known]
        texts = self._texts(missing)
        read = self._second.read([texts.get(one, "") for one in missing])
        self._known |= zip(missing, read.astype(np.float16), strict=True)
        rows = [self._known[one] for one in ids]
        return np.array(rows, np.float32).reshape(len(rows), read.shape[1])

    def forget(self, ids: Collection[int]) -> None:
        """Read these again when they are asked for: ids of removed questions may be given again."""
        for one in ids:
            self._known.pop(one, None)

    def _texts(self, ids: Sequence[int]) -> dict[int, str]:
        """What is encoded of each of ``ids``."""
        found: dict[int, str] = {}
        with self._database.reading() as session:
            for some in chunks(ids):
                query = select(Question.id, Question.text).where(Question.id.in_(some))
                found |= {row.id: bare_text(row.text) for row in session.execute(query)}
        return found


@dataclass(frozen=True, slots=True, eq=False)
class RowReader:
    """Reads rows of questions about the centre of those that were there.

    ``second``: None where the vectors of the index are all that counts; ``middles``: what each encoder's
    vectors are centred with.
    """

    index: SearchBackend
    second: SecondRows | None
    middles: tuple[Floats, Floats]

    @classmethod
    def of(
        cls, index: SearchBackend, second: SecondRows | None, ids: Sequence[int], vectors: Floats
    ) -> tuple[Self, Floats]:
        """A reader about the centre of the questions ``ids``, and their unit rows, (n, d) or (n, d + e).

        Args:
            index: what has vectors of questions.
            second: what another encoder reads of them.
            ids: of the questions.
            vectors: theirs in the index, (n, d).

        Raises:
            EncoderUnavailable: the second encoder fails.
            StorageUnavailable: what it read cannot be kept.
        """
        others = second.of(ids) if second else vectors[:, :0]
        reader = cls(index, second, (middle_of(vectors), middle_of(others)))
        return reader, reader._rows(vectors, others)

    def read(self, ids: Sequence[int]) -> dict[int, Floats]:
        """The unit rows of those of ``ids`` that are indexed.

        Raises:
            EncoderUnavailable: the second encoder fails.
            IndexUnavailable: the index cannot be read.
            StorageUnavailable: what was read cannot be kept.
        """
        indexed, vectors = self.index.vectors(ids)
        found = indexed.tolist()
        rows = self._rows(vectors, self.second.of(found) if self.second else vectors[:, :0])
        return dict(zip(found, rows, strict=True))

    def _rows(self, vectors: Floats, others: Floats) -> Floats:
        return together(vectors, others, self.middles)

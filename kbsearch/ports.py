"""The ports: what the domain asks of encoders, re-rankers, search engines and clusterers.

Each port has one contract test suite (tests/contracts) that every implementation passes.
"""

from __future__ import annotations

from collections.abc import Collection as AnyCollection
from collections.abc import Mapping, Sequence
from collections.abc import Set as AnySet
from dataclasses import dataclass, field
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
Role = Literal["query", "passage"]
Part = Literal["title", "variant", "answer", "passage", "question"]
PARTS: tuple[Part, ...] = ("title", "variant", "answer", "passage", "question")
NO_VECTORS: Floats = np.zeros((0, 0), dtype=np.float32)


class Embedder(Protocol):
    """Turns texts into vectors whose dot product is their likeness."""

    @property
    def model_id(self) -> str:
        """Name and version of the model; vectors of different ids cannot be compared."""

    @property
    def dimension(self) -> int:
        """Length of each vector."""

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Unit vectors of ``texts``, shape (n, dimension), float32, in order.

        A text without any content gives the zero vector.  ``role`` matters to models that were trained
        with different prefixes for what is searched and what is found.

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """


class Reranker(Protocol):
    """Reads a question and a passage together and says how well the passage answers."""

    @property
    def model_id(self) -> str:
        """Name of the model."""

    def scores(self, question: str, passages: Sequence[str]) -> Floats:
        """One number for each of ``passages``, shape (n,), finite float32; higher answers better.

        Only numbers for the same question can be compared.

        Raises:
            EncoderUnavailable: the model cannot be loaded or failed.
        """


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """What a search backend keeps of a case or a question.

    ``text`` maps the fields title, variants, answer and tags to their text (a question has a title only:
    its own text).  ``vectors`` has one row for each entry of ``parts``, shape (len(parts), dimension), and so
    has ``second``, of a second encoder; it has no rows where there is none.
    """

    id: int
    text: Mapping[str, str]
    course: str
    lessons: tuple[str, ...]
    language: str
    state: str
    parts: tuple[Part, ...]
    vectors: Floats
    second: Floats = field(default_factory=lambda: NO_VECTORS)


@dataclass(frozen=True, slots=True)
class Filters:
    """Restricts a search.  Empty means no restriction.

    ``course``: documents of that course and those of no course.  ``states``: any of them.
    """

    course: str = ""
    lesson: str = ""
    language: str = ""
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Hits:
    """Scores of documents, best first; ties by ascending id.

    ``mean`` and ``std`` are those of the score over *all* documents that pass the filters (those that do
    not match score 0 in a text search), so that scores of different retrievers can be standardised.  An
    engine that cannot know them exactly estimates them.  ``parts`` tells which vector came nearest, and
    ``ordinals`` which of the document's parts of that kind it is, from 0.
    """

    ids: Ints
    scores: Floats
    mean: float = 0.0
    std: float = 0.0
    parts: tuple[Part, ...] = ()
    ordinals: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, slots=True, eq=False)
class SecondOpinion:
    """What a second encoder says of some documents.

    ``near``: cosines, as `SearchBackend.search_vector`.  ``together``: what all their parts say, as
    `SearchBackend.search_prototype`.
    """

    near: Hits
    together: Hits


@dataclass(frozen=True, slots=True)
class Highlight:
    """A passage of a document with the half-open character spans [start, end) that matched in it."""

    field: str
    text: str
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class NearWord:
    """A word of a query, a word of a document that means about the same, and its worth in (0, 1]."""

    asked: str
    found: str
    worth: float


@dataclass(frozen=True, slots=True)
class TextQuery:
    """A text search.

    ``syntax`` "plain" scores any of the words; "advanced" understands quotes, minus and field names.
    ``unit`` "pieces" scores `kbsearch.text.pieces` of a plain query's words in the place of the words, so
    that near forms and misspelt words count.
    ``soft``: in a plain query by words, a word of a document that means about the same as one of the query
    counts in part, where the collection keeps vectors of words.
    ``only`` restricts scoring to these ids (mean and std stay those of the whole).
    """

    text: str
    syntax: Literal["plain", "advanced"] = "plain"
    filters: Filters = field(default_factory=Filters)
    limit: int = 100
    only: AnyCollection[int] | None = None
    unit: Literal["words", "pieces"] = "words"
    soft: bool = False


class SearchBackend(Protocol):
    """One searchable collection.  Fusing text and vector scores is the business of kbsearch.matching."""

    @property
    def model_id(self) -> str:
        """The embedder model whose vectors it holds."""

    def upsert(self, documents: Sequence[Document]) -> None:
        """Add or replace documents by id; all of them are durable and found when it returns."""

    def delete(self, ids: AnyCollection[int]) -> None:
        """Remove documents; unknown ids are ignored."""

    def search_text(self, query: TextQuery) -> Hits:
        """BM25 scores over title (twice), variants and answer as one field.

        Raises:
            InvalidInput: an advanced query cannot be parsed.
            IndexUnavailable: the index cannot be read.
        """

    def search_vector(
        self,
        vector: Floats,
        filters: Filters = Filters(),  # frozen, so shared safely
        limit: int = 100,
        only: AnyCollection[int] | None = None,
    ) -> Hits:
        """Cosines in [-1, 1] of centred vectors, the nearest part of each document.

        The parts of each kind are centred with a mean of their own, ``vector``, of shape (dimension,), with
        that of what is asked.  ``only`` as in `TextQuery`.
        """

    def search_prototype(
        self,
        vector: Floats,
        filters: Filters = Filters(),
        limit: int = 100,
        only: AnyCollection[int] | None = None,
    ) -> Hits:
        """How much title, variants and answer of each document speak for ``vector``, all together.

        Learned from the vectors of all documents; every score is 0 while no document has a variant.
        """

    @property
    def twice_read(self) -> bool:
        """Whether a second encoder reads the documents as well."""

    def expect(self, text: str, filters: Filters = Filters()) -> None:
        """Be told that ``text`` will be searched for and a `second_opinion` on it asked for.

        So both encoders can begin with it, or read it along with something else.
        """

    def second_opinion(
        self, text: str, only: AnyCollection[int], filters: Filters = Filters()
    ) -> SecondOpinion | None:
        """What a second encoder says of the documents ``only`` for ``text``.

        None where there is no second encoder, it or its vectors fail, or it has not read the documents yet.
        """

    def vectors(self, ids: AnyCollection[int] | None = None) -> tuple[Ints, Floats]:
        """Ids in ascending order and the first vector of each, shape (n, dimension), not centred."""

    def wordings(self, ids: AnyCollection[int]) -> dict[int, tuple[str, ...]]:
        """The title and the lines of the variants of those of the documents ``ids`` that there are."""

    def highlights(self, query: TextQuery, id: int, fields: Sequence[str]) -> list[Highlight]:
        """Where the words of ``query`` stand in document ``id``, by stem."""

    def near_words(self, query: TextQuery, id: int, least: float = 0.0) -> list[NearWord]:
        """The words of a soft ``query`` that document ``id`` has near words for, but not themselves.

        ``least``: worth in [0, 1] from which a near word counts.
        """

    def did_you_mean(self, text: str) -> str | None:
        """``text`` with unknown words replaced by near ones that the index knows; None if none."""

    def words(self) -> Mapping[str, int]:
        """Words as they are written, in lower case, е for ё, and how often each occurs.

        The same object until the index changes.  Words of removed documents may linger, rare ones be missing.
        """

    def documents_with(self, stems: Sequence[str]) -> list[int]:
        """How many documents have each of ``stems`` in their title, variants or answer."""

    def ids(self) -> Ints:
        """All ids, ascending."""

    def count(self, filters: Filters = Filters()) -> int:
        """How many documents pass ``filters``."""

    def asked(self) -> int:
        """How many questions tell it what is asked, the newest ones; 0 where it knows of none."""

    def ping(self) -> None:
        """Return when the engine answers.

        Raises:
            IndexUnavailable: it does not.
        """


class SecondVectors(Protocol):
    """Vectors of questions by a second encoder, kept from one run of clustering to the next."""

    @property
    def model_id(self) -> str:
        """The model that reads them."""

    def read(self, texts: Sequence[str], progress: Progress = ...) -> Floats:
        """Vectors of ``texts`` of length 1, or 0 without content, (n, dimension); what has none is read now.

        Raises:
            EncoderUnavailable: the encoder fails.
            StorageUnavailable: what was read cannot be kept.
        """


class Clusterer(Protocol):
    """scikit-learn's clusterer: every sklearn clusterer fits as it is."""

    def fit_predict(self, X: Floats, y: None = None) -> Ints:  # noqa: N803  # scikit-learn's name
        """Labels of the rows of ``X``, shape (n,); -1 means in no cluster."""


@dataclass(frozen=True, slots=True)
class ClusterInWords:
    """What a cluster is called.  ``exemplars``: ids of questions, the most typical first, three at most."""

    label: str
    keywords: tuple[str, ...]
    exemplars: tuple[int, ...]


class ClusterNamer(Protocol):
    """Finds what to call clusters that people changed."""

    def __call__(
        self,
        clusters: Mapping[int, Mapping[int, str]],
        others: Mapping[int, Mapping[int, str]],
        strengths: Mapping[int, float],
        taken: AnySet[str],
    ) -> dict[int, ClusterInWords]:
        """Each of ``clusters`` in words.

        Args:
            clusters: cluster → question → text, all of its questions or a sample.
            others: the same of clusters that keep their names: words that they use, too, tell less.
            strengths: of the questions in their clusters, in [0, 1].
            taken: labels that none of the clusters may get.
        """


class Progress(Protocol):
    """Told how far a long task is."""

    def __call__(self, done: int, total: int, stage: str) -> None:
        """``done`` of ``total`` units (0: unknown) of ``stage``, a short English phrase."""


def silent(done: int, total: int, stage: str) -> None:
    """A `Progress` that nobody watches."""

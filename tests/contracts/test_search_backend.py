"""What every search backend must do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from indexer.embedded import EmbeddedIndex
from kbsearch.ports import Filters, SearchBackend, TextQuery
from tests.contracts.reference_backend import ReferenceBackend
from tests.contracts.samples import EMBEDDER, SCHOOL, document


@pytest.fixture(params=["embedded", "reference"])
def backend(request: pytest.FixtureRequest, tmp_path: Path) -> SearchBackend:
    return EmbeddedIndex(tmp_path / "cases", EMBEDDER) if request.param == "embedded" else ReferenceBackend()


@pytest.fixture
def school(backend: SearchBackend) -> SearchBackend:
    backend.upsert(SCHOOL)
    return backend


def found(backend: SearchBackend, text: str, **filters: object) -> list[int]:
    return backend.search_text(TextQuery(text, filters=Filters(**filters))).ids.tolist()


def nearest(backend: SearchBackend, text: str, **filters: object) -> list[int]:
    return backend.search_vector(
        EMBEDDER.encode([text], "query")[0], Filters(**filters), limit=3
    ).ids.tolist()


def test_an_empty_backend_answers(backend: SearchBackend) -> None:
    backend.ping()
    assert backend.count() == 0
    assert found(backend, "коммит") == []
    assert nearest(backend, "коммит") == []
    assert backend.ids().tolist() == []
    assert len(backend.vectors()[0]) == 0
    assert backend.highlights(TextQuery("коммит"), 1, ("title",)) == []
    assert backend.did_you_mean("комит") is None
    backend.delete([1, 2])
    backend.upsert([])
    assert backend.count() == 0


def test_what_is_upserted_is_found_when_it_returns(school: SearchBackend) -> None:
    assert school.count() == 6
    assert school.ids().tolist() == [1, 2, 3, 4, 5, 6]
    assert found(school, "отменили последний коммит")[0] == 1
    assert nearest(school, "Как создать ветку")[0] == 2


def test_those_that_pass_filters_are_counted(school: SearchBackend) -> None:
    assert school.count(Filters(states=("needs_check",))) == 1
    assert school.count(Filters("python-start")) == 4
    assert school.count(Filters("python-start", "", "en")) == 1
    school.delete([6])
    assert school.count(Filters(states=("needs_check",))) == 0


def test_a_backend_that_knows_of_no_questions_says_so(school: SearchBackend) -> None:
    assert school.asked() == 0


def test_wordings_are_the_title_and_the_variants(school: SearchBackend) -> None:
    assert school.wordings([1, 2, 99]) == {
        1: ("Как отменить последний коммит", "откатить commit", "git reset не помогает"),
        2: ("Как создать ветку",),
    }
    school.delete([1])
    assert school.wordings([1]) == {}


def test_it_is_told_how_many_documents_have_a_word(backend: SearchBackend) -> None:
    assert backend.documents_with(["ветк"]) == [0]
    backend.upsert([document(1, "Ветки и ветка", answer="ветку"), document(2, "Тег", answer="ветка")])
    backend.upsert([document(3, "Ветка")])
    assert backend.documents_with(["ветк", "тег", "нет"]) == [3, 1, 0]
    backend.delete([2])
    assert backend.documents_with(["ветк", "тег"]) == [2, 0]


def test_the_words_are_told_as_they_are_written(backend: SearchBackend) -> None:
    assert dict(backend.words()) == {}
    backend.upsert([document(1, "Ёлка и ёлка", answer="Ветка"), document(2, "ветка")])
    counts = backend.words()
    assert (counts["елка"], counts["ветка"], counts["и"]) == (2, 2, 1)
    assert backend.words() == backend.words()


def test_word_forms_find_each_other(school: SearchBackend) -> None:
    assert found(school, "сертификаты") == [3, 6]
    assert set(found(school, "сертификатов commits")) == {1, 3, 4, 6}


def test_pieces_of_words_find_misspelt_words(school: SearchBackend) -> None:
    assert found(school, "сертефикат") == []
    hits = school.search_text(TextQuery("сертефикат", unit="pieces"))
    assert set(hits.ids.tolist()[:2]) == {3, 6}
    assert hits.std > 0


def test_an_upsert_replaces(school: SearchBackend) -> None:
    school.upsert([document(1, "Совсем о другом")])
    assert school.count() == 6
    assert found(school, "последний") == []
    assert found(school, "другое") == [1]


def test_of_documents_with_one_id_the_last_counts(backend: SearchBackend) -> None:
    backend.upsert([document(7, "старое"), document(7, "новое")])
    assert backend.count() == 1
    assert found(backend, "старое новое") == [7]
    assert found(backend, "старое") == []


def test_deleted_documents_are_gone(school: SearchBackend) -> None:
    school.delete([3, 999])
    assert found(school, "сертификат") == [6]
    assert school.ids().tolist() == [1, 2, 4, 5, 6]
    assert 3 not in nearest(school, "Где скачать сертификат")


def test_the_course_filter_keeps_documents_of_no_course(school: SearchBackend) -> None:
    assert set(found(school, "коммит ветка сертификат ошибка commit", course="frontend")) == {1, 2, 3, 6}


@pytest.mark.parametrize(
    ("filters", "ids"),
    [
        ({"lesson": "git-2"}, {1}),
        ({"language": "en"}, {4}),
        ({"states": ("needs_check",)}, {6}),
        ({"states": ("published", "needs_check"), "course": "python-start"}, {3, 4, 5, 6}),
        ({"course": "unknown", "language": "en"}, set()),
    ],
)
def test_filters_hold_for_text_and_vectors(
    school: SearchBackend, filters: dict[str, object], ids: set[int]
) -> None:
    everything = "отменить коммит ветку сертификат ошибка undo commit"
    assert set(found(school, everything, **filters)) == ids
    vector = EMBEDDER.encode([everything], "query")[0]
    assert set(school.search_vector(vector, Filters(**filters)).ids.tolist()) == ids


def test_only_restricts_the_hits_but_not_the_statistics(school: SearchBackend) -> None:
    whole = school.search_text(TextQuery("сертификат ошибка"))
    part = school.search_text(TextQuery("сертификат ошибка", only={5, 6, 777}))
    assert set(part.ids.tolist()) == {5, 6}
    assert (part.mean, part.std) == (whole.mean, whole.std)
    vector = EMBEDDER.encode(["сертификат"], "query")[0]
    all_near, some_near = school.search_vector(vector), school.search_vector(vector, only=[1])
    assert some_near.ids.tolist() == [1]
    assert (some_near.mean, some_near.std) == (all_near.mean, all_near.std)


def test_statistics_are_over_all_that_pass_the_filters(school: SearchBackend) -> None:
    hits = school.search_text(TextQuery("сертификат", limit=1))
    scores = np.zeros(6)
    scores[:2] = school.search_text(TextQuery("сертификат")).scores
    assert len(hits) == 1
    assert hits.mean == pytest.approx(scores.mean(), abs=1e-5)
    assert hits.std == pytest.approx(scores.std(), abs=1e-5)


def test_ties_come_by_ascending_id(backend: SearchBackend) -> None:
    backend.upsert([document(key, "одно и то же") for key in (30, 10, 20)])
    backend.upsert([document(5, "одно и то же")])
    assert found(backend, "одно") == [5, 10, 20, 30]
    assert backend.search_text(TextQuery("одно", limit=2)).ids.tolist() == [5, 10]
    assert backend.search_vector(EMBEDDER.encode(["одно"], "query")[0], limit=2).ids.tolist() == [5, 10]


def test_the_nearest_part_is_told(school: SearchBackend) -> None:
    hits = school.search_vector(EMBEDDER.encode(["откатить commit"], "query")[0], limit=1)
    assert hits.ids.tolist() == [1]
    assert hits.parts == ("variant",)
    assert hits.ordinals == (0,)
    assert hits.scores[0] == pytest.approx(1, abs=1e-5)


def test_the_passage_of_a_long_answer_is_told(backend: SearchBackend) -> None:
    first, second = "О ветках сказано здесь. " * 10, "О сертификатах и справках сказано здесь. " * 6
    backend.upsert([document(1, "Разное", answer=f"{first}\n{second}"), document(2, "Иное")])
    hits = backend.search_vector(EMBEDDER.encode(["Разное: о сертификатах и справках"], "query")[0], limit=1)
    assert (hits.ids.tolist(), hits.parts, hits.ordinals) == ([1], ("passage",), (1,))


def test_prototype_scores_gather_what_all_variants_say(backend: SearchBackend) -> None:
    vector = EMBEDDER.encode(["отменить коммит ветка"], "query")[0]
    backend.upsert([document(1, "первый"), document(2, "второй"), document(3, "третий")])
    assert set(backend.search_prototype(vector).scores.tolist()) == {0.0}
    backend.upsert([document(1, "первый", variants=["отменить коммит"])])
    backend.upsert([document(2, "второй", variants=["отменить", "коммит"])])
    hits = backend.search_prototype(vector)
    assert hits.ids.tolist()[:2] == [2, 1]
    assert hits.std > 0
    assert backend.search_prototype(vector, Filters(), 10, [3]).ids.tolist() == [3]
    assert set(backend.search_prototype(np.zeros(32, np.float32)).scores.tolist()) == {0.0}


def test_zero_vectors_score_zero(school: SearchBackend) -> None:
    school.upsert([document(9, "🙂")])
    hits = school.search_vector(EMBEDDER.encode(["ветка"], "query")[0], only=[9])
    assert hits.scores.tolist() == [0]
    nothing = school.search_vector(np.zeros(32, np.float32))
    assert set(nothing.scores.tolist()) == {0}


def test_limits_of_zero_and_beyond(school: SearchBackend) -> None:
    assert len(school.search_text(TextQuery("сертификат", limit=0))) == 0
    assert len(school.search_text(TextQuery("сертификат", limit=10_000))) == 2
    assert len(school.search_vector(EMBEDDER.encode(["x"], "query")[0], limit=10_000)) == 6


@pytest.mark.parametrize("text", ["", " ", "\0", "🙂🙂", "?!", "\ud800"])
def test_texts_without_words_find_nothing(school: SearchBackend, text: str) -> None:
    assert found(school, text) == []


def test_odd_characters_are_kept(backend: SearchBackend) -> None:
    backend.upsert([document(1, "нуль\0внутри 🙂 C++ и naïve", course="курс\n1", lessons=("а\0б",))])
    assert found(backend, "c++") == [1]
    assert found(backend, "naïve", course="курс\n1", lesson="а\0б") == [1]


def test_vectors_come_by_ascending_id(school: SearchBackend) -> None:
    ids, rows = school.vectors()
    assert ids.tolist() == [1, 2, 3, 4, 5, 6]
    assert rows.shape == (6, 32)
    assert rows[2] == pytest.approx(SCHOOL[2].vectors[0])
    ids, rows = school.vectors([5, 2, 404])
    assert ids.tolist() == [2, 5]
    assert rows[1] == pytest.approx(SCHOOL[4].vectors[0])


def test_highlights_mark_words_by_stem(school: SearchBackend) -> None:
    marked = school.highlights(TextQuery("отменили коммит"), 1, ("title", "answer"))
    assert [passage.field for passage in marked] == ["title"]
    text = marked[0].text
    assert [text[start:end] for start, end in marked[0].spans] == ["отменить", "коммит"]
    assert school.highlights(TextQuery("коммит"), 404, ("title",)) == []

"""The school's lexicon: added to, changed, switched off, and heard of by every process."""

from __future__ import annotations

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput, NotFound
from kbsearch.models import Role
from kbsearch.services.lexicon import CHECK_SECONDS, Everyday, LexiconService
from kbsearch.text.lexicon import is_everyday, shipped_entries


def origins(app: Kbsearch, words: str) -> dict[str, str]:
    return {row.said: row.origin for row in app.lexicon.rows(words)}


def test_without_changes_it_is_what_came(app: Kbsearch) -> None:
    assert len(app.lexicon.rows()) == len({entry.key for entry in shipped_entries()})
    assert app.lexicon.current() is app.lexicon.current()
    assert app.lexicon.current().meanings("запушить") == {"запушить": "push"}


def test_an_own_entry_is_added_changed_and_deleted(app: Kbsearch) -> None:
    person = app.people.create("vera", "Vera", "correct horse battery", Role.METHODOLOGIST)
    row = app.lexicon.save("  Хвост ", "пересдача", person_id=person.id)
    assert (row.said, row.means, row.origin, row.changed_by) == ("хвост", "пересдача", "own", "Vera")
    app.lexicon.save("хвосты", "академическая задолженность")
    assert [r.means for r in app.lexicon.rows("хвост")] == ["академическая задолженность"]
    assert app.lexicon.remove("хвост").means == "академическая задолженность"
    with pytest.raises(NotFound):
        app.lexicon.get("хвост")


def test_what_came_is_changed_switched_off_and_brought_back(app: Kbsearch) -> None:
    app.lexicon.save("препод", "ментор")
    assert origins(app, "препод") == {"препод": "changed", "преподша": "shipped", "препы": "shipped"}
    app.lexicon.remove("препод")
    assert app.lexicon.get("препод").origin == "off"
    assert app.lexicon.current().meanings("препод") == {}
    assert app.lexicon.bring_back("препод").origin == "shipped"
    assert app.lexicon.current().meanings("препод") == {"препод": "преподаватель"}


def test_suggestions_and_search_read_questions_with_it(app: Kbsearch) -> None:
    assert "пересдача" not in app.active_matcher.get().match("как сдать хвост").query.words
    app.lexicon.save("хвост", "пересдача")
    assert "пересдача" in app.active_matcher.get().match("как сдать хвост").query.words
    other = Kbsearch(app.settings)
    app.lexicon.save("хвост", "долг")
    assert "долг" in other.active_matcher.get().match("как сдать хвост").query.words


def test_another_process_hears_of_it_within_a_second(app: Kbsearch) -> None:
    other, now = Kbsearch(app.settings), [0.0]
    lexicon = LexiconService(other.database, other.case_index, clock=lambda: now[0])
    assert "пересдача" not in lexicon.understood("как сдать хвост").words
    app.lexicon.save("хвост", "пересдача")
    assert "пересдача" not in lexicon.understood("как сдать хвост").words
    now[0] += CHECK_SECONDS
    assert "пересдача" in lexicon.understood("как сдать хвост").words
    app.lexicon.remove("хвост")
    now[0] += CHECK_SECONDS
    assert "пересдача" not in lexicon.understood("как сдать хвост").words
    other.database.close()


@pytest.mark.parametrize("said", ["как", "Что", "the", "не могу", "how to", "где"])
def test_everyday_words_are_taken_only_by_those_who_are_sure(app: Kbsearch, said: str) -> None:
    with pytest.raises(Everyday):
        app.lexicon.save(said, "пересдача")
    with pytest.raises(Everyday):
        app.lexicon.import_lines(["хвост: пересдача", f"{said}: пересдача"])
    assert app.lexicon.rows("пересдача") == []
    app.lexicon.save(said, "пересдача", sure=True)
    assert app.lexicon.remove(said).means == "пересдача"


def test_no_saying_that_came_or_is_likely_is_an_everyday_one() -> None:
    said = [*(entry.said for entry in shipped_entries()), "урок", "курс", "не пушится", "хвост", "задание"]
    assert [one for one in said if is_everyday(one)] == []


def test_lines_are_taken_all_or_none(app: Kbsearch) -> None:
    assert app.lexicon.import_lines(["# ours", "", "хвост, долги: пересдача", "стипа: стипендия"]) == 3
    with pytest.raises(InvalidInput) as caught:
        app.lexicon.import_lines(["зачётка: другое", "без двоеточия"])
    assert "2" in caught.value.message
    with pytest.raises(NotFound):
        app.lexicon.get("зачётка")


@pytest.mark.parametrize(
    ("said", "means"), [("", "x"), ("...", "слово"), ("раз два три четыре пять", "x"), ("слово", " ")]
)
def test_what_is_no_entry_is_refused(app: Kbsearch, said: str, means: str) -> None:
    with pytest.raises(InvalidInput):
        app.lexicon.save(said, means)

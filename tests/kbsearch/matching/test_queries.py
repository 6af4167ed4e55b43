"""A question is understood in steps that can be told and switched off."""

from __future__ import annotations

from pathlib import Path

import pytest

from indexer.embedded import EmbeddedIndex
from kbsearch.matching.queries import SWITCHED_ON, Knowledge, Step, bare_text, prepare
from kbsearch.matching.understanding import Understanding
from kbsearch.text.lexicon import Entry, Lexicon, shipped_lexicon
from kbsearch.text.vocabulary import Vocabulary
from tests.contracts.samples import EMBEDDER, SCHOOL, document

LEXICON = shipped_lexicon()
KNOWN = Knowledge(LEXICON, Vocabulary({"коммит": 9, "отменить": 3, "функция": 2, "push": 4}, LEXICON.said))


def test_the_steps_are_told_in_order() -> None:
    query = prepare("Привет! rfr jnvtybnm rjvvbn, подскажите пожалуйста", KNOWN)
    assert query.bare == "как отменить коммит"
    assert query.repaired
    assert [step.kind for step in query.steps] == ["chatter", "layout", "lexicon"]
    assert prepare("Привет! rfr jnvtybnm rjvvbn", KNOWN, frozenset()).steps == ()


def test_of_a_long_story_its_question_is_taken_unless_that_is_switched_off() -> None:
    story = "Вчера смотрела вебинар до конца, потом ужинала. " * 6 + "Где скачать запись?"
    assert prepare(story, KNOWN, SWITCHED_ON - {"asking"}).bare == story
    query = prepare(story, KNOWN)
    assert query.bare == "Где скачать запись?"
    assert "ужинала" not in query.words


def test_a_typo_is_replaced_and_told() -> None:
    query = prepare("как отмнеить комит", KNOWN)
    assert Step("typo", "отмнеить", "отменить") in query.steps
    assert "отменить" in query.words
    assert "отмнеить" in prepare("как отмнеить комит", KNOWN, SWITCHED_ON - {"typo"}).words


@pytest.mark.parametrize(
    "piece",
    ["ModuleNotFoundError", "python3.11", "C++", "C#", "node_modules", "git-lfs", "index.html", "F5"],
)
def test_identifiers_and_versions_stay_whole(piece: str) -> None:
    query = prepare(f"не работает {piece} в проекте", KNOWN)
    assert piece in query.words
    assert piece in query.bare
    assert not query.repaired


def test_both_languages_in_one_sentence_stay() -> None:
    text = "почему git push пишет rejected, а .env не читается"
    assert prepare(text, KNOWN).bare == text


@pytest.mark.parametrize("text", ["не работает", "нет письма", "it doesn't work", "без сертификата"])
def test_a_denial_is_kept(text: str) -> None:
    assert prepare(text, KNOWN).bare == text
    assert prepare(f"Привет, {text}, спасибо", KNOWN).bare == text


def test_what_is_indexed_does_not_depend_on_the_index() -> None:
    assert bare_text("Здравствуйте, rfr jnvtybnm rjvvbn") == "как отменить коммит"
    assert bare_text("Здравствуйте! ,fpf lfyys[ yt gjlrk.xftncz") == "база данных не подключается"
    assert bare_text("как отмнеить комит") == "как отмнеить комит"


def test_understanding_follows_the_index_and_the_lexicon(tmp_path: Path) -> None:
    index = EmbeddedIndex(tmp_path / "cases", EMBEDDER)
    index.upsert(SCHOOL)
    lexicons = [Lexicon([])]
    understanding = Understanding(index, lambda: lexicons[-1])
    assert understanding.prepare("где взять гилиотинку").words == ("где", "взять", "гилиотинку")
    before = understanding.knowledge()
    assert understanding.knowledge() is before
    index.upsert([document(40, "Гильотинка для бумаги")])
    assert "гильотинка" in understanding.prepare("где взять гилиотинка").words
    lexicons.append(Lexicon([Entry("хвост", "пересдача")]))
    assert "пересдача" in understanding.prepare("как сдать хвосты").words

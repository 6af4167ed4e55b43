"""Why a case was matched."""

from __future__ import annotations

from dataclasses import replace

from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import HashingEmbedder
from kbsearch.errors import fill
from kbsearch.matching.matcher import Matcher
from kbsearch.matching.reasons import Reason, reason_from, reasons
from kbsearch.models import Case

CERTIFICATE = Case(
    id=5,
    title="Где взять сертификат",
    answer="Сертификат лежит в профиле.",
    course_code="start",
    lessons=["s-1"],
    variants=[],
)


def found(
    index: EmbeddedIndex, text: str, course: str = "", lesson: str = "", case: Case = CERTIFICATE
) -> dict[str, Reason]:
    matcher = Matcher(index, HashingEmbedder())
    result = matcher.match(text)
    ranked = next(match for match in result.matches if match.case_id == 5)
    why = reasons(result, ranked, case, matcher.rarity, text=text, course=course, lesson=lesson)
    return {reason.kind: reason for reason in why}


def test_shared_words_come_by_stem_with_their_places(case_index: EmbeddedIndex) -> None:
    text = "нет сертификата в моём профиле"
    reason = found(case_index, text)["shared_terms"]
    assert {text[start:end] for start, end in reason.details["spans"]} >= {"сертификата", "профиле"}
    assert "сертификат" in fill(reason.text, reason.details)


def test_words_that_stand_everywhere_are_no_reason(case_index: EmbeddedIndex) -> None:
    case = Case(title="Чтобы взять сертификат", answer="Откройте профиль.", lessons=[], variants=[])
    why = found(case_index, "нет сертификата в профиле, чтобы скачать", case=case)
    assert set(str(why["shared_terms"].details["terms"]).split(", ")) == {"сертификат", "профиль"}


def test_course_and_lesson_are_told_only_when_they_agree(case_index: EmbeddedIndex) -> None:
    assert {"course", "lesson"} <= set(found(case_index, "сертификат", "start", "s-1"))
    assert not {"course", "lesson"} & set(found(case_index, "сертификат", "other", "s-2"))


def test_the_nearest_part_is_told(case_index: EmbeddedIndex) -> None:
    reason = found(case_index, "где можно взять сертификат")["nearest_title"]
    assert 0.5 < reason.details["likeness"] <= 1


def test_the_very_words_are_told_in_the_place_of_a_near_meaning(case_index: EmbeddedIndex) -> None:
    reasons = found(case_index, "Где взять сертификат?")
    assert "same_words" in reasons
    assert "nearest_title" not in reasons


def test_a_case_that_nothing_speaks_for_is_given_with_just_that(case_index: EmbeddedIndex) -> None:
    matcher = Matcher(case_index, HashingEmbedder())
    result = matcher.match("квантовая хромодинамика", limit=5)
    ranked = replace(result.matches[-1], likeness=0.0)
    (only,) = reasons(result, ranked, CERTIFICATE, matcher.rarity, text="хромодинамика", course="", lesson="")
    assert (only.kind, only.details) == ("faint", {})


def test_reasons_survive_storage() -> None:
    reason = Reason("lesson", "It belongs to the same lesson: {lesson}", {"lesson": "s-1"})
    assert reason_from(reason.as_dict()) == reason

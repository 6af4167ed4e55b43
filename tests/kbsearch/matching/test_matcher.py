"""Matching over a real index."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from indexer.embedded import EmbeddedIndex
from indexer.embedders.hashing import HashingEmbedder
from kbsearch.errors import EncoderUnavailable
from kbsearch.matching.confidence import POOLED, Threshold
from kbsearch.matching.features import NAMES
from kbsearch.matching.matcher import SAME_WORDS, Matcher
from kbsearch.matching.queries import QueryEncoder, prepare
from kbsearch.matching.rarity import Rarity
from kbsearch.models import Decision
from kbsearch.ports import Floats, Role
from tests.contracts.samples import document


class BrokenEmbedder(HashingEmbedder):
    """Fails like a model that cannot be loaded."""

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Encode, in its own way."""
        raise EncoderUnavailable("The encoder is broken.")


class CountingEmbedder(HashingEmbedder):
    """Counts how often it is asked."""

    asked = 0

    def encode(self, texts: Sequence[str], role: Role) -> Floats:
        """Encode, in its own way."""
        self.asked += 1
        return super().encode(texts, role)


@pytest.fixture
def matcher(case_index: EmbeddedIndex, embedder: HashingEmbedder) -> Matcher:
    return Matcher(case_index, embedder)


def test_the_right_case_comes_first_with_falling_probabilities(matcher: Matcher) -> None:
    result = matcher.match("Здравствуйте! Подскажите, как создать ветку?")
    assert result.matches[0].case_id == 1
    chances = [match.probability for match in result.matches]
    assert chances == sorted(chances, reverse=True)
    assert result.table.shape == (len(result.matches), len(NAMES))
    assert result.matches[0].part == "title"


@pytest.mark.parametrize(
    "text",
    ["Бранч не удаляется", "Здравствуйте! БРАНЧ, не удаляется?!", ",hfyx yt elfkztncz"],
    ids=["as written", "greeted, other case and signs", "wrong layout"],
)
def test_a_case_in_the_very_words_of_a_question_comes_first_and_is_likely(
    case_index: EmbeddedIndex, embedder: HashingEmbedder, text: str
) -> None:
    case_index.upsert([document(6, "Бранч не удаляется никак: что делать", embedder=embedder)])
    first, second = Matcher(case_index, embedder).match(text).matches[:2]
    assert (first.case_id, first.same_words) == (2, True)
    assert first.probability >= SAME_WORDS
    assert not second.same_words
    assert first.score > second.score


def test_the_very_words_answer_beside_a_case_that_is_nearly_the_same(
    case_index: EmbeddedIndex, embedder: HashingEmbedder
) -> None:
    case_index.upsert([document(6, "Как удалить ветку в Git давно", embedder=embedder)])
    matcher = Matcher(case_index, embedder)
    result = matcher.match("Как удалить ветку в Git")
    assert result.in_same_words
    ids = [match.case_id for match in result.matches]
    chances = [match.probability for match in result.matches]
    assert matcher.decision(chances, ids, 0.95, degraded=False) == Decision.SUGGEST
    assert matcher.decide(result, 0.95) == Decision.ANSWER


def test_of_two_cases_in_the_very_words_neither_is_preferred(
    case_index: EmbeddedIndex, embedder: HashingEmbedder
) -> None:
    case_index.upsert([document(6, "Бранч не удаляется", embedder=embedder)])
    assert not Matcher(case_index, embedder).match("Бранч не удаляется").in_same_words


@pytest.mark.parametrize("text", ["сертификат", "не удаляется бранч", "бранч не удаляется у меня"])
def test_fewer_other_or_more_words_are_not_the_very_words(matcher: Matcher, text: str) -> None:
    assert not matcher.match(text).in_same_words


def test_the_very_words_are_found_without_vectors(case_index: EmbeddedIndex) -> None:
    result = Matcher(case_index, BrokenEmbedder()).match("бранч не удаляется")
    assert result.degraded
    assert result.in_same_words


def test_of_filtered_cases_none_is_in_the_very_words(matcher: Matcher) -> None:
    assert not matcher.match("бранч не удаляется", "data-analyst").in_same_words


def test_the_wrong_layout_and_slang_find_the_same(matcher: Matcher) -> None:
    assert matcher.match("rfr cjplfnm dtnre d ubn").matches[0].case_id == 1
    assert matcher.match("rfr cjplfnm dtnre d ubn").query.repaired


def test_words_of_the_index_mend_typos(matcher: Matcher) -> None:
    result = matcher.match("как создтаь ветук")
    assert [step.kind for step in result.query.steps] == ["typo", "typo"]
    assert result.query.text == matcher.match("как создать ветку").query.text
    assert result.matches[0].case_id == 1


def test_a_course_hides_others_but_not_those_of_no_course(matcher: Matcher) -> None:
    found = {match.case_id for match in matcher.match("как создать ветку", "data-analyst", limit=9).matches}
    assert found == {3, 4, 5}


def test_a_course_that_nothing_passes_is_ignored(
    case_index: EmbeddedIndex, embedder: HashingEmbedder
) -> None:
    case_index.delete([4, 5])
    result = Matcher(case_index, embedder).match("как создать ветку", "cooking")
    assert result.matches[0].case_id == 1
    assert not result.course


def test_a_lesson_lifts_its_cases(matcher: Matcher) -> None:
    plain = {m.case_id: m.score for m in matcher.match("как удалить курс", limit=9).matches}
    lifted = {m.case_id: m.score for m in matcher.match("как удалить курс", "", "fe-09", limit=9).matches}
    assert lifted[2] > plain[2]
    assert lifted[4] == pytest.approx(plain[4])


def test_without_the_encoder_words_alone_are_matched(case_index: EmbeddedIndex) -> None:
    result = Matcher(case_index, BrokenEmbedder()).match("где лежит сертификат")
    assert result.degraded
    assert result.matches[0].case_id == 5
    assert result.matches[0].part is None


def test_vectors_of_another_model_degrade_to_words(case_index: EmbeddedIndex) -> None:
    other = HashingEmbedder(64)
    result = Matcher(EmbeddedIndex(case_index.folder, other), other).match("где лежит сертификат")
    assert result.degraded
    assert result.matches[0].case_id == 5


@pytest.mark.parametrize("text", ["", "???", "🙂🙂", "\0", " \n "])
def test_a_text_without_words_matches_nothing(matcher: Matcher, text: str) -> None:
    result = matcher.match(text)
    assert not result.matches
    assert matcher.decide(result, 0.95) == Decision.ABSTAIN


def test_a_megabyte_is_cut(matcher: Matcher) -> None:
    assert matcher.match("как создать ветку " + "лог " * 250_000).matches


def test_an_empty_index_matches_nothing(tmp_path: object, embedder: HashingEmbedder) -> None:
    index = EmbeddedIndex(tmp_path / "none", embedder)  # type: ignore[operator]
    assert not Matcher(index, embedder).match("как создать ветку").matches


def test_a_query_is_encoded_once() -> None:
    embedder = CountingEmbedder()
    encoder = QueryEncoder(embedder)
    assert (encoder.encode("раз") == encoder.encode("раз")).all()
    encoder.encode("два")
    assert embedder.asked == 2


def test_a_query_says_each_word_once() -> None:
    assert prepare("ветка, ветки и ветку git-lfs").words == ("ветка", "и", "git-lfs")


def test_rare_words_weigh_more(case_index: EmbeddedIndex) -> None:
    rarity = Rarity(case_index)
    never, rare, common = rarity.shares(["небывалое", "сертификат", "как"])
    assert never == 0
    assert 0 < rare < common <= 1
    assert rarity.weight(["сертификат"]).total > rarity.weight(["как"]).total


def test_how_far_a_question_is_unknown_counts_from_half_of_its_weight_on(case_index: EmbeddedIndex) -> None:
    rarity = Rarity(case_index)
    assert rarity.weight(["сертификат", "ветка"]).strangeness == 0
    assert (
        rarity.weight(["сертификат", "небывалое"]).strangeness
        < rarity.weight(["как", "небывалое"]).strangeness
        < 1
    )
    assert rarity.weight(["where", "certificate"]).strangeness == 1
    assert rarity.weight([]).strangeness == 0


def test_the_signal_says_that_no_case_has_the_words(
    case_index: EmbeddedIndex, embedder: HashingEmbedder
) -> None:
    matcher = Matcher(case_index, embedder)
    assert set(matcher.match("where is my certificate").pool.column("unknown")) == {1.0}
    assert set(matcher.match("где взять сертификат").pool.column("unknown")) == {0.0}


def test_of_two_cases_that_are_nearly_the_same_none_is_an_answer_alone(
    case_index: EmbeddedIndex, embedder: HashingEmbedder
) -> None:
    matcher = Matcher(case_index, embedder)
    calibration = replace(
        matcher.model.hybrid.calibration, thresholds={POOLED: (Threshold(0.5, 100, 100, 0.96),)}
    )
    hybrid = replace(matcher.model.hybrid, calibration=calibration)
    matcher.model = replace(matcher.model, hybrid=hybrid)
    case_index.upsert([document(701, "Как отменить подписку на рассылку", embedder=embedder)])
    alone = matcher.decision([0.99, 0.1], [701, 1], 0.95, degraded=False)
    assert alone == Decision.ANSWER
    case_index.upsert([document(702, "Как отменить подписку на рассылку?", embedder=embedder)])
    assert matcher.decision([0.99, 0.1], [701, 702], 0.95, degraded=False) == Decision.SUGGEST
    assert matcher.decision([0.99, 0.1], [701, 999], 0.95, degraded=False) == Decision.ANSWER

"""What is remembered of words is that of one vocabulary, and goes with it."""

from __future__ import annotations

import gc
from weakref import ref

from kbsearch.text.layout import repair_layout
from kbsearch.text.vocabulary import Vocabulary


def test_each_vocabulary_remembers_what_its_own_words_tell() -> None:
    knowing = Vocabulary(own={"джанго": 90, "миграция": 40}, common={})
    ignorant = Vocabulary(common={})
    for _ in range(2):
        assert repair_layout("l;fyuj vbuhfwbz", knowing) == "джанго миграция"
        assert repair_layout("l;fyuj vbuhfwbz", ignorant) == repair_layout(
            "l;fyuj vbuhfwbz", Vocabulary(common={})
        )
    assert knowing.remembering(weight_of)("миграция") == knowing.weight("миграция") > 0
    assert ignorant.remembering(weight_of)("миграция") == 0


def test_a_function_is_asked_once_for_a_word() -> None:
    asked: list[str] = []

    def length(word: str, vocabulary: Vocabulary) -> int:
        asked.append(word)
        return len(word)

    vocabulary = Vocabulary(common={})
    assert [vocabulary.remembering(length)(word) for word in ("ab", "c", "ab")] == [2, 1, 2]
    assert asked == ["ab", "c"]


def test_what_is_remembered_does_not_keep_a_vocabulary_alive() -> None:
    vocabulary = Vocabulary(own={"ветка": 3})
    repair_layout("dtnrf git", vocabulary)
    alive = ref(vocabulary)
    gc.disable()
    try:
        del vocabulary
        assert alive() is None
    finally:
        gc.enable()


def weight_of(word: str, vocabulary: Vocabulary) -> float:
    return vocabulary.weight(word)

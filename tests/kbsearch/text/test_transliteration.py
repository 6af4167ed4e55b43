"""Russian in Latin letters is turned back, other languages and code are not."""

from __future__ import annotations

import random

import pytest

from kbsearch.evaluation.spoiling import transliterated
from kbsearch.text.lexicon import shipped_lexicon
from kbsearch.text.transliteration import to_cyrillic
from kbsearch.text.vocabulary import Vocabulary

KNOWN = Vocabulary({"домашку": 3, "git": 20}, shipped_lexicon().said)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("kak sdelat domashku", "как сделать домашку"),
        ("git pushnut'", "git пушнуть"),
        ("ne rabotaet git push", "не работает git push"),
        ("kak mne vosstanovit parol", "как мне восстановить пароль"),
        ("Gde naiti 4astie voprosi?", "где найти частые вопросы?"),
        ("kuda sdavat dz", "куда сдавать дз"),
        ("kto-nibud' znaet", "кто-нибудь знает"),
    ],
)
def test_transliterated_russian_is_turned(typed: str, meant: str) -> None:
    assert to_cyrillic(typed, KNOWN) == meant


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "502",
            "How do I install it?",
            "npm install -g yarn",
            "git commit --amend",
            "to be or not to be",
        ),
        *("como puedo descargar el video", "wo finde ich die hausaufgaben", "nie dziala kamera w laptopie"),
        *("comment puis-je telecharger la video", "come posso scaricare il video", "jak mogę pobrać film"),
        *("ModuleNotFoundError: No module named 'pandas'", "pip install -r requirements.txt", "как git push"),
    ],
)
def test_what_is_no_russian_stays(text: str) -> None:
    assert to_cyrillic(text, KNOWN) == text


@pytest.mark.parametrize("seed", range(8))
def test_every_scheme_of_the_measurement_is_read(seed: int) -> None:
    question = "как вернуть деньги за курс, если передумал"
    chance = random.Random(seed)  # noqa: S311  # a sample, no secret
    assert to_cyrillic(transliterated(question, chance), KNOWN) == question


def test_a_key_that_was_held_down_is_no_word() -> None:
    assert to_cyrillic("a" * 4_000) == "a" * 4_000
    assert to_cyrillic("kak sdelat domashku " + "a" * 4_000).startswith("как сделать домашку a")

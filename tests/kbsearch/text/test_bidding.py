"""Requests are told from greetings, comfort, orders not to, and words that only look like orders."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.text.bidding import bids


@pytest.mark.parametrize(
    "text",
    [
        "проверьте",
        "закажи мне пропуск",
        "Верните баллы",
        "прошу вернуть деньги",
        "Hi, remove me from the list",
        "pls reopen it",
        "would someone check this",
    ],
)
def test_requests(text: str) -> None:
    assert bids(text)


@pytest.mark.parametrize(
    "text",
    [
        "здравствуйте",
        "не забывайте пить воду",
        "если вы продлите доступ",
        "прошу прощения",
        "на сайте",
        "очень",
        "кто-нибудь тут",
        "держитесь, осталось чуть-чуть",
        "found it, please ignore",
        "let me see",
        "show must go on",
    ],
)
def test_what_asks_for_nothing(text: str) -> None:
    assert not bids(text)


@given(st.text(alphabet="приветйиьтесяь не", max_size=120))
def test_any_text_is_judged(text: str) -> None:
    assert bids(text) in {True, False}

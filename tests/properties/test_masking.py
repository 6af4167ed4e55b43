"""Masking holds for any text."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kbsearch.privacy.masking import mask

PIECES = st.sampled_from(
    [
        *("ivan@mail.ru", "+7 900 123-45-67", "89001234567", "@ivan_p", "t.me/ivan", "https://x.ru/?token=a"),
        *(
            "4111 1111 1111 1111",
            "112-233-445 95",
            "7707083893",
            "паспорт",
            "4509 123456",
            "eyJabcdefgh.abcdefgh",
        ),
        *(
            "ghp_abcdefghijklmnopqrstuvwx",
            "postgres://u:p@h/d",
            "`",
            "```",
            "@",
            ".",
            "/",
            "//",
            ":",
            "?",
            "=",
            "&",
        ),
        *(
            "[email]",
            "[name]",
            "[",
            "]",
            "(",
            ")",
            "-",
            "+",
            " ",
            "\n",
            "8",
            "12",
            "900",
            "a",
            "привет",
            "def f():",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=300),
    st.text(alphabet="aя1-+ @./:?=&()[]`\n", max_size=200),
    st.lists(PIECES, max_size=25).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_masking_twice_is_masking_once(text: str) -> None:
    once = mask(text)
    assert mask(once.text).text == once.text


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_text_without_findings_stays_and_none_grows_much(text: str) -> None:
    masked = mask(text)
    if not masked.found:
        assert masked.text == text
    assert len(masked.text) <= len(text) + len("[document]") * masked.found.total()


@settings(max_examples=100, deadline=None)
@given(st.text(alphabet="абв где\n", max_size=50), st.text(alphabet="абв где\n", max_size=50))
def test_what_stands_around_an_address_is_kept(before: str, after: str) -> None:
    assert mask(f"{before} ivan@mail.ru {after}").text == f"{before} [email] {after}"

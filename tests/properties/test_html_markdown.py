"""HTML of a learning platform as Markdown: what people read stays the same, whatever signs it has."""

from __future__ import annotations

from html import escape

from hypothesis import example, given
from hypothesis import strategies as st

from kbsearch.importers.html_markdown import html_markdown
from web.ui import markdown

SIGNS = "ab1 .!#*_`~[](){}<>|\\-+=:/&;\"'\nяЯ"
texts = st.text(SIGNS, max_size=40)
TAGS = (
    "p", "/p", "ul", "/ul", "li", "b", "/b", "table", "/table", "tr", "td", "pre", "/pre", "code", "/code",
    "blockquote", "/blockquote", "br", "h2", "/h2", "a href=x", "/a",
)  # fmt: skip
tags = st.sampled_from(TAGS).map(lambda tag: f"<{tag}>")
html = st.lists(texts | tags, max_size=20)


@given(texts)
@example("&amp; &#35; <http://a.b> <c@d.e> __init__ **x** 1. [a](b) ~~c~~")
def test_a_paragraph_reads_as_it_was(text: str) -> None:
    shown = markdown.to_text(html_markdown(f"<p>x {escape(text)} y</p>"))
    assert shown.split() == f"x {text} y".split()


@given(texts)
def test_a_line_reads_as_it_was(text: str) -> None:
    shown = markdown.to_text(html_markdown(f"<p>x<br>{escape(text)}y</p>"))
    assert shown.split() == f"x {text}y".split()


@given(texts)
def test_a_block_of_code_is_kept_sign_for_sign(text: str) -> None:
    code = f"x\n{text}y"
    assert markdown.to_text(html_markdown(f"<pre>{escape(code)}</pre>")) == code


@given(html)
def test_any_mess_of_elements_can_be_read(pieces: list[str]) -> None:
    assert "<script" not in markdown.to_html(html_markdown("".join(pieces)))

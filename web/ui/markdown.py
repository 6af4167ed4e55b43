"""Answers: Markdown as safe HTML, as a Telegram message and as plain text."""

from __future__ import annotations

from functools import lru_cache

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from web.ui.marking import highlight, marked

TAGS = {
    "p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "pre", "code",
    "strong", "em", "s", "a", "mark", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {"a": {"href", "title"}, "ol": {"start"}, "code": {"class"}}
MARKS = {"strong": "**", "em": "__", "s": "~~"}
"""What Telegram's own composer turns into bold, italic and struck text."""

_parser = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


@lru_cache(maxsize=256)
def to_html(text: str, terms: str = "") -> Markup:
    """``text`` as HTML that can run nothing and load nothing.

    Words with a stem in common with ``terms`` are marked, but not in blocks of code.
    """
    tokens = _parser.parse(text)
    for token in tokens:
        token.children = [_marked(child, terms) for child in token.children or []]
    clean = nh3.clean(
        _parser.renderer.render(tokens, _parser.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto"},
        link_rel="noopener noreferrer nofollow",
    )
    return Markup(clean)  # noqa: S704  # nh3 has just removed all that is not allowed


def _marked(child: Token, terms: str) -> Token:
    if child.type not in {"text", "code_inline"} or not (found := highlight(child.content, terms)).spans:
        return child
    html = marked(found)
    code = child.type == "code_inline"
    return Token("html_inline", "", 0, content=f"<code>{html}</code>" if code else html)


def to_telegram(text: str) -> str:
    """``text`` as a message for Telegram: its marks for bold, italic and code; no headings, no tables."""
    return _Flat(marks=True).of(text)


def to_text(text: str) -> str:
    """``text`` without any marks."""
    return _Flat(marks=False).of(text)


class _Flat:
    """Writes the tokens of a Markdown text one under the other."""

    def __init__(self, *, marks: bool) -> None:
        self._marks = marks
        self._lines: list[str] = []
        self._bullets: list[int | None] = []
        self._prefix = ""
        self._heading = False
        self._cells: list[str] | None = None

    def of(self, text: str) -> str:
        for token in _parser.parse(text):
            self._take(token)
        return "\n".join(self._lines).strip()

    def _take(self, token: Token) -> None:
        if token.type == "inline":
            self._add(self._inline(token))
        elif token.type in {"fence", "code_block"}:
            code = token.content.rstrip("\n")
            self._add(f"```\n{code}\n```" if self._marks else code)
            self._gap()
        elif token.type.startswith(("bullet_list", "ordered_list", "list_item")):
            self._list(token)
        elif token.type.startswith("heading"):
            self._heading = token.nesting == 1
            self._gap()
        elif token.type == "tr_open":
            self._cells = []
        elif token.type == "tr_close":
            self._lines.append(" | ".join(self._cells or []))
            self._cells = None
        elif token.type in {"paragraph_close", "table_close"}:
            self._gap()

    def _list(self, token: Token) -> None:
        if token.type == "list_item_open":
            self._prefix = self._bullet()
        elif token.type.endswith("list_open"):
            number = int(token.attrGet("start") or 1) if token.type.startswith("ordered") else None
            self._bullets.append(number)
        elif token.type.endswith("list_close"):
            self._bullets.pop()
            self._gap()

    def _bullet(self) -> str:
        indent = "  " * (len(self._bullets) - 1)
        number = self._bullets[-1]
        if number is None:
            return f"{indent}• "
        self._bullets[-1] = number + 1
        return f"{indent}{number}. "

    def _add(self, body: str) -> None:
        if self._cells is not None:
            self._cells.append(body)
            return
        self._lines.append(self._prefix + (f"**{body}**" if self._heading and self._marks else body))
        self._prefix = ""

    def _gap(self) -> None:
        """A blank line between blocks, but not within a list."""
        if not self._bullets and self._lines and self._lines[-1]:
            self._lines.append("")

    def _inline(self, token: Token) -> str:
        parts: list[str] = []
        link = ""
        for child in token.children or []:
            if child.type == "link_open":
                link = str(child.attrGet("href") or "")
            elif child.type == "link_close":
                shown = "".join(parts)
                parts.append("" if shown.endswith(link) else f" ({link})")
            else:
                parts.append(self._span(child))
        return "".join(parts)

    def _span(self, child: Token) -> str:
        if child.type == "code_inline":
            return f"`{child.content}`" if self._marks else child.content
        if child.type in {"softbreak", "hardbreak"}:
            return "\n"
        if child.type.endswith(("_open", "_close")):
            return MARKS.get(child.type.rpartition("_")[0], "") if self._marks else ""
        return child.content

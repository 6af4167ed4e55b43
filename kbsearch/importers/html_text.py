"""The text of messages that learning platforms keep as HTML, in the marks that people write in chats."""

from __future__ import annotations

import re
from html.parser import HTMLParser

_BLOCKS = frozenset(
    ("p", "div", "br", "ul", "ol", "table", "tr", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "pre")
)
_UNSEEN = frozenset(("script", "style"))
_EMPTY = frozenset(("br", "img", "hr", "input", "source", "wbr", "link", "meta", "col", "area", "embed"))
"""Elements that have no end."""
_DEEPEST = 200
"""Elements in one that is left out; forums write a few."""
_BLANK = re.compile(r"[ \t\r\n]+")


def html_text(html: str, *, without: frozenset[str] = frozenset(), bare: frozenset[str] = frozenset()) -> str:
    """The text of ``html``: a line a block, code between backticks, links followed by their address.

    Elements of a class in ``without`` are left out with all that they hold, links of one in ``bare`` lose
    their address.
    """
    reader = _Reader(without, bare)
    reader.feed(html)
    reader.close()
    lines = (line.rstrip() for line in "".join(reader.pieces).replace("\xa0", " ").split("\n"))
    return re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()


class _Reader(HTMLParser):
    def __init__(self, without: frozenset[str], bare: frozenset[str]) -> None:
        super().__init__(convert_charrefs=True)
        self._without = without
        self._bare = bare
        self._left_out: list[str] = []
        self.pieces: list[str] = []
        self._open: list[str] = []
        self._address = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        classes = set((dict(attrs).get("class") or "").split())
        if self._left_out or not self._without.isdisjoint(classes):
            if tag not in _EMPTY and len(self._left_out) < _DEEPEST:
                self._left_out.append(tag)
            return
        if tag in _UNSEEN or tag in {"pre", "code"}:
            self._open.append(tag)
        if tag in _BLOCKS:
            self.pieces.append("\n")
        if tag == "pre":
            self.pieces.append("```\n")
        elif tag == "code" and "pre" not in self._open:
            self.pieces.append("`")
        elif tag == "li":
            self.pieces.append("\n- ")
        elif tag in {"td", "th"}:
            self.pieces.append(" ")
        elif tag == "a":
            self._address = (dict(attrs).get("href") or "") if self._bare.isdisjoint(classes) else ""

    def handle_endtag(self, tag: str) -> None:
        if self._left_out:
            if tag in self._left_out:
                del self._left_out[len(self._left_out) - 1 - self._left_out[::-1].index(tag) :]
            return
        if tag in self._open:
            del self._open[len(self._open) - 1 - self._open[::-1].index(tag)]
        if tag == "pre":
            self.pieces.append("\n```")
        elif tag == "code" and "pre" not in self._open:
            self.pieces.append("`")
        elif tag == "a" and self._address:
            if self._address not in "".join(self.pieces[-1:]):
                self.pieces.append(f" ({self._address})")
            self._address = ""
        if tag in _BLOCKS:
            self.pieces.append("\n")

    def handle_data(self, data: str) -> None:
        if self._left_out or not _UNSEEN.isdisjoint(self._open):
            return
        self.pieces.append(data if "pre" in self._open else _BLANK.sub(" ", data))

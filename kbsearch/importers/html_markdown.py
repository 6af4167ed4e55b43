"""HTML of learning platforms as Markdown, in which answers of cases are written."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser

_BLOCKS = frozenset(("p", "div", "section", "article", "h1", "h2", "h3", "h4", "h5", "h6", "figure", "hr"))
_UNSEEN = frozenset(("script", "style", "head"))
_MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "s": "~~", "del": "~~", "code": "`", "tt": "`"}
_LINKS = ("http://", "https://", "mailto:")
_DEEPEST = 12
"""Elements in each other beyond which marks, lists and quotations are read as plain text."""
_BLANK = re.compile(r"[ \t\r\n\f]+")
_SIGN = re.compile(r"[\\`*\[\]]|(?<![^\W_])_+|_+(?![^\W_])|~~|&(?=#?\w+;)|<(?=[\w.+-]+[:@])")
_BEGIN = re.compile(r"^(#{1,6}(?=\s)|[-+](?=\s)|>|\d{1,9}(?=[.)]\s))")
_LANGUAGE = re.compile(r"(?:^|\s)lang(?:uage)?-([\w+#-]+)")


def html_markdown(html: str) -> str:
    """``html`` as Markdown: paragraphs, headings, lists, tables, quotations, code, links and stress.

    Signs that would mean something in Markdown are escaped.  Images become their description; addresses
    that lead nowhere outside of the platform are left out.
    """
    writer = _Writer()
    writer.feed(html)
    writer.close()
    return writer.text()


class _Writer(HTMLParser):
    """Writes blocks.  Inline elements are buffers, innermost last, that are put in marks when they end."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._blocks: list[tuple[str, bool]] = []
        self._buffers: list[tuple[str, str, list[str]]] = [("", "", [])]
        self._lists: list[int] = []
        self._indents: list[str] = []
        self._marker = ""
        self._heading = ""
        self._quotes = 0
        self._unseen = 0
        self._pre: list[str] | None = None
        self._language = ""
        self._rows: list[list[str]] | None = None

    def text(self) -> str:
        """What was written."""
        self._flush()
        pieces: list[str] = []
        for at, (block, item) in enumerate(self._blocks):
            before, listed = self._blocks[at - 1] if at else ("", False)
            apart = "\n" if item and listed else "\n>\n" if block[:1] == before[:1] == ">" else "\n\n"
            pieces.append((apart if at else "") + block)
        return "".join(pieces)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = {name: value or "" for name, value in attrs}
        if tag in _UNSEEN:
            self._unseen += 1
        elif self._pre is not None:
            self._language = self._language or _language(told)
        elif tag == "br":
            self._add("\n")
        elif tag == "img":
            self._add(_escaped(told.get("alt", "")))
        elif tag in _MARKS or tag == "a":
            if len(self._buffers) <= _DEEPEST:
                self._buffers.append((tag, told.get("href", "").strip(), []))
        elif tag in {"td", "th"}:
            self._close_buffers()
            self._buffers.append((tag, "", []))
        elif self._in_cell():
            self._add(" ")
        else:
            self._begin_block(tag, told)

    def _begin_block(self, tag: str, told: dict[str, str]) -> None:
        if tag in _BLOCKS or tag in {"ul", "ol", "li", "blockquote", "pre", "table", "tr"}:
            self._flush()
        if tag in {"ul", "ol"}:
            start = told.get("start", "1")
            first = int(start) if start.isdecimal() and len(start) < _DEEPEST else 1
            self._lists += [first if tag == "ol" else 0] if len(self._lists) < _DEEPEST else []
        elif tag == "li":
            self._begin_item()
        elif tag == "blockquote":
            self._quotes += 1
        elif tag == "pre":
            self._pre, self._language = [], _language(told)
        elif tag == "table":
            self._rows = []
        elif tag == "tr" and self._rows is not None:
            self._rows.append([])
        elif tag in {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self._heading = "#" * int(tag[1]) + " "

    def _begin_item(self) -> None:
        number = self._lists[-1] if self._lists else 0
        if number:
            self._lists[-1] += 1
        depth = max(len(self._lists), 1)
        del self._indents[depth - 1 :]
        self._marker = f"{number}. " if number else "- "
        self._indents.append(" " * len(self._marker))

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN:
            self._unseen = max(self._unseen - 1, 0)
        elif self._pre is not None:
            if tag == "pre":
                self._end_pre(self._pre)
        elif any(name == tag for name, _, _ in self._buffers[1:]):
            self._close_buffers(upto=tag)
        elif not self._in_cell():
            self._end_block(tag)

    def _end_block(self, tag: str) -> None:
        if tag in _BLOCKS or tag in {"ul", "ol", "li", "blockquote", "tr", "table"}:
            self._flush()
        if tag in {"ul", "ol"} and self._lists:
            self._lists.pop()
            del self._indents[len(self._lists) :]
        elif tag == "blockquote":
            self._quotes = max(self._quotes - 1, 0)
        elif tag == "table" and self._rows is not None:
            rows, self._rows = [row for row in self._rows if any(row)], None
            if rows:
                self._block(_table(rows))

    def handle_data(self, data: str) -> None:
        if self._unseen:
            return
        if self._pre is not None:
            self._pre.append(data)
        else:
            is_code = any(_MARKS.get(name) == "`" for name, _, _ in self._buffers)
            plain = _BLANK.sub(" ", data.replace("\xa0", " "))
            self._add(plain if is_code else _escaped(plain))

    def _add(self, text: str) -> None:
        self._buffers[-1][2].append(text)

    def _in_cell(self) -> bool:
        return any(name in {"td", "th"} for name, _, _ in self._buffers)

    def _close_buffers(self, upto: str = "") -> None:
        """Put inline elements into their marks, from the innermost up to the one called ``upto``, or all."""
        while len(self._buffers) > 1:
            name, address, pieces = self._buffers.pop()
            said = "".join(pieces)
            if name in {"td", "th"}:
                self._cell(said)
            else:
                self._add(_marked(name, address, said))
            if name == upto:
                break

    def _cell(self, said: str) -> None:
        if self._rows is None:
            self._add(f"{said} ")
            return
        self._rows[-1:] = [[*(self._rows[-1] if self._rows else []), " ".join(said.split())]]

    def _end_pre(self, pieces: list[str]) -> None:
        code = "".join(pieces).removeprefix("\n").rstrip()
        fence = "```"
        while fence in code:
            fence += "`"
        if code.strip():
            self._block(f"{fence}{self._language}\n{code}\n{fence}")
        self._pre = None

    def _flush(self) -> None:
        self._close_buffers()
        said = "".join(self._buffers[0][2])
        self._buffers[0][2].clear()
        for paragraph in re.split(r"\n\s*\n", said):
            lines = [_BEGIN.sub(r"\\\1", line.strip()) for line in paragraph.strip().split("\n")]
            lines = [re.sub(r"^\\(\d+)", r"\1\\", line) for line in lines]
            if any(lines):
                self._block(" ".join(lines) if self._heading else "\\\n".join(lines), self._heading)
        self._heading = ""

    def _block(self, text: str, before: str = "") -> None:
        """Add a block below the list item and quotation that it stands in."""
        indent = "".join(self._indents)
        first = "".join(self._indents[:-1]) + self._marker if self._marker else indent
        quote = "> " * min(self._quotes, _DEEPEST)
        lines = f"{before}{text}".split("\n")
        written = [
            f"{quote}{indent if at else first}{line}" if line else quote.rstrip()
            for at, line in enumerate(lines)
        ]
        self._blocks.append(("\n".join(written), bool(self._marker)))
        self._marker = ""


def _language(told: dict[str, str]) -> str:
    found = _LANGUAGE.search(told.get("class", ""))
    return found[1] if found else ""


def _escaped(text: str) -> str:
    return _SIGN.sub(lambda found: "\\" + "\\".join(found[0]), text)


def _marked(name: str, address: str, said: str) -> str:
    """``said`` within the marks of the element ``name``; spaces at its margins stand outside of them."""
    core = said.strip()
    if not core:
        return said
    at = said.index(core)
    write: Callable[[str], str] = _code if _MARKS.get(name) == "`" else lambda text: _stressed(name, text)
    written = _link(core, address) if name == "a" else write(core)
    return said[:at] + written + said[at + len(core) :]


def _stressed(name: str, text: str) -> str:
    mark = _MARKS[name]
    return "\n".join(f"{mark}{line.strip()}{mark}" if line.strip() else line for line in text.split("\n"))


def _code(text: str) -> str:
    mark = "`"
    while mark in text:
        mark += "`"
    gap = " " if "`" in text else ""
    return f"{mark}{gap}{' '.join(text.split())}{gap}{mark}"


def _link(text: str, address: str) -> str:
    if not address.lower().startswith(_LINKS):
        return text
    target = address.replace(" ", "%20").replace("(", "%28").replace(")", "%29")
    return f"[{text}]({target})"


def _table(rows: list[list[str]]) -> str:
    width = max(map(len, rows))
    filled = [[cell.replace("|", "\\|") for cell in row] + [""] * (width - len(row)) for row in rows]
    lines = [f"| {' | '.join(row)} |" for row in filled]
    return "\n".join([lines[0], "|" + "---|" * width, *lines[1:]])

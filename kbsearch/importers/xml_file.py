"""XML files, element by element in bounded memory; nothing in them is expanded or fetched."""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from pathlib import Path
from typing import IO
from xml.etree.ElementTree import Element, ParseError  # only names: defusedxml does the reading

from kbsearch.errors import UnreadableFile
from kbsearch.importers.options import Meter
from kbsearch.importers.text_lines import check_encoding

DEEPEST = 50
"""Levels of elements in each other; no format that is read has ten."""

_CONTROL = bytes(set(range(32)) - set(b"\t\n\r"))
"""Bytes that XML forbids, which exports of pasted texts have all the same."""
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, b"<\0", b"\0<")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_NAME = re.compile(r"<([A-Za-z_][\w.-]*)")


def root_of(head: bytes) -> str:
    """The name of the outermost element of the XML that begins with ``head``; "" when it has none."""
    text = head.decode("utf-16" if head.startswith(_WIDE[:2]) else "utf-8", "replace")
    plain = _COMMENT.sub("", text).lstrip("\ufeff \t\r\n")
    found = _NAME.search(plain) if plain.startswith("<") else None
    return found[1] if found else ""


def elements(path: Path, tag: str, meter: Meter, encoding: str = "auto") -> Iterator[Element]:
    """The elements called ``tag`` of the file, each whole; it is emptied once the next one is drawn.

    ``meter`` counts bytes.

    Raises:
        UnreadableFile: from where on it is no XML, cut off, nested too deeply, or declares entities.
    """
    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import DefusedXMLParser, iterparse

    told = None if encoding == "auto" else check_encoding(encoding)
    meter.total = path.stat().st_size
    with path.open("rb") as file:
        try:
            events = iterparse(_Bytes(file, meter), ("start", "end"), DefusedXMLParser(encoding=told))
            yield from _wanted(events, tag, path)
        except ParseError as error:
            raise _broken(path, error) from error
        except DefusedXmlException as error:
            raise UnreadableFile(
                "{path} declares entities of its own: such XML is not read.",
                remedy="Export it again: no learning platform writes them.",
                path=str(path),
            ) from error
        except (LookupError, ValueError) as error:
            raise UnreadableFile(
                "{path} is XML in an encoding that is not known.",
                remedy="Save it as UTF-8, or name its encoding with --encoding.",
                path=str(path),
            ) from error


def _wanted(events: Iterator[tuple[str, Element]], tag: str, path: Path) -> Iterator[Element]:
    """What is called ``tag``; all else is thrown away as soon as it ends."""
    around: list[Element] = []
    inside = 0
    for event, element in events:
        if event == "start":
            inside += element.tag == tag
            around.append(element)
            _check_depth(len(around), path)
            continue
        around.pop()
        inside -= element.tag == tag
        if not inside:
            if element.tag == tag:
                yield element
            if around:
                around[-1].clear()


def _check_depth(depth: int, path: Path) -> None:
    if depth > DEEPEST:
        raise UnreadableFile(
            "{path} is not whole XML: {reason}.",
            remedy="It may have been cut off while it was written or copied: export it again.",
            path=str(path),
            reason="it is nested too deeply",
        )


def _broken(path: Path, error: ParseError) -> UnreadableFile:
    line, column = error.position
    return UnreadableFile(
        "{path} is not whole XML from line {line}, column {column} on: {reason}.",
        remedy="It may have been cut off while it was written or copied: export it again. "
        "If it is not in UTF-8, name its encoding with --encoding.",
        path=str(path),
        line=line,
        column=column + 1,
        reason=str(error).partition(": line")[0],
    )


class _Bytes:
    """A file without the bytes that XML forbids; ``meter`` follows how far it is read."""

    def __init__(self, file: IO[bytes], meter: Meter) -> None:
        self._file = file
        self._meter = meter
        self._forbidden = b"" if file.read(2) in {mark[:2] for mark in _WIDE} else _CONTROL
        file.seek(0)

    def read(self, size: int = -1) -> bytes:
        while piece := self._file.read(size):
            self._meter.done = self._file.tell()
            if kept := piece.translate(None, self._forbidden):
                return kept
        return b""

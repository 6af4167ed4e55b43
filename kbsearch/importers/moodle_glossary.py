"""Exports of Moodle glossaries and FAQs (XML): entries become cases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape
from pathlib import Path
from xml.etree.ElementTree import Element  # only its name: defusedxml does the reading

from kbsearch.errors import UnreadableFile
from kbsearch.importers.html_markdown import html_markdown
from kbsearch.importers.html_text import html_text
from kbsearch.importers.options import ImportOptions, Meter, Source
from kbsearch.importers.records import IncomingCase, Record, Skipped
from kbsearch.importers.xml_file import elements, root_of

ROOT = "GLOSSARY"

_MOODLE, _PLAIN, _MARKDOWN = "0", "2", "4"
"""Formats of texts in Moodle; 1 is HTML, and 0 is HTML in which lines end where they are broken."""
_LAID_OUT = re.compile(r"<(?:p|br|div|ul|ol|table|pre)\b", re.IGNORECASE)


def open_glossary(path: Path, options: ImportOptions) -> Source:
    """The export of a glossary at ``path``: its entries in their order.

    A concept is the title of a case and names it, so that a later export changes the same case.  Aliases are
    variants, categories and tags of Moodle its tags.  Attached files are left out.

    Raises:
        UnreadableFile: it is no export of a glossary.  Drawing the records raises it as well: for XML that
            breaks off or is unsafe, and for a glossary without entries.
    """
    with path.open("rb") as file:
        if root_of(file.read(4096)) != ROOT:
            raise UnreadableFile(
                "{path} is no export of a Moodle glossary (GLOSSARY, INFO, ENTRIES).",
                remedy="In Moodle open the glossary and choose Export entries.",
                path=str(path),
            )
    meter = Meter()

    def records() -> Iterator[Record]:
        number = 0
        for number, entry in enumerate(elements(path, "ENTRY", meter, options.encoding), 1):
            yield _case(entry, f"entry {number}", options)
        if not number:
            raise UnreadableFile(
                "{path} is the export of a glossary without entries.",
                remedy="Only approved entries are exported: approve them in Moodle, then export it again.",
                path=str(path),
            )

    return Source("glossary", records, meter)


def _case(entry: Element, place: str, options: ImportOptions) -> Record:
    title = html_text(_text(entry, "CONCEPT"))
    if not title:
        return Skipped(place, "the entry has no concept (CONCEPT)")
    answer = _answer(_text(entry, "DEFINITION"), _text(entry, "FORMAT"))
    if not answer:
        return Skipped(place, "the entry has no definition (DEFINITION)")
    return IncomingCase(
        title=" ".join(title.split()),
        answer=answer,
        variants=_texts(entry, "ALIASES/ALIAS/NAME"),
        course=options.course,
        tags=(*_texts(entry, "CATEGORIES/CATEGORY/NAME"), *_texts(entry, "TAGS/TAG")),
        place=place,
    )


def _answer(definition: str, text_format: str) -> str:
    if text_format == _MARKDOWN:
        return definition
    if text_format == _PLAIN:
        return html_markdown(escape(definition, quote=False).replace("\n", "<br>"))
    if text_format == _MOODLE and not _LAID_OUT.search(definition):
        definition = definition.replace("\n", "<br>")
    return html_markdown(definition)


def _text(entry: Element, path: str) -> str:
    return (entry.findtext(path) or "").strip()


def _texts(entry: Element, path: str) -> tuple[str, ...]:
    found = (html_text(one.text or "") for one in entry.iterfind(path))
    return tuple(" ".join(text.split()) for text in found if text)

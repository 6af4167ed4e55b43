"""Text files of unknown encoding, read line by line in bounded memory."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from kbsearch.errors import UnreadableFile
from kbsearch.importers.options import Meter
from kbsearch.importers.records import Flaw
from kbsearch.text.common_words import common_words

LONGEST_LINE = 1_000_000
"""Characters of a line that are kept in memory; a longer one is passed over and reported."""

SAMPLE = 4_000_000
"""Bytes that are looked at to tell the encoding."""

MOST_CONTROL = 0.05
"""Above this share of control bytes a file is no text."""

MOST_BROKEN = 0.05
"""Up to this share of broken bytes among the non-ASCII ones a file is UTF-8 with some broken lines."""

_BOMS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_CONTROL = bytes(set(range(32)) - set(b"\t\n\r\f\x1b"))
_ESCAPED = re.compile("[\udc80-\udcff]")
_NOT_ASCII = re.compile(r"[^\x00-\x7f]")
_CYRILLIC = re.compile("[А-Яа-яЁё]")
_WORD = re.compile("[а-яё]{3,}", re.IGNORECASE)
_OLD_ENCODINGS = ("cp1251", "koi8-r", "cp866", "mac-cyrillic")
"""The likeliest first; any of them reads any bytes, so known words tell."""
_WORDS = 2_000
"""Words of a file by which its encoding is told."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number from 1; ``flaw`` says why it cannot be used."""

    number: int
    text: str
    flaw: Flaw | None = None


def tell_encoding(path: Path) -> str:
    """The encoding of the file at ``path``: UTF-8 (with or without BOM), UTF-16 or an old Cyrillic one.

    Raises:
        UnreadableFile: it is empty, no text, or in another encoding.
    """
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n\x00"):
        raise UnreadableFile("{path} is empty.", remedy="Check that the export has finished.", path=str(path))
    for mark, name in _BOMS:
        if head.startswith(mark):
            return name
    wide = _wide_encoding(head)
    if wide:
        return wide
    if len(head) - len(head.translate(None, _CONTROL)) > MOST_CONTROL * len(head):
        raise UnreadableFile(
            "{path} is no text file.", remedy="Save it as CSV, XLSX, JSON Lines or Markdown.", path=str(path)
        )
    return "utf-8" if _is_mostly_utf8(head) else _cyrillic_encoding(head, path)


def _wide_encoding(head: bytes) -> str:
    """UTF-16 without a mark: every second byte of ASCII text is zero."""
    sample = head[:2000]
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if max(even, odd) < len(sample) * 0.1 or min(even, odd) > max(even, odd) * 0.2:
        return ""
    return "utf-16-le" if odd > even else "utf-16-be"


def _is_mostly_utf8(head: bytes) -> bool:
    text = head.decode("utf-8", "surrogateescape")
    return len(_ESCAPED.findall(text)) <= MOST_BROKEN * len(_NOT_ASCII.findall(text)) + 3 * (
        len(head) == SAMPLE
    )


def _cyrillic_encoding(head: bytes, path: Path) -> str:
    name = max(_OLD_ENCODINGS, key=lambda one: _known_words(head.decode(one, "replace")))
    text = head.decode(name, "replace")
    letters = len(_CYRILLIC.findall(text))
    if letters < 0.6 * len(_NOT_ASCII.findall(text)):
        raise UnreadableFile(
            "{path} is neither UTF-8 nor Windows-1251.",
            remedy="Save it as UTF-8, or name its encoding with --encoding.",
            path=str(path),
        )
    return name


def _known_words(text: str) -> int:
    """How many of the first words of ``text`` are common Russian ones."""
    found = islice(_WORD.finditer(text), _WORDS)
    return sum(word.group().lower().replace("ё", "е") in common_words() for word in found)


def check_encoding(name: str) -> str:
    """The codec ``name`` under its usual name.

    Raises:
        UnreadableFile: Python does not know it as an encoding of text.
    """
    try:
        "".encode(name)
        return codecs.lookup(name).name
    except (LookupError, ValueError) as error:
        raise UnreadableFile(
            "There is no encoding '{name}'.", remedy="Use utf-8, utf-16 or cp1251.", name=name[:50]
        ) from error


def read_lines(path: Path, encoding: str, meter: Meter) -> Iterator[Line]:
    """The lines of the file, ends included; ``meter`` counts bytes.

    A line that is too long or not in ``encoding`` comes with its flaw and without its text.
    """
    meter.total = path.stat().st_size
    with path.open("rb") as raw:
        file = io.TextIOWrapper(raw, encoding, errors="surrogateescape", newline="")
        number = 0
        try:
            while text := file.readline(LONGEST_LINE):
                text = text if number else text.removeprefix("\ufeff")
                yield _checked(number + 1, text, file, encoding)
                number += 1
                meter.done = raw.tell()
        except UnicodeDecodeError:  # encodings of more than a byte cannot escape what is broken
            yield Line(
                number + 1, "", Flaw("the file is not {encoding} from here on", {"encoding": encoding})
            )


def _checked(number: int, text: str, file: io.TextIOWrapper, encoding: str) -> Line:
    if len(text) == LONGEST_LINE and not text.endswith(("\n", "\r")):
        while (rest := file.readline(LONGEST_LINE)) and len(rest) == LONGEST_LINE and not rest.endswith("\n"):
            pass
        return Line(
            number, "", Flaw("the line is longer than {characters} characters", {"characters": LONGEST_LINE})
        )
    if _ESCAPED.search(text):
        return Line(number, "", Flaw("the line is not {encoding}", {"encoding": encoding}))
    return Line(number, text)

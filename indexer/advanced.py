"""The advanced query language: Whoosh's, with quotes, minus, AND, OR, NOT, parentheses and field names.

A quoted phrase or a field name makes its part of the query required; loose words are joined with OR.  There
are no wildcards: words are found by their stems anyway.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import ExitStack
from functools import cache, reduce
from typing import Any

import numpy as np
from whoosh import fields, qparser, query
from whoosh.reading import MultiReader
from whoosh.searching import Searcher

from indexer.segments import Mask
from indexer.store import SCHEMA, TEXT_FIELDS
from indexer.view import View
from kbsearch.errors import InvalidInput
from kbsearch.text.words import stems

ANY = "any"
"""The field of words without a field name: all text fields."""
MAX_CHARS = 1_000
MAX_WORDS = 64
MAX_DEPTH = 8
ALIASES = {
    "title": ["заголовок"],
    "answer": ["ответ"],
    "tags": ["tag", "тег", "теги"],
    "course": ["курс"],
    "variants": ["variant", "вариант", "варианты"],
}
_FIELD = "|".join(name for names in ALIASES.items() for name in (names[0], *names[1]))
_REQUIRED = re.compile(rf'(?<![^\s(])(?=(?:{_FIELD}):\S|")', re.IGNORECASE)
_OPERATORS = re.compile(r"(?:^|[\s(])(?:AND|OR|NOT|ANDNOT|ANDMAYBE|REQUIRE)(?=\s)")
_NO_LETTERS = re.compile(r'(?:\w+:)?("\W*")')
_NAMED = re.compile(rf"(?<!\w)({_FIELD}):", re.IGNORECASE)


def parse(text: str) -> Any:
    """The Whoosh query that ``text`` asks for.

    Raises:
        InvalidInput: it is too long or too deep, quotes or parentheses do not match, or it only excludes.
    """
    check(text)
    told = _NO_LETTERS.sub(lambda match: match[0] if stems(match[1]) else " ", text)
    lowered = _NAMED.sub(lambda match: match[0].lower(), told)
    if not _OPERATORS.search(lowered):
        lowered = _REQUIRED.sub("+", lowered)
    try:
        parsed = _parser().parse(lowered).normalize()
    except Exception as error:  # Whoosh's parser raises whatever it stumbles over
        raise _invalid("it cannot be understood") from error
    if not positive_terms(parsed):
        raise _invalid("it names nothing to look for")
    return parsed


def check(text: str) -> None:
    """Refuse what would take too long or cannot mean anything; raises `InvalidInput`."""
    if len(text) > MAX_CHARS or len(stems(text)) > MAX_WORDS:
        raise _invalid(f"it is longer than {MAX_CHARS} characters or {MAX_WORDS} words")
    if text.count('"') % 2:
        raise _invalid('a quote (") is not closed')
    depth = 0
    for character in re.sub(r'"[^"]*"', "", text):
        depth += {"(": 1, ")": -1}.get(character, 0)
        if not 0 <= depth <= MAX_DEPTH:
            raise _invalid("parentheses do not match or are nested too deep")
    if depth:
        raise _invalid("a parenthesis is not closed")


def _invalid(reason: str) -> InvalidInput:
    return InvalidInput(
        "The query cannot be used: {reason}.",
        remedy='Examples: "git push" -force, title:commit, course:python list. Or search for plain words.',
        reason=reason,
    )


@cache
def _parser() -> Any:
    names = {name: SCHEMA[name] for name in (*TEXT_FIELDS, "course")}
    return qparser.QueryParser(
        ANY,
        fields.Schema(**names, **{ANY: SCHEMA["title"]}),
        group=qparser.OrGroup,
        plugins=[
            qparser.FieldsPlugin(),
            qparser.FieldAliasPlugin(ALIASES),
            qparser.PhrasePlugin(expr=r'"(?P<text>[^"]*)"(?P<slop>(?!))?'),
            qparser.GroupPlugin(),
            qparser.OperatorsPlugin(),
            qparser.PlusMinusPlugin(plusexpr=r"(?<![^\s(])\+(?=\S)", minusexpr=r"(?<![^\s(])-(?=\S)"),
        ],
    )


def positive_terms(parsed: Any) -> list[str]:
    """Stems that ``parsed`` asks for and does not exclude, each once; a course's code as "course:code"."""
    return list(dict.fromkeys(_positive(parsed)))


def _positive(parsed: Any) -> list[str]:
    if isinstance(parsed, query.Not):
        return []
    if isinstance(parsed, query.AndNot):
        return _positive(parsed.a)
    if isinstance(parsed, query.Term):
        return [f"course:{_text(parsed)}"] if parsed.fieldname == "course" else [_text(parsed)]
    if isinstance(parsed, query.Phrase):
        return [str(word) for word in parsed.words]
    return [term for child in parsed.children() for term in _positive(child)]


def _text(term: Any) -> str:
    return term.text if isinstance(term.text, str) else str(term.text, "utf-8")


def scored_terms(parsed: Any) -> list[str]:
    """The stems of ``parsed`` that count for the score: all but the codes of courses."""
    return [term for term in positive_terms(parsed) if not term.startswith("course:")]


def matching(parsed: Any, view: View) -> Mask:
    """Which documents of ``view`` match ``parsed``; deleted ones may be among them."""
    if not view.segments:
        return np.zeros(0, dtype=np.bool_)
    with ExitStack() as stack:
        for segment in sorted(view.segments, key=lambda segment: segment.name):
            stack.enter_context(segment.lock)
        return _Evaluation(view).mask(parsed)


class _Evaluation:
    """Finds the documents of one view.

    Whoosh finds words in single fields and phrases.  They are combined here, because its own matchers of
    exclusions return documents that are excluded (2.7.5); words in any field come from the arrays, which
    is far faster.
    """

    def __init__(self, view: View) -> None:
        readers = [segment.reader for segment in view.segments]
        self._searcher = Searcher(readers[0] if len(readers) == 1 else MultiReader(readers))
        self._view = view

    def mask(self, parsed: Any) -> Mask:
        """Which documents match ``parsed``."""
        if isinstance(parsed, query.Term):
            return self._term(parsed)
        if isinstance(parsed, query.Phrase):
            return self._phrase(parsed)
        return self._combined(parsed, list(parsed.children()))

    def _combined(self, parsed: Any, children: Sequence[Any]) -> Mask:
        match parsed:
            case query.Not():
                return ~self.mask(children[0])
            case query.AndNot():
                return self.mask(children[0]) & ~self.mask(children[1])
            case query.AndMaybe():
                return self.mask(children[0])
            case query.And() | query.Require():
                return reduce(np.logical_and, map(self.mask, children))
        return self._any(children)

    def _any(self, children: Sequence[Any]) -> Mask:
        """Any of ``children``; those with NOT exclude: nobody means "or all that is without it"."""
        mask = self._none()
        for child in children:
            if not isinstance(child, query.Not):
                mask |= self.mask(child)
        for child in children:
            if isinstance(child, query.Not):
                mask &= self.mask(child)
        return mask

    def _term(self, term: Any) -> Mask:
        if term.fieldname != ANY:
            return self._found(term)
        mask = self._found(query.Term("tags", term.text))
        for base, segment in zip(self._view.bases, self._view.segments, strict=False):
            if hit := segment.arrays.term(_text(term)):
                mask[base + hit[0]] = True
        return mask

    def _phrase(self, phrase: Any) -> Mask:
        if phrase.fieldname != ANY:
            return self._found(phrase)
        found = (self._found(query.Phrase(field, phrase.words)) for field in TEXT_FIELDS)
        return reduce(np.logical_or, found)

    def _found(self, leaf: Any) -> Mask:
        mask = self._none()
        mask[list(self._searcher.docs_for_query(leaf))] = True
        return mask

    def _none(self) -> Mask:
        return np.zeros(len(self._view.present), dtype=np.bool_)

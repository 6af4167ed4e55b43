"""Finds the English texts of the domain that pages translate, for the catalogue (see babel.cfg).

Errors, reasons and skipped rows carry English templates; Babel's own extractor sees only ``gettext`` calls.
This one reads calls of the classes that carry templates, and the table of titles in web/errors.py.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any

CARRIERS = {
    "InvalidInput", "TooLarge", "UnreadableFile", "NotFound", "Conflict", "NotAuthenticated", "NotAllowed",
    "StorageUnavailable", "IndexUnavailable", "EncoderUnavailable", "ConfigurationError", "Problem",
    "KbsearchError",
}  # fmt: skip
"""Errors: the first text and ``remedy`` are templates."""

SECOND = {"Reason", "Skipped"}
"""Here the second text is the template; the first is a kind or a place."""

STEPS = {"progress"}
"""Of these calls the last text is a step of a job."""

TABLES = {"TITLES", "_DETAILS", "remedies", "_NEAREST", "STAGES"}
"""Dictionaries whose texts are templates."""

Message = tuple[int, str | None, str, list[str]]


def extract(
    source: IO[bytes], keywords: Mapping[str, Any], comment_tags: Collection[str], options: Mapping[str, Any]
) -> Iterator[Message]:
    """Messages of one Python file, in the shape that Babel asks of an extractor."""
    for node in ast.walk(ast.parse(source.read())):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, None, text, []) for text in _of_call(node))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _names(node) & TABLES:
            yield from ((node.lineno, None, text, []) for text in _of_table(node.value))


def _of_call(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in STEPS:
        yield from (text for argument in call.args[2:] for text in _texts(argument))
    if name not in CARRIERS | SECOND:
        return
    named = {word.arg: word.value for word in call.keywords}
    texts = [text for argument in call.args for text in _texts(argument)]
    if name in SECOND:
        yield from texts[1:2] or _texts(named.get("text") or named.get("reason"))
        return
    yield from (text for text in texts if " " in text)
    for key in ("message", "detail", "remedy"):
        yield from _texts(named.get(key))


def _names(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


def _of_table(value: ast.expr | None) -> Iterator[str]:
    if isinstance(value, ast.Dict):
        for entry in value.values:
            yield from (text for text in _texts(entry) if " " in text)


def _texts(node: ast.expr | None) -> Iterator[str]:
    """The constant texts that an expression can be."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        if node.value:
            yield node.value
    elif isinstance(node, ast.IfExp):
        yield from _texts(node.body)
        yield from _texts(node.orelse)
    elif isinstance(node, ast.Tuple):
        for entry in node.elts:
            yield from _texts(entry)

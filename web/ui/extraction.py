"""Finds the English texts of the domain that pages translate, for the catalogue (see babel.cfg).

Errors, reasons and skipped rows carry English templates; Babel's own extractor sees only ``gettext`` calls.
This one reads calls of the classes that carry templates, the table of titles in web/errors.py, and what
Babel's own extractor sees: Babel gives each file to one extractor only.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Mapping
from typing import IO, Any, cast

from babel.messages.extract import extract_python

CARRIERS = {
    "InvalidInput", "TooLarge", "UnreadableFile", "NotFound", "Conflict", "NotAuthenticated", "NotAllowed",
    "StorageUnavailable", "IndexUnavailable", "EncoderUnavailable", "ConfigurationError", "Problem",
    "KbsearchError", "Flaw", "Everyday", "placed",
}  # fmt: skip
"""Errors, flaws of rows, what puts a place before one: the first text and ``remedy`` are templates."""

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
    yield from cast(Iterator[Message], extract_python(source, keywords, comment_tags, cast(Any, options)))
    source.seek(0)
    tree = ast.parse(source.read())
    for node in ast.walk(_Filled(_constants(tree)).visit(tree)):
        if isinstance(node, ast.Call):
            yield from ((node.lineno, None, text, []) for text in _of_call(node))
        elif isinstance(node, ast.Assign) and "remedy" in _names(node):
            yield from ((node.lineno, None, text, []) for text in _texts(node.value))
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and _names(node) & TABLES:
            yield from ((node.lineno, None, text, []) for text in _of_table(node.value))


def _constants(tree: ast.Module) -> dict[str, ast.Constant]:
    """The texts that the module gives a name to."""
    found: dict[str, ast.Constant] = {}
    for node in tree.body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            found |= dict.fromkeys(_names(node), node.value)
    return found


class _Filled(ast.NodeTransformer):
    """Puts the texts in place of their names."""

    def __init__(self, constants: Mapping[str, ast.Constant]) -> None:
        self._constants = constants

    def visit_Name(self, node: ast.Name) -> ast.expr:  # the name that NodeTransformer calls
        return self._constants.get(node.id, node) if isinstance(node.ctx, ast.Load) else node


def _of_call(call: ast.Call) -> Iterator[str]:
    name = call.func.id if isinstance(call.func, ast.Name) else getattr(call.func, "attr", "")
    if name in STEPS:
        yield from (text for argument in call.args[2:] for text in _texts(argument))
    if name not in CARRIERS | SECOND:
        return
    named = {word.arg: word.value for word in call.keywords}
    texts = [text for argument in call.args for text in _texts(argument)]
    if name in SECOND:
        second = call.args[1] if len(call.args) > 1 else named.get("text") or named.get("reason")
        yield from _texts(second)
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

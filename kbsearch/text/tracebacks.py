"""Tracebacks that were pasted into a question, reduced to the line that names the error."""

from __future__ import annotations

import re

_START = re.compile(r"traceback \(most recent call last\)", re.IGNORECASE)
_ERROR = re.compile(r"[A-Za-z_][\w.]*(?:Error|Exception|Warning|Exit|Interrupt|Iteration)\b.*")
_FRAME = re.compile(
    r"\s*(?:File \".*\", line \d+.*|at \S+ ?\(.*\)|at \S+:\d+:\d+|-+> ?\d+ .*|\d+ .*|\^+|~*\^+~*|-{5,}"
    r"|Cell In.*|<ipython-input.*|During handling of the above exception.*|The above exception was .*)$"
)


def reduce_tracebacks(text: str) -> str:
    """``text`` with each traceback reduced to its last line; the words around it stay."""
    kept: list[str] = []
    inside = False
    for line in text.split("\n"):
        if _START.search(line):
            inside = True
        elif inside and _ERROR.match(line):
            inside = False
            kept.append(line)
        elif inside and line.strip() and not line[:1].isspace() and not _FRAME.match(line):
            inside = False  # the traceback ended without naming its error
            kept.append(line)
        elif not inside and not _FRAME.match(line):
            kept.append(line)
    reduced = "\n".join(kept).strip()
    return reduced if reduced and len(reduced) < len(text.strip()) else text

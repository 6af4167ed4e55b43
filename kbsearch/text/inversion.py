"""Whether an English message puts a question by the order of its words, with or without its mark."""

from __future__ import annotations

import re

_PERSON = r"i|we|you|they|anyone|anybody|someone|somebody"
_NAMED = rf"{_PERSON}|he|she|it|this|that|these|those|there|everyone|everything"
_WITH_NOUN = rf"{_NAMED}|my|our|your|his|her|their|the|a|an|\d+"
_INVERTED = re.compile(
    r"(?:^|[.,;:!?)]\s+|\n\s*)"
    rf"(?:(?:is|are|does|can|could|should|would|will)\s+(?:{_WITH_NOUN})"
    rf"|(?:am|was|were|has|may)\s+(?:{_NAMED})"
    rf"|(?:do|did|have)\s+(?:{_PERSON}))\s+\w",
    re.IGNORECASE,
)
"""A verb before whom or what it is about, where a clause begins: «is my starter alive», "do i need a stone".

"have a nice day", "did it" and "do my best" begin alike and ask nothing: these verbs are taken with persons
only.
"""


def inverted(text: str) -> bool:
    """Whether a clause of ``text`` begins as an English question without a question word does."""
    return _INVERTED.search(text) is not None

"""Signs of programming languages that a text speaks of: ``==``, ``!=``, ``&&``, ``=>``, ``//``, a lone ``%``.

They are told from punctuation by what stands around them: a rule of many ``=``, an emoticon, ``**bold**``, a
quoted line, 20 % and ``https://`` hold none.  Dashes, a lone ``+`` or ``*`` and the like are never told: they
mean too much else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

_RUN = r"=!<>&|+*/%:^~\-"
"""What is joined to one of these is part of a longer run, such as a rule or an arrow that is drawn."""
_ANYWHERE = r"[=!]==?|<=>|[<>]=|[-+*/%:]=|//=|\*\*=|=>|->|<-|&&|<>"
_BETWEEN = r"\*\*|//|::|\|\||<<|>>"
"""Signs that also enclose or comment: they count with a letter or digit on both sides, or on none."""
_OPENS, _CLOSES = r"\s`'\"«“„(\[", r"\s`'\"»”“)\],.;:?!"
_LONE = (
    rf"(?:(?<![^{_OPENS}])(?<!\d\s)[=<%]|(?<=[^\S\n]|[`'\"«“„(\[])(?<!\d\s)>)"
    rf"(?![^{_CLOSES}])(?!\s?\d|(?<==)\))"
)
SIGN = (
    rf"(?<![{_RUN}])(?:(?:{_ANYWHERE})(?![{_RUN}()])"
    rf"|(?:(?<!\w)(?:{_BETWEEN})(?![{_RUN}\w(])|(?<=\w)(?:{_BETWEEN})(?=\w))"
    rf"|{_LONE})"
)
"""A regular expression for one sign."""
may_have_sign = re.compile(r"[=<>%]|&&|\|\||::|\*\*|//").search
"""Finds something in each text that has a sign, and soon nothing in most others."""
IN_PROSE: Mapping[str, float] = MappingProxyType(dict.fromkeys(("->", "=>", "<-", ">>", *"=<>%"), 0.016))
"""Signs that stand in texts about anything, with the share of texts that hold each: of a word such as
"например".  Ways through menus are told with arrows."""

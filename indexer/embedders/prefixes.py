"""How queries and passages begin for models that were trained with prefixes."""

from __future__ import annotations

from collections.abc import Mapping

from kbsearch.ports import Role


def prefix(name: str, prompts: Mapping[str, str], role: Role) -> str:
    """What stands before a text in its ``role``: as the model's ``prompts`` say, else what ``name`` needs.

    A model may say itself how queries and passages begin; those of the e5 family do not, but need it.
    """
    for known in (role, "document") if role == "passage" else (role,):
        if prompts.get(known):
            return prompts[known]
    return f"{role}: " if "e5" in name.lower().rstrip("/").rsplit("/", 1)[-1].split("-") else ""

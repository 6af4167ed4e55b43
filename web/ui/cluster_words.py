"""How clusters, and what runs and people do to them, read in the language of the page."""

from __future__ import annotations

from kbsearch.models import Colour, Relation
from web.ui.texts import gettext
from web.ui.words import POSSIBLE


def case_of_cluster(share: float, *, has_case: bool, green: bool = False) -> str:
    """Whether a cluster has a case; one that is ``green`` without one of its own has cases that fit."""
    if has_case:
        return gettext("has a case")
    if green:
        return gettext("published cases fit")
    return gettext("partly answered") if share >= POSSIBLE else gettext("no case")


def colour_tone(name: str) -> str:
    """The tone of a colour of coverage; it goes with its word, never alone."""
    return {Colour.GREEN: "good", Colour.YELLOW: "warn", Colour.RED: "bad"}[Colour(name)]


def colour(name: str) -> str:
    """How far a cluster is covered, as a colour."""
    return {
        Colour.GREEN: gettext("green"),
        Colour.YELLOW: gettext("yellow"),
        Colour.RED: gettext("red"),
    }[Colour(name)]


def relation(name: str) -> str:
    """How a cluster stems from one of the last run."""
    return {
        Relation.CONTINUES: gettext("continues"),
        Relation.SPLIT: gettext("split off"),
        Relation.MERGED: gettext("merged"),
        Relation.BORN: gettext("new"),
        Relation.GONE: gettext("gone"),
    }[Relation(name)]


def change(kind: str) -> str:
    """What a line of a proposal does to a cluster."""
    return {
        "born": gettext("new cluster"),
        "grown": gettext("grows"),
        "shrunk": gettext("shrinks"),
        "split": gettext("splits off"),
        "merged": gettext("goes into another one"),
        "gone": gettext("ends"),
    }.get(kind, kind)


def change_tone(kind: str) -> str:
    """The colour of a line of a proposal; it goes with `change`'s words, never alone."""
    return {"born": "good", "grown": "good", "split": "accent", "merged": "warn", "gone": "bad"}.get(kind, "")


def cluster_edit(kind: str) -> str:
    """What a person did to a cluster."""
    return {
        "rename": gettext("renamed"),
        "keep": gettext("kept as a cluster"),
        "link": gettext("linked to a case"),
        "merge": gettext("merged"),
        "split": gettext("split"),
        "move": gettext("questions moved"),
        "pin": gettext("questions pinned"),
        "dismiss": gettext("not a question"),
    }.get(kind, kind)

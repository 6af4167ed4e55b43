"""Comments below the rows of a JSON table, as help desks and code hosts export them, as replies."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from kbsearch.importers.chat_threads import known_as

COLUMN = "comments"
_TEXTS = ("plain_body", "body", "text", "message", "content")
_AUTHORS = ("author_id", "author", "user_id", "user", "user_name")
_MOMENTS = ("created_at", "createdAt", "created", "date", "time", "timestamp")
_ACCEPTED = ("isAnswer", "is_answer", "accepted", "endorsed", "is_solution")
_NAMES = ("login", "username", "email", "id", "name", "display_name", "displayName")
"""What tells a person that is given as an object, the most lasting first."""
_STAFF = {
    "authorAssociation": ("OWNER", "MEMBER", "COLLABORATOR"),
    "author_association": ("OWNER", "MEMBER", "COLLABORATOR"),
    "user_role": ("teacher", "staff", "moderator", "assistant", "admin"),
}
"""Keys whose values say that staff wrote it."""


def are_comments(value: Any) -> bool:
    """Whether ``value`` is a list of comments: objects, some of them with a text."""
    found = _listed(value)
    return all(isinstance(one, dict) for one in found) and any(map(_has_text, found))


def as_replies(comments: Any, row: Mapping[str, Any], body: str, mentors: Sequence[str]) -> list[Any]:
    """``comments`` as entries of ``replies``, without private notes and without ``body`` itself.

    ``row``: the ticket; whoever comments on it without having requested it is staff.
    """
    if not are_comments(comments):
        return []
    named = {known_as(mentor) for mentor in mentors}
    every = [reply for one in _listed(comments) for reply in (one, *_inner(one))]
    public = [one for one in every if one.get("public", True) is not False and _has_text(one)]
    return [_reply(one, row, named) for one in public if str(_first(one, _TEXTS)).strip() != body.strip()]


def person(value: Any) -> Any:
    """What tells the person ``value``: of an object its login, id or name."""
    return _first(value, _NAMES) if isinstance(value, Mapping) else value


def _reply(comment: Mapping[str, Any], row: Mapping[str, Any], mentors: Collection[str]) -> dict[str, Any]:
    author = _first(comment, _AUTHORS)
    names = {known_as(str(name)) for name in _all_names(comment)}
    requested = row.get("requester_id")
    by_staff = (
        any(comment.get(key) in values for key, values in _STAFF.items())
        or not names.isdisjoint(mentors)
        or (requested is not None and comment.get("author_id") not in (None, requested))
    )
    return {
        "text": _first(comment, _TEXTS),
        "author": person(author),
        "by_mentor": comment.get("by_mentor", by_staff),
        "accepted": any(comment.get(key) is True for key in _ACCEPTED),
        "replied_at": _first(comment, _MOMENTS),
    }


def _all_names(comment: Mapping[str, Any]) -> list[Any]:
    told = [comment[key] for key in _AUTHORS if key in comment]
    return [one for value in told for one in (value.values() if isinstance(value, Mapping) else (value,))]


def _listed(value: Any) -> list[Any]:
    """The entries of a list, which GraphQL puts into an object as its nodes."""
    inner = value.get("nodes") if isinstance(value, dict) else value
    return inner if isinstance(inner, list) else []


def _inner(comment: Mapping[str, Any]) -> list[Any]:
    """The replies to ``comment`` that stand in it."""
    return [one for one in _listed(comment.get("replies")) if isinstance(one, dict)]


def _has_text(one: Mapping[str, Any]) -> bool:
    text = _first(one, _TEXTS)
    return isinstance(text, str) and bool(text)


def _first(entry: Mapping[str, Any], keys: Sequence[str]) -> Any:
    return next((entry[key] for key in keys if entry.get(key) not in (None, "")), "")

"""Comments below the rows of JSON tables."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion
from kbsearch.importers.sources import open_source

ISSUE = {
    "number": 12,
    "title": "Push rejected",
    "body": "Why?",
    "createdAt": "2026-03-02T15:20:00Z",
    "author": {"id": "U_1", "login": "ann", "name": "Ann P"},
    "comments": [
        {
            "author": {"login": "olga"},
            "authorAssociation": "OWNER",
            "body": "Pull first",
            "createdAt": "2026-03-02T15:40:00Z",
        },
        {"author": {"login": "ann"}, "authorAssociation": "NONE", "body": "and then?", "createdAt": ""},
    ],
}
TICKET = {
    "id": 35,
    "subject": "Push rejected",
    "description": "Hello, it is rejected",
    "created_at": "2026-03-02T15:20:00Z",
    "requester_id": 77,
    "comments": [
        {"id": 1, "author_id": 77, "body": "Hello, it is rejected", "public": True},
        {"id": 2, "author_id": 1, "body": "rude one", "public": False},
        {"id": 3, "author_id": 1, "body": "Pull first", "public": True, "created_at": "2026-03-02T15:40:00Z"},
        {"id": 4, "author_id": 77, "body": "It worked", "public": True},
        {"id": 5, "author_id": 77, "body": "", "public": True, "attachments": [{"id": 9}]},
    ],
}


def asked(folder: Path, row: Any, **options: Any) -> IncomingQuestion:
    path = folder / "rows.jsonl"
    path.write_text(json.dumps(row) + "\n", "utf-8")
    (record,) = open_source(path, ImportOptions(**options)).records()
    assert isinstance(record, IncomingQuestion)
    return record


def test_issues_of_a_code_host(tmp_path: Path) -> None:
    question = asked(tmp_path, ISSUE)
    assert (question.text, question.author) == ("Push rejected\nWhy?", "ann")
    assert [(one.text, one.author, one.by_mentor) for one in question.replies] == [
        ("Pull first", "olga", True),
        ("and then?", "ann", False),
    ]
    assert question.replies[0].replied_at is not None
    assert all(one.by_mentor for one in asked(tmp_path, ISSUE, mentors=("@ANN",)).replies)


def test_tickets_without_their_private_notes(tmp_path: Path) -> None:
    question = asked(tmp_path, TICKET)
    assert question.text == "Push rejected\nHello, it is rejected"
    assert [(one.text, one.author, one.by_mentor) for one in question.replies] == [
        ("Pull first", "1", True),
        ("It worked", "77", False),
    ]


def test_comments_that_are_no_replies_are_left_alone(tmp_path: Path) -> None:
    for comments in ([], "a note", [{"stars": 3}], None, ["x"]):
        assert asked(tmp_path, ISSUE | {"comments": comments}).replies == ()
    assert asked(tmp_path, ISSUE, mapping={"replies": ""}).replies == ()


def test_discussions_of_a_code_host_as_its_graphql_gives_them(tmp_path: Path) -> None:
    comment: dict[str, Any] = {"body": "Pull first", "author": {"login": "olga"}, "isAnswer": True}
    comment["replies"] = {"nodes": [{"body": "thanks", "author": {"login": "ann"}}]}
    node: dict[str, Any] = {
        "title": "Push",
        "body": "Why?",
        "author": {"login": "ann"},
        "comments": {"nodes": [comment]},
    }
    node["answer"] = {"id": "DC_1"}
    inner = {"discussions": {"totalCount": 1, "nodes": [node]}}
    path = tmp_path / "discussions.json"
    path.write_text(json.dumps({"data": {"repository": inner}}), "utf-8")
    (question,) = open_source(path, ImportOptions()).records()
    assert isinstance(question, IncomingQuestion)
    assert (question.text, question.author) == ("Push\nWhy?", "ann")
    assert [(one.text, one.accepted) for one in question.replies] == [("Pull first", True), ("thanks", False)]

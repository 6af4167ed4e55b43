"""Dumps of Stack Exchange: questions with their accepted or best answer."""

from __future__ import annotations

import tracemalloc
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput, UnreadableFile
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingCase, IncomingQuestion, IncomingReply, Record, Skipped
from kbsearch.importers.sources import open_source, tell_format

ASKED, ANSWERED = "2014-05-13T23:58:30.457", "2014-05-14T00:11:06.457"


def row(id: int, kind: int, body: str, **told: object) -> str:
    moment = ASKED if kind == 1 else ANSWERED
    attributes = {"Id": id, "PostTypeId": kind, "CreationDate": moment, "Score": 0, "Body": body} | told
    return f"  <row {' '.join(f'{name}={quoteattr(str(value))}' for name, value in attributes.items())} />\n"


def dump(*rows: str) -> str:
    return f'\ufeff<?xml version="1.0" encoding="utf-8"?>\n<posts>\n{"".join(rows)}</posts>'


SOLVED = row(
    5, 1, "<p>Как <code>git</code>?</p>\n", Title="Отменить коммит", Tags="<git><git-merge>", OwnerUserId=7,
    AcceptedAnswerId=9, AnswerCount=3,
)  # fmt: skip
WORSE = row(6, 2, "<p>Никак</p>", ParentId=5, Score=40, OwnerUserId=8)
ACCEPTED = row(9, 2, "<p>Так: <b>reset</b></p>", ParentId=5, Score=2, OwnerDisplayName="user77")
OPEN = row(10, 1, "<p>Почему?</p>", Title="Ветка", Tags="|git|ветки|", AnswerCount=2)
GOOD, BETTER = row(11, 2, "раз", ParentId=10, Score=-1), row(12, 2, "два", ParentId=10, Score=3)
LONELY = row(13, 1, "Кто?", Title="Тишина", AnswerCount=0)


def written(folder: Path, content: str | bytes, name: str = "Posts.xml") -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def drawn(path: Path, **options: Any) -> list[Record]:
    return list(open_source(path, ImportOptions(**options)).records())


def test_questions_come_with_the_answer_that_was_accepted(tmp_path: Path) -> None:
    path = written(tmp_path, dump(SOLVED, WORSE, ACCEPTED))
    assert drawn(path, course="git") == [
        IncomingQuestion(
            text="Отменить коммит\nКак `git`?",
            source="stackexchange",
            external_id="5",
            author="7",
            course="git",
            asked_at=datetime(2014, 5, 13, 23, 58, 30, 457000, UTC),
            replies=(
                IncomingReply(
                    "Так: reset", "user77", True, True, datetime(2014, 5, 14, 0, 11, 6, 457000, UTC)
                ),
            ),
            place="post 5",
        )
    ]


def test_the_best_answer_stands_in_for_one_that_was_not_accepted(tmp_path: Path) -> None:
    gone = SOLVED.replace('AcceptedAnswerId="9"', 'AcceptedAnswerId="99"')
    found = drawn(written(tmp_path, dump(gone, WORSE, ACCEPTED, OPEN, GOOD, BETTER, LONELY)), mentors=("8",))
    replies = {one.external_id: one.replies for one in found if isinstance(one, IncomingQuestion)}
    told = {key: [(one.text, one.by_mentor, one.accepted) for one in some] for key, some in replies.items()}
    assert told == {"13": [], "5": [("Никак", True, False)], "10": [("два", False, False)]}


def test_cases_are_made_of_what_is_answered(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, dump(SOLVED, ACCEPTED, OPEN, GOOD, BETTER, LONELY))
    first, other = [one for one in drawn(path, kind="cases") if isinstance(one, IncomingCase)]
    assert (first.title, first.answer, first.tags) == (
        "Отменить коммит", "Так: **reset**", ("git", "git-merge"),
    )  # fmt: skip
    assert (first.slug, other.tags) == ("stackexchange-5", ("git", "ветки"))
    report = app.imports.run(path, ImportOptions(kind="cases"))
    assert report.taken == {"cases_new": 2}
    assert report.harmless == {"a question without an answer that was accepted or liked": 1}
    assert app.imports.run(path, ImportOptions(kind="cases")).taken == {"cases_same": 2}


def test_what_is_neither_is_passed_over(tmp_path: Path) -> None:
    wiki = row(20, 5, "<p>о теге</p>")
    stray = row(21, 2, "да", ParentId=999)
    skipped = [
        one for one in drawn(written(tmp_path, dump(wiki, stray, LONELY, LONELY))) if isinstance(one, Skipped)
    ]
    assert all(one.harmless for one in skipped)
    assert [(one.place, one.reason) for one in skipped] == [
        ("entry 1", "a post that is neither a question nor an answer"),
        ("post 13", "a post with the number of an earlier one"),
        ("post 21", "an answer to a question that the file does not have"),
    ]


def test_broken_posts_cost_themselves_only(app: Kbsearch, tmp_path: Path) -> None:
    broken = (
        row(1, 1, "").replace('Body=""', ""),
        row(2, 1, "x").replace('Id="2" ', 'Id="два" '),
        "<row/>",
        row(3, 2, "y"),
        row(4, 1, "z", CreationDate="вчера", AnswerCount=0),
        row(8, 1, "w", CreationDate="", AnswerCount=0),
        row(10**30, 1, "v", AnswerCount=0),
        LONELY,
    )
    report = app.imports.run(written(tmp_path, dump(*broken)), ImportOptions())
    assert report.taken == {"questions_new": 1}
    found = {one.place: one.reason.format(**one.details) for one in report.skipped}
    assert "вчера" in found.pop("post 4")
    assert found == {
        "entry 1": "it is no post with an id and a text (Id, Body)",
        "entry 2": "it is no post with an id and a text (Id, Body)",
        "entry 3": "a post that is neither a question nor an answer",
        "post 3": "the answer does not tell its question (ParentId)",
        "post 8": "the message has no date",
        "entry 7": "it is no post with an id and a text (Id, Body)",
    }


def test_what_breaks_off_is_taken_up_to_there(app: Kbsearch, tmp_path: Path) -> None:
    whole = dump(SOLVED, ACCEPTED, OPEN)
    path = written(tmp_path, whole[: whole.index("Почему")])
    with pytest.raises(InvalidInput, match="not whole XML"):
        app.imports.run(path, ImportOptions(on_error="stop"))
    assert app.questions.latest() == []
    report = app.imports.run(path, ImportOptions())
    assert report.taken == {"questions_new": 1}
    assert [row.place for row in report.skipped] == ["the rest"]


def test_a_later_dump_adds_what_is_new(app: Kbsearch, tmp_path: Path) -> None:
    folder = written(tmp_path, dump(SOLVED.replace("Accepted", "No"), ACCEPTED), "site/Posts.xml").parent
    (folder / "Users.xml").write_text("<users/>", encoding="utf-8")
    assert tell_format(folder) == "stackexchange"
    assert app.imports.preview(folder, ImportOptions()).counts == {"questions": 1}
    assert app.imports.run(folder, ImportOptions()).taken == {"questions_new": 1}
    assert app.questions.latest()[0].state == "open"
    later = written(tmp_path, dump(SOLVED, WORSE, ACCEPTED, LONELY), "later.xml")
    assert app.imports.run(later, ImportOptions()).taken == {"questions_known": 1, "questions_new": 1}
    first = next(one for one in app.questions.latest() if one.external_id == "5")
    assert (first.state, [(one.text, one.accepted) for one in first.replies]) == (
        "answered", [("Так: reset", True)],
    )  # fmt: skip
    assert first.author_key != "7"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("<posts></posts>", "holds no posts"),
        ('<!DOCTYPE posts [<!ENTITY a "x">]><posts><row Id="1"/></posts>', "declares entities"),
        ("<users><row Id='1'/></users>", "no dump of Stack Exchange"),
    ],
)
def test_other_xml_is_refused(tmp_path: Path, content: str, words: str) -> None:
    with pytest.raises(UnreadableFile, match=words) as caught:
        drawn(written(tmp_path, content), format="stackexchange")
    assert caught.value.remedy


def test_a_large_dump_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.xml"
    with path.open("w", encoding="utf-8") as file:
        file.write("<posts>\n")
        for number in range(1, 3_000, 2):
            file.write(row(number, 1, "как? " * 500, Title="т", AcceptedAnswerId=6_001 - number))
        for number in range(3_002, 6_001, 2):
            file.write(row(number, 2, "так " * 500, ParentId=6_001 - number))
        file.write("</posts>")
    assert path.stat().st_size > 20_000_000 / 2
    tracemalloc.start()
    found = sum(
        1 for one in drawn_lazily(path) if isinstance(one, IncomingQuestion) and one.replies[0].accepted
    )
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found == 1_500
    assert peak < 3_000_000


def drawn_lazily(path: Path) -> Any:
    return open_source(path, ImportOptions()).records()

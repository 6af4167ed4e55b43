"""Exports of Moodle forums: posts become questions with replies."""

from __future__ import annotations

import csv
import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from kbsearch.app import Kbsearch
from kbsearch.importers.html_text import html_text
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, IncomingReply, Record, Skipped
from kbsearch.importers.sources import open_source
from kbsearch.services.imports import ImportOptions as Options

COLUMNS = (
    "id", "discussion", "parent", "userid", "userfullname", "created", "modified", "mailed", "subject",
    "message", "messageformat", "messagetrust", "attachment", "totalscore", "mailnow", "deleted",
    "privatereplyto", "privatereplytofullname", "wordcount", "charcount",
)  # fmt: skip
ASKED, LATER = "1790838060", "четверг, 1 октября 2026, 12:30"


def post(number: int, parent: int, author: str, message: str, **told: object) -> dict[str, str]:
    row = dict.fromkeys(COLUMNS, "0") | {"subject": "Re: Тест", "created": LATER, "messageformat": "1"}
    row |= {"id": str(number), "discussion": "3", "parent": str(parent)}
    row |= {"userid": f"5{len(author)}", "userfullname": author, "message": message}
    return row | {key: str(value) for key, value in told.items()}


POSTS = (
    post(12, 11, "Иван", "<p>Спасибо, помогло!</p>"),
    post(10, 0, "Иван", "<p>Тест не <b>сдаётся</b>&nbsp;:(</p>", subject="Итоговый тест", created=ASKED),
    post(11, 10, "Ольга Ким", "<p>Обновите страницу</p>"),
    post(13, 10, "Ольга Ким", "<p>только вам</p>", privatereplyto=55),
    post(14, 0, "Пётр", "<p>удалено</p>", deleted=1),
    post(15, 0, "Ольга Ким", "<p>Вебинар в среду</p>"),
    post(16, 99, "Пётр", "<p>и у меня</p>"),
    post(17, 0, "Пётр", "Где <div>?", messageformat=2, subject="где"),
)


def written(folder: Path) -> Path:
    path = folder / "forum.csv"
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        table = csv.DictWriter(file, COLUMNS)
        table.writeheader()
        table.writerows(POSTS)
    return path


def drawn(path: Path) -> list[Record]:
    return list(open_source(path, ImportOptions(mentors=("ольга ким",))).records())


@pytest.fixture(params=["csv", "json"])
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    if request.param == "csv":
        return written(tmp_path)
    path = tmp_path / "forum.json"
    path.write_text(json.dumps(POSTS), encoding="utf-8")
    return path


def test_discussions_become_questions_with_their_replies(path: Path) -> None:
    first, other = (record for record in drawn(path) if isinstance(record, IncomingQuestion))
    assert type(first) is IncomingQuestion
    assert (first.external_id, first.author) == ("10", "Иван")
    assert first.text == "Итоговый тест\nТест не сдаётся :("
    assert first.asked_at == datetime(2026, 10, 1, 7, 1, tzinfo=UTC)
    replied = datetime(2026, 10, 1, 12, 30)
    assert first.replies == (IncomingReply("Обновите страницу", "Ольга Ким", True, True, replied),)
    assert (other.text, other.replies) == ("Где <div>?", ())


def test_what_asks_nothing_is_passed_over(path: Path) -> None:
    skipped = [record for record in drawn(path) if isinstance(record, Skipped)]
    assert all(one.harmless for one in skipped)
    assert [one.reason for one in skipped] == [
        "a private reply",
        "a deleted post",
        "a mentor's message that answers no question",
        "a reply to a post that the file does not have",
    ]


def test_posts_that_reply_to_each_other_end(tmp_path: Path) -> None:
    path = tmp_path / "forum.json"
    path.write_text(json.dumps([post(1, 2, "а", "раз"), post(2, 1, "б", "два")]), encoding="utf-8")
    assert all(isinstance(record, Skipped) for record in drawn(path))


def test_a_forum_is_taken_once(app: Kbsearch, tmp_path: Path) -> None:
    options = Options(mentors=("51",))
    assert app.imports.run(written(tmp_path), options).taken == {"questions_new": 3}
    assert app.imports.run(written(tmp_path), options).taken == {"questions_known": 3}


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Раз</p><p>два<br>три</p>", "Раз\nдва\nтри"),
        ("<ul><li>а</li><li>б &lt;b&gt;</li></ul>", "- а\n- б <b>"),
        ("<p>код <code>x = 1</code></p><pre>if x:\n    y()</pre>", "код `x = 1`\n```\nif x:\n    y()\n```"),
        (
            '<a href="https://a.b/c">тут</a> и <a href="https://a.b/">https://a.b/</a>',
            "тут (https://a.b/c) и https://a.b/",
        ),
        ("<script>alert(1)</script><style>p{}</style>да", "да"),
        ("без разметки", "без разметки"),
        ("<p>не закрыт <b>тег", "не закрыт тег"),
        ("", ""),
    ],
)
def test_text_of_html(html: str, text: str) -> None:
    assert html_text(html) == text


@pytest.mark.parametrize(("text", "harmless"), [("Тест не сдаётся", True), ("Когда вернут деньги?", False)])
def test_a_post_with_the_number_of_an_earlier_one_is_told(tmp_path: Path, text: str, harmless: bool) -> None:
    path = tmp_path / "forum.json"
    rows = [post(10, 0, "Иван", "Тест не сдаётся", subject=""), post(10, 0, "Пётр", text, subject="")]
    path.write_text(json.dumps(rows, ensure_ascii=False), "utf-8")
    questions = [one for one in drawn(path) if isinstance(one, IncomingQuestion)]
    skipped = [one for one in drawn(path) if isinstance(one, Skipped)]
    assert [one.text for one in questions] == ["Тест не сдаётся"]
    assert [(one.reason, one.harmless) for one in skipped] == [
        ("a post with the number of an earlier one", harmless)
    ]

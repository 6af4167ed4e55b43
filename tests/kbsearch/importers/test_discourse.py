"""Topics of Discourse forums: each becomes a question with its replies."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, IncomingReply, Record, Skipped
from kbsearch.importers.sources import open_source, tell_format
from kbsearch.services.imports import ImportReport


def post(number: int, cooked: str, user: str = "ivan", **told: Any) -> dict[str, Any]:
    """A post with what a forum tells of it, ids from 500 on."""
    moment = f"2026-10-01T07:{number:02}:00.000Z"
    roles = {"moderator": False, "admin": False, "staff": False}
    raw = {"id": 500 + number, "post_number": number, "username": user, "user_id": sum(map(ord, user))}
    raw |= {"created_at": moment, "updated_at": moment, "cooked": cooked, "post_type": 1, **roles}
    return raw | {"reply_to_post_number": None, "accepted_answer": False, **told}


def topic(id: int, title: str, posts: Sequence[dict[str, Any]], missing: int = 0) -> dict[str, Any]:
    stream = [one["id"] for one in posts] + [9000 + at for at in range(missing)]
    told = {"post_stream": {"posts": list(posts), "stream": stream}, "id": id, "title": title}
    return told | {"posts_count": len(stream), "category_id": 4, "tags": ["git"]}


ASKED = post(1, "<p>Пишет <code>rejected</code>:</p><pre><code class='lang-bash'>git push\n</code></pre>")
QUOTING = post(
    2,
    '<aside class="quote no-group" data-username="ivan"><div class="title">ivan:</div><blockquote>'
    '<p>Пишет <a href="/x">что-то</a></p></blockquote></aside><p>Сначала <code>git pull</code>, '
    '<a class="mention" href="/u/ivan">@ivan</a></p>',
    "olga",
    staff=True,
)
TOPIC = topic(77, "Не отправляется коммит", [ASKED, QUOTING, post(3, "<p>Спасибо, помогло!</p>")])


def written(folder: Path, data: Any, name: str = "77.json") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(data if isinstance(data, str) else json.dumps(data, ensure_ascii=False), encoding="utf-8")
    return path


def packed(path: Path, files: dict[str, Any]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data if isinstance(data, str) else json.dumps(data))
    return path


def drawn(path: Path, **options: Any) -> list[Record]:
    return list(open_source(path, ImportOptions(**options)).records())


def reasons(report: ImportReport) -> dict[str, str]:
    return {row.place: row.reason.format(**row.details) for row in report.skipped}


def test_a_topic_becomes_a_question_with_its_replies(tmp_path: Path) -> None:
    [asked] = drawn(written(tmp_path, TOPIC), course="git")
    replied = datetime(2026, 10, 1, 7, 2, tzinfo=UTC)
    author = str(sum(map(ord, "olga")))
    assert asked == IncomingQuestion(
        text="Не отправляется коммит\nПишет `rejected`:\n```\ngit push\n```",
        source="discourse",
        external_id="77",
        author=str(sum(map(ord, "ivan"))),
        course="git",
        asked_at=datetime(2026, 10, 1, 7, 1, tzinfo=UTC),
        replies=(IncomingReply("Сначала `git pull`, @ivan", author, True, True, replied),),
        place="topic 77",
    )


def test_accepted_answers_and_named_people_answer_as_mentors_do(tmp_path: Path) -> None:
    posts = [
        post(1, "<p>Почему?</p>"),
        post(2, "<p>Раз</p>", "anna"),
        post(3, "<p>Два</p>", "petr", accepted_answer=True),
        post(4, "<p>Три</p>", "Ольга"),
        post(5, "<p>Четыре</p>", "boris", name="Борис Ким"),
    ]
    solved = topic(5, "Тест", posts) | {"accepted_answer": {"post_number": 2, "username": "anna"}}
    [asked] = drawn(written(tmp_path, solved), mentors=("@ольга", "борис ким"))
    assert isinstance(asked, IncomingQuestion)
    told = [(reply.text, reply.by_mentor, reply.accepted) for reply in asked.replies]
    assert told == [("Раз", True, True), ("Два", True, True), ("Три", True, False), ("Четыре", True, False)]


def test_what_asks_nothing_is_passed_over(tmp_path: Path) -> None:
    news = topic(1, "Вебинар", [post(1, "<p>в среду</p>", "olga", staff=True), post(2, "<p>Ура</p>")])
    posts = [
        post(1, "<p>Как?</p>"),
        post(2, "<p>закрыто</p>", "olga", post_type=3, action_code="closed.enabled"),
        post(3, "<p>плохое</p>", "x", hidden=True),
        post(4, '<aside class="quote"><blockquote>Как?</blockquote></aside>', "y"),
        post(5, "<p>я робот</p>", "discobot", user_id=-2),
    ]
    skipped = [
        one for one in drawn(written(tmp_path, [news, topic(2, "Вход", posts)])) if isinstance(one, Skipped)
    ]
    assert all(one.harmless for one in skipped)
    assert [(one.place, one.reason) for one in skipped] == [
        ("topic 1", "a mentor's message that answers no question"),
        ("post 502", "a service message"),
        ("post 503", "a deleted post"),
        ("post 504", "a message without text (picture, sticker, file)"),
        ("post 505", "a service message"),
    ]


def test_a_topic_of_staff_that_was_solved_is_a_question(tmp_path: Path) -> None:
    posts = [post(1, "<p>Как?</p>", "olga", staff=True), post(2, "<p>Так</p>", accepted_answer=True)]
    assert isinstance(drawn(written(tmp_path, topic(1, "Вход", posts)))[0], IncomingQuestion)


def test_a_picture_under_a_title_is_a_question(tmp_path: Path) -> None:
    [asked] = drawn(written(tmp_path, topic(1, "Что за ошибка?", [post(1, "<img src='/a.png'>")])))
    assert isinstance(asked, IncomingQuestion)
    assert asked.text.strip() == "Что за ошибка?"


def test_missing_posts_are_told_with_how_to_get_them(app: Kbsearch, tmp_path: Path) -> None:
    path = written(tmp_path, topic(77, "Не отправляется коммит", [ASKED, QUOTING], missing=21))
    report = app.imports.run(path, ImportOptions())
    assert report.taken == {"questions_new": 1}
    assert reasons(report) == {"topic 77": "21 of its posts are not in the file"}
    assert "print=true" in report.skipped[0].remedy
    with pytest.raises(InvalidInput, match="topic 77"):
        app.imports.run(path, ImportOptions(on_error="stop"))


@pytest.mark.parametrize("order", [("1.json", "2.json"), ("2.json", "1.json")])
def test_pages_of_a_topic_are_put_together(tmp_path: Path, order: tuple[str, str]) -> None:
    later = post(2, "<p>Сначала <b>fetch</b></p>", "olga", staff=True, updated_at="2026-10-02T00:00:00.000Z")
    first, second = (
        topic(77, "Коммит", [ASKED, QUOTING]),
        topic(77, "Коммит", [later, post(3, "<p>и ещё</p>")]),
    )
    for page in (first, second):
        page["post_stream"]["stream"] = [501, 502, 503]
    folder = tmp_path / "topics"
    written(folder, first, order[0])
    del second["title"]
    written(folder, second, order[1])
    [asked] = drawn(folder)
    assert isinstance(asked, IncomingQuestion)
    assert [reply.text for reply in asked.replies] == ["Сначала fetch", "и ещё"]


@pytest.mark.parametrize("inner", ["", "export/"])
def test_folders_and_archives_are_read_as_one_file_is(tmp_path: Path, inner: str) -> None:
    other = topic(8, "Где сертификат", [post(1, "<p>Где?</p>")])
    files = {f"{inner}77.json": TOPIC, f"{inner}8.json": other, f"{inner}latest.json": {"topic_list": {}}}
    for name, data in files.items():
        written(tmp_path / "folder", data, name)
    archive = packed(tmp_path / "forum.zip", files | {"__MACOSX/._8.json": "\0", f"{inner}a.png": "x"})
    array = written(tmp_path, [{"topic_list": {}}, TOPIC, other], "array.json")
    sources = [tmp_path / "folder", archive, array]
    assert {tell_format(source) for source in sources[:2]} == {"discourse"}
    found = [[one for one in drawn(source) if not isinstance(one, Skipped)] for source in sources]
    assert found[0] == found[1] == found[2]
    assert [one.place for one in found[0]] == ["topic 8", "topic 77"]
    [skipped] = [one for one in drawn(archive) if isinstance(one, Skipped)]
    assert (skipped.place, skipped.reason) == ("latest.json", "it is no topic of Discourse")


def test_a_later_export_adds_what_is_new(app: Kbsearch, tmp_path: Path) -> None:
    early = written(tmp_path, topic(77, "Не отправляется коммит", [ASKED]))
    assert app.imports.preview(early, ImportOptions()).counts == {"questions": 1}
    assert app.imports.run(early, ImportOptions()).taken == {"questions_new": 1}
    assert app.imports.run(early, ImportOptions()).taken == {"questions_known": 1}
    later = packed(
        tmp_path / "later.zip", {"a.json": TOPIC, "b.json": topic(78, "Другой", [post(1, "<p>Как?</p>")])}
    )
    assert app.imports.run(later, ImportOptions()).taken == {"questions_known": 1, "questions_new": 1}
    first = next(question for question in app.questions.latest() if question.external_id == "77")
    assert [(reply.text, reply.by_mentor) for reply in first.replies] == [
        ("Сначала `git pull`, [name]", True)
    ]
    assert (first.state, first.source) == ("answered", "discourse")
    assert "ivan" not in first.author_key


def test_broken_posts_and_files_cost_themselves_only(app: Kbsearch, tmp_path: Path) -> None:
    posts = [
        ASKED,
        "x",
        {"id": "7"},
        post(4, "<p>да</p>", created_at="вчера"),
        post(5, "<p>нет</p>", created_at=""),
    ]
    files = {
        "1.json": topic(77, "Коммит", posts[:1]) | {"post_stream": {"posts": posts, "stream": 7}},
        "2.json": '{"post_stream": {"posts": [',
        "3.json": {"post_stream": {"posts": []}},
        "4.json": topic(9, "Пустая", []),
        "5.json": topic(10, "Без начала", [post(2, "<p>ответ</p>")]),
    }
    report = app.imports.run(packed(tmp_path / "forum.zip", files), ImportOptions())
    assert report.taken == {"questions_new": 1}
    found = reasons(report)
    assert found.pop("2.json").startswith("it is not JSON")
    assert "вчера" in found.pop("post 504")
    assert found == {
        "1.json, post 2": "it is no post with an id and a number",
        "1.json, post 3": "it is no post with an id and a number",
        "3.json": "it is no topic with an id",
        "post 505": "the message has no date",
        "topic 9": "a topic without its first post",
    }
    assert report.harmless == {"a topic without its first post": 1}


def refused(app: Kbsearch, path: Path, words: str, **options: Any) -> None:
    with pytest.raises(InvalidInput, match=words) as caught:
        app.imports.run(path, ImportOptions(**options))
    assert path.name in caught.value.message
    assert caught.value.remedy
    assert app.questions.latest() == []


def test_archives_that_are_refused(app: Kbsearch, tmp_path: Path) -> None:
    refused(app, packed(tmp_path / "out.zip", {"../../77.json": TOPIC}), "lie outside of it: ../../77.json")
    refused(app, packed(tmp_path / "root.zip", {"/77.json": TOPIC}), "lie outside of it")
    refused(app, packed(tmp_path / "none.zip", {"a.json": [1], "b.txt": "x"}), "kind: ZIP")
    refused(app, packed(tmp_path / "said.zip", {"a.txt": "x"}), "no topic of Discourse", format="discourse")
    refused(
        app, packed(tmp_path / "bomb.zip", {"77.json": " " * 40_000_000}), "would unpack to 40 MB in 1 files"
    )
    whole = packed(tmp_path / "cut.zip", {"77.json": TOPIC}).read_bytes()
    (tmp_path / "cut.zip").write_bytes(whole[:-30])
    refused(app, tmp_path / "cut.zip", "no ZIP archive that can be read")
    marked = bytearray(packed(tmp_path / "locked.zip", {"77.json": TOPIC}).read_bytes())
    for sign, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        marked[marked.index(sign) + at] |= 1
    (tmp_path / "locked.zip").write_bytes(marked)
    refused(app, tmp_path / "locked.zip", "encrypted|password")


def test_other_json_is_no_topic(app: Kbsearch, tmp_path: Path) -> None:
    refused(app, written(tmp_path, {"a": [{"text": "x"}]}), "not a topic of Discourse", format="discourse")
    refused(app, written(tmp_path, json.dumps(TOPIC)[:-40]), "not whole JSON")

"""Exports of Slack: messages become questions with the replies they got."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from kbsearch.app import Kbsearch
from kbsearch.errors import InvalidInput
from kbsearch.importers.options import ImportOptions
from kbsearch.importers.records import IncomingQuestion, IncomingReply, Record, Skipped
from kbsearch.importers.slack_text import slack_text
from kbsearch.importers.sources import open_source, tell_format

NOON = 1_790_838_000
OLGA, IVAN, ANNA, BOT = "U0OLGA", "U0IVAN", "U0ANNA", "U0BOT"
USERS = [
    {
        "id": OLGA,
        "team_id": "T01",
        "name": "olga",
        "profile": {"real_name": "Ольга Ким", "display_name": "ok"},
    },
    {"id": IVAN, "team_id": "T01", "name": "ivan", "real_name": "Иван"},
    {"id": ANNA, "team_id": "T01", "name": "anna"},
    {"id": BOT, "team_id": "T01", "name": "robot", "is_bot": True},
    "broken",
]
CHANNELS = [{"id": "C01", "name": "git", "members": [OLGA]}, {"id": "C02", "name": "python"}]


def said(minute: float, user: str, text: str, **told: Any) -> dict[str, Any]:
    ts = f"{NOON + minute * 60:.0f}.000100"
    return {"type": "message", "user": user, "text": text, "ts": ts, "team": "T01"} | told


def ts(minute: float) -> str:
    return f"{NOON + minute * 60:.0f}.000100"


TALK = [
    said(0, IVAN, "Почему git пишет rejected?", thread_ts=ts(0), reply_count=3),
    said(1, IVAN, "вот лог: ```git push```"),
    said(20, ANNA, "Где смотреть оценки за тест?"),
    said(30, OLGA, "Сначала &lt;pull&gt;, <@U0IVAN>: <https://a.example/x|правила>", thread_ts=ts(0)),
    said(31, ANNA, "и у меня так", thread_ts=ts(0)),
    said(40, IVAN, "Спасибо, помогло!", thread_ts=ts(0)),
    said(41, BOT, "напоминание"),
    said(42, ANNA, "<@U0ANNA> has joined the channel", subtype="channel_join"),
]
EXPORT = {
    "users.json": USERS,
    "channels.json": CHANNELS,
    "integration_logs.json": [],
    "git/2026-10-01.json": TALK,
    "python/2026-10-01.json": [said(5, ANNA, "Как установить питон на Windows?")],
}


def packed(path: Path, files: dict[str, Any], top: str = "") -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(top + name, data if isinstance(data, str) else json.dumps(data))
    return path


def unpacked(folder: Path, files: dict[str, Any]) -> Path:
    for name, data in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(data if isinstance(data, str) else json.dumps(data), encoding="utf-8")
    return folder


def drawn(path: Path, **options: Any) -> list[Record]:
    return list(open_source(path, ImportOptions(**options)).records())


def questions(path: Path, **options: Any) -> list[IncomingQuestion]:
    return [one for one in drawn(path, **options) if isinstance(one, IncomingQuestion)]


def test_threads_become_questions_with_their_replies(tmp_path: Path) -> None:
    first, other, third = questions(packed(tmp_path / "slack.zip", EXPORT), mentors=("ольга ким",))
    assert first == IncomingQuestion(
        text="Почему git пишет rejected?\nвот лог: \n```\ngit push\n```",
        source="slack:T01",
        external_id=f"C01:{ts(0)}",
        author=IVAN,
        course="git",
        asked_at=datetime.fromtimestamp(NOON + 0.0001, UTC),
        replies=(
            IncomingReply(
                "Сначала <pull>, [name]: правила (https://a.example/x)",
                OLGA,
                by_mentor=True,
                accepted=False,
                replied_at=datetime.fromtimestamp(NOON + 1800.0001, UTC),
            ),
            IncomingReply(
                "и у меня так", ANNA, accepted=True, replied_at=datetime.fromtimestamp(NOON + 1860.0001, UTC)
            ),
        ),
        place="git/2026-10-01.json, entry 1",
    )
    assert (other.text, other.external_id) == ("Где смотреть оценки за тест?", f"C01:{ts(20)}")
    assert (third.course, third.external_id) == ("python", f"C02:{ts(5)}")


def test_what_people_did_not_write_is_passed_over(tmp_path: Path) -> None:
    more = [
        said(1, IVAN, "Как сдать?"),
        said(50, IVAN, "задача", subtype="channel_topic"),
        said(51, "", "сборка", subtype="bot_message", bot_id="B1"),
        said(52, "USLACKBOT", "This message was deleted.", subtype="tombstone"),
        said(53, IVAN, "", files=[{"id": "F1"}]),
        said(54, IVAN, ":+1: :tada:"),
        said(55, ANNA, "ответ", thread_ts=ts(-900)),
    ]
    skipped = [
        one
        for one in drawn(unpacked(tmp_path / "s", {"git/2026-10-01.json": more}))
        if isinstance(one, Skipped)
    ]
    assert all(one.harmless for one in skipped)
    assert sorted(one.reason for one in skipped) == [
        "a deleted post",
        "a message of a bot",
        "a message without text (picture, sticker, file)",
        "a message without text (picture, sticker, file)",
        "a reply to a post that the file does not have",
        "a service message",
    ]


def test_below_an_announcement_people_talk_as_in_a_topic(tmp_path: Path) -> None:
    talk = [
        said(0, OLGA, "Вопросы по уроку задавайте в треде", thread_ts=ts(0)),
        said(60, IVAN, "Как открыть задание?", thread_ts=ts(0)),
        said(65, OLGA, "В меню слева", thread_ts=ts(0)),
        said(90, ANNA, "А где запись вебинара?", thread_ts=ts(0)),
    ]
    found = questions(
        unpacked(tmp_path / "s", {"users.json": USERS, "git/2026-10-01.json": talk}), mentors=("olga",)
    )
    assert [(one.text, [reply.text for reply in one.replies]) for one in found] == [
        ("Как открыть задание?", ["В меню слева"]),
        ("А где запись вебинара?", []),
    ]


def test_admins_of_the_workspace_are_staff(tmp_path: Path) -> None:
    users = [USERS[0] | {"is_owner": True}]  # type: ignore[operator]
    first = questions(packed(tmp_path / "s.zip", EXPORT | {"users.json": users}))[0]
    assert [reply.by_mentor for reply in first.replies] == [True, False]


def test_people_that_no_list_has_are_known_by_their_profile(tmp_path: Path) -> None:
    talk = [
        said(0, IVAN, "Почему git пишет rejected?", thread_ts=ts(0)),
        said(9, "U0NEW", "Сделайте pull", thread_ts=ts(0), user_profile={"real_name": "Пётр Ли"}),
    ]
    [first] = questions(unpacked(tmp_path / "s", {"git/2026-10-01.json": talk}), mentors=("Пётр Ли",))
    assert first.replies[0].by_mentor


@pytest.mark.parametrize("top", ["", "Школа Slack export Oct 1 2026/"])
def test_an_archive_and_its_folder_are_the_same(tmp_path: Path, top: str) -> None:
    archive = packed(tmp_path / "export.zip", EXPORT, top)
    folder = unpacked(tmp_path / "export", EXPORT)
    assert tell_format(archive) == tell_format(folder) == "slack"
    assert drawn(archive) == drawn(folder)


def test_the_folder_of_one_channel_can_be_imported(tmp_path: Path) -> None:
    folder = unpacked(tmp_path / "export", EXPORT)
    assert [one.external_id for one in questions(folder / "git")] == [f"C01:{ts(0)}", f"C01:{ts(20)}"]
    assert {one.source for one in questions(folder / "git")} == {"slack:T01"}
    alone = packed(tmp_path / "alone.zip", {"git/2026-10-01.json": TALK})
    assert questions(alone)[0].external_id == f"git:{ts(0)}"
    bare = packed(tmp_path / "upload.zip", {"2026-10-01.json": TALK})
    assert questions(bare, file_name="git")[0].external_id == f"git:{ts(0)}"


@pytest.mark.parametrize("name", ["python", "#python", " Python", "C02", "c02"])
def test_a_channel_is_chosen_by_its_name_or_id(app: Kbsearch, tmp_path: Path, name: str) -> None:
    path = packed(tmp_path / "export.zip", EXPORT)
    options = ImportOptions(channels=(name,))
    preview = app.imports.preview(path, options)
    assert (preview.counts, preview.channels) == ({"questions": 1}, ("git", "python"))
    report = app.imports.run(path, options)
    assert report.taken == {"questions_new": 1}
    assert report.harmless["a channel that was not chosen"] == 1
    both = ImportOptions(channels=("git", name))
    assert app.imports.run(path, both).taken == {"questions_known": 1, "questions_new": 2}
    assert app.imports.run(path, ImportOptions()).taken == {"questions_known": 3}


def test_a_channel_that_is_not_there_is_told_with_those_that_are(app: Kbsearch, tmp_path: Path) -> None:
    path = packed(tmp_path / "export.zip", EXPORT)
    with pytest.raises(InvalidInput, match=r"export\.zip has no channel 'pyton'") as caught:
        app.imports.run(path, ImportOptions(channels=("git", "pyton")))
    assert caught.value.remedy == "Choose among: git, python."
    many = {f"{name}/2026-10-01.json": TALK for name in ("python", *(f"channel-{at}" for at in range(90)))}
    path = packed(tmp_path / "many.zip", many)
    with pytest.raises(InvalidInput, match="no channel 'pyton'") as caught:
        app.imports.preview(path, ImportOptions(channels=("pyton",)))
    assert caught.value.remedy.startswith("Choose among: python, ")
    assert caught.value.remedy.count(",") == 29
    assert app.questions.count() == 0


def test_what_is_no_export_of_slack_has_no_channels(app: Kbsearch, tmp_path: Path) -> None:
    path = tmp_path / "q.csv"
    path.write_text("id,text\n1,Как?\n", "utf-8")
    with pytest.raises(InvalidInput, match="no export of Slack: there are no channels"):
        app.imports.run(path, ImportOptions(channels=("git",)))


def test_a_later_export_adds_what_is_new(app: Kbsearch, tmp_path: Path) -> None:
    early = packed(tmp_path / "october.zip", EXPORT | {"git/2026-10-01.json": TALK[:3]})
    assert app.imports.preview(early, ImportOptions()).counts == {"questions": 3}
    assert app.imports.run(early, ImportOptions()).taken == {"questions_new": 3}
    assert app.imports.run(early, ImportOptions()).taken == {"questions_known": 3}
    later = EXPORT | {"git/2026-10-02.json": [said(1500, ANNA, "Как сменить ветку?")]}
    options = ImportOptions(mentors=("@olga",))
    assert app.imports.run(packed(tmp_path / "november.zip", later), options).taken == {
        "questions_known": 3,
        "questions_new": 1,
    }
    first = next(one for one in app.questions.latest() if one.external_id == f"C01:{ts(0)}")
    assert (len(first.replies), first.state) == (2, "answered")
    assert IVAN not in first.author_key


def test_personal_data_is_masked(app: Kbsearch, tmp_path: Path) -> None:
    text = "Я <@U0IVAN>, пишите <mailto:i@mail.example|i@mail.example>, <tel:+79161234567|+7 916 123-45-67>"
    path = unpacked(tmp_path / "s", {"git/2026-10-01.json": [said(0, IVAN, f"{text}. Как сдать?")]})
    report = app.imports.run(path, ImportOptions())
    assert report.masked == {"email": 1, "phone": 1}
    assert app.questions.latest()[0].text == "Я [name], пишите [email], [phone]. Как сдать?"


def test_broken_messages_and_files_cost_themselves_only(app: Kbsearch, tmp_path: Path) -> None:
    files = EXPORT | {
        "users.json": '[{"id": "U0',
        "channels.json": {"id": 1},
        "git/2026-10-02.json": '[{"type": "mess',
        "git/2026-10-03.json": {"messages": []},
        "git/2026-10-04.json": [1, said(0, IVAN, "Как?", ts="вчера"), said(0, IVAN, "Где?", ts=None)],
        "git/2026-10-05.json": "[" * 100_000,
    }
    report = app.imports.run(packed(tmp_path / "s.zip", files), ImportOptions())
    assert report.taken == {"questions_new": 4}  # without its list of users nothing tells the bot
    found = {row.place: row.reason.format(**row.details) for row in report.skipped}
    assert "вчера" in found.pop("git/2026-10-04.json, entry 2")
    assert found.pop("users.json").startswith("it is not JSON")
    assert found.pop("git/2026-10-02.json").startswith("it is not JSON")
    assert found == {
        "git/2026-10-03.json": "it is no list of messages",
        "git/2026-10-04.json, entry 1": "it is no message",
        "git/2026-10-04.json, entry 3": "the message has no date",
        "git/2026-10-05.json": "it is nested too deeply",
    }


def test_an_export_without_messages_is_told(app: Kbsearch, tmp_path: Path) -> None:
    path = packed(tmp_path / "s.zip", {"users.json": USERS, "channels.json": CHANNELS})
    with pytest.raises(InvalidInput, match="holds no messages of Slack") as caught:
        app.imports.run(path, ImportOptions(format="slack"))
    assert caught.value.remedy
    with pytest.raises(InvalidInput, match="kind: ZIP"):
        app.imports.run(path, ImportOptions())


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("a &lt;b&gt; &amp;amp; c", "a <b> &amp; c"),
        ("<https://a.example>", "https://a.example"),
        ("<https://a.example/|a.example>", "https://a.example/"),
        ("<https://a.example/x|сюда> и <#C01> и <#C09|общий>", "сюда (https://a.example/x) и #git и #общий"),
        ("<!here> когда <!date^1392734382^{date}|18 февраля>?", "когда 18 февраля?"),
        ("<!subteam^S1|@mentors> помогите", "помогите"),
        ("<@U0IVAN|ivan> см. `a :+1: b` :+1:", "[name] см. `a :+1: b`"),
        ("```if a &lt; b:\n    c```", "```\nif a < b:\n    c\n```"),
        ("в 12:30:45 <не ссылка", "в 12:30:45 <не ссылка"),
        ("", ""),
    ],
)
def test_text_of_slack(text: str, plain: str) -> None:
    assert slack_text(text, {"C01": "git"}) == plain

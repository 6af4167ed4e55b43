"""The form below the preview of an import: what a person chose there is obeyed, looked at again or not."""

from __future__ import annotations

import io
import json
import zipfile
from html.parser import HTMLParser
from typing import Any

import pytest
from flask.testing import FlaskClient

from kbsearch.app import Kbsearch


class Form(HTMLParser):
    """The fields that a browser without scripts would send with the form ``take``."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.fields: dict[str, list[str]] = {}
        self.action = ""
        self._inside = False
        self._select = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a field of the form as it stands."""
        told = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._inside = told.get("id") == "take"
            self.action = told["action"] if self._inside else self.action
        of_it = told.get("form", "take" if self._inside else "") == "take"
        if tag == "select":
            self._select = told["name"] if of_it else ""
        elif tag == "option" and self._select and ("selected" in told or self._select not in self.fields):
            self.fields[self._select] = [told["value"]]
        elif tag == "input" and of_it and (told.get("type") != "checkbox" or "checked" in told):
            self.fields.setdefault(told["name"], []).append(told["value"])

    def handle_endtag(self, tag: str) -> None:
        """Leave the form or the list."""
        self._inside = self._inside and tag != "form"
        self._select = "" if tag == "select" else self._select


def uploaded(client: FlaskClient, content: bytes, name: str, **chosen: str) -> tuple[str, Form]:
    """Upload a file; where its preview is, and the form there."""
    here = client.post("/import", data={"file": (io.BytesIO(content), name)} | chosen).location
    return here, Form(client.get(here).text)


def parameters(client: FlaskClient, school: Kbsearch, form: Form, **chosen: Any) -> dict[str, Any]:
    """What the job is told when the form is sent with ``chosen`` fields."""
    job = client.post(form.action, data=form.fields | chosen).location
    return school.jobs.get(int(job.rpartition("/")[2])).parameters


def looked(client: FlaskClient, form: Form, **chosen: Any) -> tuple[str, Form]:
    """The page after *Look again*, and its form."""
    page = client.post(form.action, data=form.fields | chosen | {"look": "1"}, follow_redirects=True)
    assert page.status_code == 200
    return page.text, Form(page.text)


def workspace(*channels: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for number, channel in enumerate(channels):
            said = {"type": "message", "user": "U1", "text": f"Где взять {channel}?"}
            day = json.dumps([said | {"ts": f"179083800{number}.0"}])
            archive.writestr(f"{channel}/2026-10-01.json", day)
    return content.getvalue()


def test_channels_that_are_ticked_are_taken_without_looking_again(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    _, form = uploaded(methodologist, workspace("git", "noty", "rust"), "Школа.zip", mentors="Ольга, U7")
    assert "channel" not in form.fields, "nothing is ticked at first: all are taken"
    told = parameters(methodologist, school, form, channel=["noty", "rust"])
    assert (told["channels"], told["mentors"], told["file_name"]) == (
        ["noty", "rust"],
        ["Ольга", "U7"],
        "Школа",
    )


def test_looking_again_keeps_what_was_chosen(methodologist: FlaskClient, school: Kbsearch) -> None:
    _, form = uploaded(methodologist, workspace("git", "noty", "rust"), "Школа.zip", mentors="Ольга, U7")
    page, form = looked(methodologist, form, channel=["noty"], on_error="stop")
    assert "Где взять noty?" in page
    assert "Где взять git?" not in page
    assert (form.fields["channel"], form.fields["on_error"]) == (["noty"], ["stop"])
    told = parameters(methodologist, school, form)
    assert (told["channels"], told["on_error"], told["mentors"]) == (["noty"], "stop", ["Ольга", "U7"])
    page, form = looked(methodologist, form, channel=[])
    assert "Где взять git?" in page
    assert "channel" not in form.fields


TABLE = "Кто;Что;Когда\nПётр;как открыть файл;2026-10-01\nАнна;где смотреть оценки;2026-10-02\n".encode()


def test_columns_that_are_chosen_are_read_without_looking_again(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    content = TABLE.decode().replace("Что", "Вопрос").encode("cp1251")
    here, form = uploaded(methodologist, content, "чат.csv")
    assert (form.fields["map-text"], form.fields["map-asked_at"]) == (["Вопрос"], ["Когда"])
    told = parameters(methodologist, school, form, **{"map-asked_at": "", "map-lesson": "Кто"})
    assert (told["mapping"]["text"], told["mapping"]["asked_at"], told["mapping"]["lesson"]) == (
        "Вопрос",
        "",
        "Кто",
    )
    form = Form(methodologist.get(f"{here}&encoding=cp1251").text)
    assert looked(methodologist, form)[1].fields["encoding"] == ["cp1251"], "it was lost"


@pytest.mark.parametrize("look", [False, True])
def test_a_table_without_names_of_columns_stays_one(
    methodologist: FlaskClient, school: Kbsearch, look: bool
) -> None:
    rows = TABLE.partition(b"\n")[2]
    _, form = uploaded(methodologist, rows, "чат.csv")
    chosen: dict[str, Any] = {"map-text": "как открыть файл", "headless": "1"}
    if look:
        page, form = looked(methodologist, form, **chosen)
        assert "Headers: none" in page
        page, form = looked(methodologist, form, **{"map-author": "1"})
        assert "Headers: none" in page
        chosen = {}
    told = parameters(methodologist, school, form, **chosen)
    assert told["mapping"]["text"] == "2"
    assert told["mapping"]["author"] == ("1" if look else "")

"""The lexicon's page: methodologists keep it, and try it on a question."""

from __future__ import annotations

import html
import re

from flask.testing import FlaskClient

from kbsearch.app import Kbsearch


def test_methodologists_keep_it_mentors_do_not(mentor: FlaskClient, methodologist: FlaskClient) -> None:
    assert mentor.get("/lexicon").status_code == 403
    page = methodologist.get("/lexicon").text
    assert "аккаунт" in page
    assert 'href="/lexicon"' in page


def test_it_is_read_page_by_page(methodologist: FlaskClient, school: Kbsearch) -> None:
    address, seen = "/lexicon", []
    while address:
        page = methodologist.get(address).text
        assert len(page.encode()) < 60_000
        seen += re.findall(r"<li data-row>.*?<strong>(.*?)</strong>", page, re.DOTALL)
        more = re.search(r'rel="next" href="([^"]+)"', page)
        address = html.unescape(more[1]) if more else ""
    assert seen == [html.escape(row.said) for row in school.lexicon.rows()]
    assert 'rel="prev"' in page


def test_an_entry_is_added_renamed_and_deleted_with_undo(
    methodologist: FlaskClient, school: Kbsearch
) -> None:
    added = methodologist.post(
        "/lexicon", data={"said": "Хвост", "means": "пересдача"}, follow_redirects=True
    )
    assert "“хвост” is understood as “пересдача”" in added.text
    methodologist.post("/lexicon", data={"said": "долги", "means": "пересдача", "before": "хвост"})
    assert [row.said for row in school.lexicon.rows("пересдача")] == ["долги"]
    assert school.lexicon.get("долги").changed_by
    gone = methodologist.post("/lexicon/remove", data={"said": "долги"}, follow_redirects=True).text
    assert "is deleted" in gone
    assert "Undo" in gone
    assert school.lexicon.rows("пересдача") == []


def undone(client: FlaskClient, page: str) -> str:
    form = re.search(r'<form[^>]*action="([^"]+)"(?:(?!</form>).)*Undo', page, re.DOTALL)
    assert form
    fields = re.findall(r'name="([^"]+)" value="([^"]*)"', form[0])
    data = {name: html.unescape(value) for name, value in fields}
    return client.post(form[1], data=data, follow_redirects=True).text


def test_a_saying_that_is_known_is_told_and_comes_back(methodologist: FlaskClient, school: Kbsearch) -> None:
    def saved(**fields: str) -> str:
        return methodologist.post("/lexicon", data=fields, follow_redirects=True).text

    added = saved(said="хвост", means="пересдача")
    assert "Until now" not in added
    changed = saved(said="хвосты", means="долг")
    assert "Until now it was “пересдача”." in changed
    undone(methodologist, changed)
    assert school.lexicon.get("хвост").means == "пересдача"
    renamed = saved(said="долги", means="пересдача", before="хвост")
    undone(methodologist, renamed)
    assert [row.said for row in school.lexicon.rows("пересдача")] == ["хвост"]
    undone(methodologist, saved(said="допса", means="пересдача"))
    assert [row.said for row in school.lexicon.rows("пересдача")] == ["хвост"]


def test_everyday_words_are_saved_after_a_question(methodologist: FlaskClient, school: Kbsearch) -> None:
    def posted(address: str, **fields: str) -> str:
        return methodologist.post(address, data=fields, follow_redirects=True).text

    asked = posted("/lexicon", said="как", means="способ")
    assert "nearly every question would be understood anew" in asked
    assert 'value="способ"' in asked
    assert "Add an entry" in asked
    assert school.lexicon.rows("способ") == []
    assert "is understood as" in posted("/lexicon", said="как", means="способ", sure="1")
    undone(methodologist, posted("/lexicon/remove", said="как"))
    assert school.lexicon.get("как").means == "способ"
    typo = posted("/lexicon", said="долги", means="!", before="как")
    assert 'name="before" value="как"' in typo


def test_what_came_is_switched_off_and_back(methodologist: FlaskClient, school: Kbsearch) -> None:
    methodologist.post("/lexicon/remove", data={"said": "препод"})
    assert "switched off" in methodologist.get("/lexicon?q=препод").text
    methodologist.post("/lexicon/bring-back", data={"said": "препод"})
    assert school.lexicon.get("препод").origin == "shipped"


def test_a_mistake_is_told_and_what_was_typed_stays(methodologist: FlaskClient) -> None:
    page = methodologist.post("/lexicon", data={"said": "хвост", "means": "!"}, follow_redirects=True).text
    assert "from 1 to 300 characters" in page
    assert 'value="хвост"' in page


def test_a_question_is_understood_step_by_step(methodologist: FlaskClient) -> None:
    page = methodologist.get("/lexicon?try=Привет! rfr cltkfnm ljvfire").text
    assert "Greetings left out" in page
    assert "Keyboard layout turned" in page
    assert "домашку → домашнее задание" in page
    block = methodologist.get(
        "/lexicon?try=как отменить", headers={"HX-Request": "true", "HX-Target": "understood"}
    ).text
    assert "as it stands" in block
    assert "<html" not in block


def test_each_button_of_the_list_tells_what_it_is_for(methodologist: FlaskClient) -> None:
    page = methodologist.get("/lexicon").get_data(as_text=True)
    buttons = re.findall(r"<button[^>]*name=\"said\"[^>]*>(.*?)</button>", page, re.DOTALL)
    names = [re.sub(r"<[^>]+>", "", button) for button in buttons]
    assert len(names) > 10
    assert len(set(names)) == len(names)

"""Every text has a translation; no template speaks without the catalogue; Markdown becomes safe and flat."""

from __future__ import annotations

import os
import re
from pathlib import Path
from string import Formatter

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from kbsearch.app import Kbsearch
from kbsearch.ports import Highlight
from web import create_app
from web.ui import import_words, markdown, words
from web.ui.catalogue import FOLDER
from web.ui.charts import sparkline
from web.ui.diff import compare, pieces
from web.ui.marking import excerpt, mark_words, marked

ROOT = Path(__file__).parents[3]
TEMPLATES = sorted((ROOT / "web" / "templates").rglob("*.html"))
BRANDS = {"kbsearch", "Markdown", "Telegram", "Enter", "Ctrl", "Русский", "English"}


@pytest.fixture(scope="module")
def russian() -> Catalog:
    with (FOLDER / "ru" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale="ru")


@pytest.fixture(scope="module")
def wanted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """All texts of the code, extracted now."""
    target = tmp_path_factory.mktemp("catalogue") / "messages.pot"
    here = Path.cwd()
    os.chdir(ROOT)
    try:
        CommandLineInterface().run(["pybabel", "-q", "extract", "-F", "babel.cfg", "-o", str(target), "."])
    finally:
        os.chdir(here)
    with target.open("rb") as source:
        return read_po(source)


def test_every_text_is_translated(wanted: Catalog, russian: Catalog) -> None:
    missing = [message.id for message in wanted if message.id and not complete(russian, message.id)]
    assert missing == []


def complete(catalogue: Catalog, id: str | tuple[str, ...] | list[str]) -> bool:
    message = catalogue.get(id[0] if not isinstance(id, str) else id)
    if message is None or message.fuzzy:
        return False
    texts = message.string if isinstance(message.string, (tuple, list)) else [message.string]
    return len(texts) in {1, 3} and all(texts)


def test_translations_fill_the_same_places(russian: Catalog) -> None:
    for message in russian:
        one = message.id if isinstance(message.id, str) else message.id[-1]
        for text in [message.string] if isinstance(message.string, str) else message.string:
            assert places(text) <= places(one), one


def places(text: str) -> set[str]:
    if "%(" in text:
        return set(re.findall(r"%\((\w+)\)", text))
    try:
        return {name for _, name, _, _ in Formatter().parse(text) if name}
    except ValueError:
        return set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_speak_through_the_catalogue(path: Path) -> None:
    text = re.sub(r"{#.*?#}|{%.*?%}|{{.*?}}", " ", path.read_text("utf-8"), flags=re.DOTALL)
    visible = re.sub(r"<(title|kbd|code)[^>]*>.*?</\1>|<[^>]*>", " ", text, flags=re.DOTALL)
    attributes = " ".join(re.findall(r'(?:placeholder|aria-label|title|alt)="([^"{]*)"', text))
    spoken = set(re.findall(r"[A-Za-zА-Яа-яЁё]{3,}", f"{visible} {attributes}")) - BRANDS
    assert spoken == set()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_inline_code(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"\sstyle=|\son[a-z]+=|javascript:|hx-on", text)
    assert not re.search(r"<script(?![^>]*src=)", text)
    forms = re.findall(r"<form[^>]*method=\"post\".*?</form>", text, re.DOTALL)
    assert all("csrf()" in form for form in forms)


def test_answers_become_safe_html() -> None:
    html = markdown.to_html("**b** <script>x</script> [l](javascript:alert(1)) [ok](https://a.example)")
    assert "<strong>b</strong>" in html
    assert "<script" not in html
    assert 'href="javascript' not in html
    assert 'rel="noopener' in html


def test_answers_become_messages_and_plain_text() -> None:
    steps = "1. Откройте `cmd`\n2. **Введите** [это](https://a.example)"
    answer = f"## Шаги\n\n{steps}\n\n```bash\ngit push\n```\n\nВсё."
    assert markdown.to_telegram(answer) == (
        "**Шаги**\n\n1. Откройте `cmd`\n2. **Введите** это (https://a.example)\n\n```\ngit push\n```\n\nВсё."
    )
    assert markdown.to_text(answer) == (
        "Шаги\n\n1. Откройте cmd\n2. Введите это (https://a.example)\n\ngit push\n\nВсё."
    )
    assert (
        markdown.to_text("* раз\n  * два\n\n| a | b |\n|---|---|\n| 1 | 2 |")
        == "• раз\n  • два\n\na | b\n1 | 2"
    )


@given(st.text(max_size=200))
def test_any_text_can_be_shown(text: str) -> None:
    assert "<script" not in markdown.to_html(text).lower()
    markdown.to_telegram(text)
    markdown.to_text(text)


@given(st.text(max_size=120), st.text(max_size=120))
def test_a_diff_leads_from_the_old_text_to_the_new(old: str, new: str) -> None:
    steps = pieces(old, new)
    assert "".join(text for sign, text in steps if sign in "=-") == old
    assert "".join(text for sign, text in steps if sign in "=+") == new


def test_only_fields_that_differ_are_compared() -> None:
    before = {"title": "a", "variants": ["x"], "state": "draft"}
    after = {"title": "a", "variants": ["x", "y"], "state": "published"}
    assert [change.field for change in compare(before, after)] == ["state", "variants"]


def test_highlights_escape_what_students_wrote() -> None:
    shown = marked(Highlight("title", "<b>git</b> push", ((3, 6),)))
    assert shown == "&lt;b&gt;<mark>git</mark>&lt;/b&gt; push"
    assert mark_words("f(*args, **kwargs) `x`", "kwargs") == "f(*args, **<mark>kwargs</mark>) `x`"
    answer = Highlight("answer", "## Да\n**git** `push`", ((8, 11),))
    assert excerpt(answer) == "Да\n<mark>git</mark> push"


def test_words_that_were_asked_for_are_marked_in_answers() -> None:
    answer = "Для **коммита** <b> есть `git commit` и [коммиты](https://a.example/коммит)\n\n```\ncommit\n```"
    html = markdown.to_html(answer, "для, коммит, commit")
    assert "Для <strong><mark>коммита</mark></strong> &lt;b&gt;" in html
    assert "<code>git <mark>commit</mark></code>" in html
    assert ">" + "<mark>коммиты</mark></a>" in html
    assert html.count("<mark>") == 3


@given(st.lists(st.integers(0, 10_000), max_size=20))
def test_sparklines_stay_in_their_box(values: list[int]) -> None:
    for pair in sparkline(values).points.split():
        x, y = map(float, pair.split(","))
        assert 0 <= x <= 100
        assert 0 <= y <= 28


def test_where_a_record_stands_reads_well_in_any_language(app: Kbsearch) -> None:
    with create_app(app, testing=True).test_request_context(headers={"Accept-Language": "ru"}):
        assert import_words.place("line 7") == "строка 7"
        assert import_words.place("message 12") == "сообщение 12"
        assert import_words.place("cases/git.md") == "cases/git.md"
        assert import_words.place("git/2026-10-01.json, entry 3") == "git/2026-10-01.json, запись 3"
        assert import_words.place("the rest") == "остаток файла"
        assert words.sentence("there is no text", {}) == "Нет текста."
        assert words.sentence("The date '{value}' is not understood.", {"value": "?"}).endswith("непонятна.")
        assert words.day("2026-11-19T21:30+00:00").startswith("20 ")


def test_a_tiny_probability_is_not_called_none(app: Kbsearch) -> None:
    with create_app(app, testing=True).test_request_context(headers={"Accept-Language": "en"}):
        assert (words.percent(0.004), words.percent(0.01), words.percent(0.84)) == ("< 1%", "1%", "84%")
